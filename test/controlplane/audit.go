package controlplane

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
)

// auditPolicy logs, of every request, who did what and how it was decided, without its content.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
`

// EKSAuditPolicy is that of EKS for the map (EKS Best Practices Guide, "Auditing and logging"): what updates, patches and
// deletes send and get is logged whole, and of everything else only that it was.
const EKSAuditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: RequestResponse
  namespaces: [kube-system]
  verbs: [update, patch, delete]
  resources: [{group: "", resources: [configmaps], resourceNames: [aws-auth]}]
- level: Metadata
`

// AuditEvent is what the tests use of an event of audit.k8s.io/v1.
type AuditEvent struct {
	AuditID string `json:"auditID"`
	Stage   string `json:"stage"`
	Verb    string `json:"verb"`
	URI     string `json:"requestURI"`
	User    struct {
		Username string `json:"username"`
	} `json:"user"`
	// ImpersonatedUser is whom User acted as; nil when nobody.
	ImpersonatedUser *struct {
		Username string              `json:"username"`
		Groups   []string            `json:"groups"`
		Extra    map[string][]string `json:"extra"`
	} `json:"impersonatedUser"`
	Object struct {
		Resource  string `json:"resource"`
		Namespace string `json:"namespace"`
		Name      string `json:"name"`
	} `json:"objectRef"`
	Response struct {
		Code int `json:"code"`
	} `json:"responseStatus"`
	// Annotations are those of admission plug-ins and webhooks; a webhook's are prefixed by its name.
	Annotations map[string]string `json:"annotations"`
}

// AuditEvents reads the events logged so far, oldest first. The API server logs a request after it has answered
// it, so a test must wait for the event it looks for. A last line that is still being written is left out.
func (c *ControlPlane) AuditEvents() ([]AuditEvent, error) {
	text, err := os.ReadFile(c.AuditLogPath)
	if err != nil {
		return nil, fmt.Errorf("reading the audit log: %w", err)
	}
	var events []AuditEvent
	for line := range bytes.Lines(text) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break
		}
		var event AuditEvent
		if err := json.Unmarshal(line, &event); err != nil {
			return nil, fmt.Errorf("reading line %d of the audit log: %w", len(events)+1, err)
		}
		events = append(events, event)
	}
	return events, nil
}
