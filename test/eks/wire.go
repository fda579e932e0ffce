package eks

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// The services.
const (
	serviceEKS = "eks"
	serviceIAM = "iam"
	serviceSTS = "sts"
)

// maxBody is how many bytes of a body are read.
const maxBody = 1 << 20

// route is a call of EKS: {} in the path stands for a label.
type route struct {
	method, path, operation string
	// query are the parameters that it takes.
	query []string
	// body is set where it takes one.
	body bool
}

var routes = []route{
	{"GET", "/clusters/{}", "DescribeCluster", nil, false},
	{"POST", "/clusters/{}/update-config", "UpdateClusterConfig", nil, true},
	{"GET", "/clusters/{}/updates/{}", "DescribeUpdate", []string{"nodegroupName", "addonName", "capabilityName"}, false},
	{"GET", "/clusters/{}/access-entries", "ListAccessEntries", []string{"associatedPolicyArn", "maxResults", "nextToken"}, false},
	{"POST", "/clusters/{}/access-entries", "CreateAccessEntry", nil, true},
	{"GET", "/clusters/{}/access-entries/{}", "DescribeAccessEntry", nil, false},
	{"POST", "/clusters/{}/access-entries/{}", "UpdateAccessEntry", nil, true},
	{"DELETE", "/clusters/{}/access-entries/{}", "DeleteAccessEntry", nil, false},
	{"GET", "/clusters/{}/access-entries/{}/access-policies", "ListAssociatedAccessPolicies", []string{"maxResults", "nextToken"}, false},
	{"POST", "/clusters/{}/access-entries/{}/access-policies", "AssociateAccessPolicy", nil, true},
	{"DELETE", "/clusters/{}/access-entries/{}/access-policies/{}", "DisassociateAccessPolicy", nil, false},
	{"GET", "/access-policies", "ListAccessPolicies", []string{"maxResults", "nextToken"}, false},
}

// match gives the labels where the path is that of the route.
func (r *route) match(path string) ([]string, bool) {
	want, got := strings.Split(r.path, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return nil, false
	}
	var labels []string
	for i := range want {
		switch {
		case want[i] == "{}":
			labels = append(labels, got[i])
		case want[i] != got[i]:
			return nil, false
		}
	}
	return labels, true
}

// parse tells which call a request is. It goes by the path as it was sent: a label may hold an escaped slash.
func parse(r *http.Request, region string) (*call, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return nil, err
	}
	if r.URL.Path == "/" {
		return parseQuery(r, body, region)
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, wrong("the query: %v", err)
	}
	for i := range routes {
		route := &routes[i]
		segments, ok := route.match(r.URL.EscapedPath())
		if !ok || route.method != r.Method {
			continue
		}
		c := &call{service: serviceEKS, operation: route.operation, query: query, body: body}
		for _, segment := range segments {
			value, err := label(segment)
			if err != nil {
				return nil, err
			}
			c.labels = append(c.labels, value)
		}
		if err := route.check(r, c); err != nil {
			return nil, err
		}
		return c, checkSignature(r, region, serviceEKS)
	}
	return nil, wrong("no call %s %s", r.Method, r.URL.EscapedPath())
}

func (r *route) check(request *http.Request, c *call) error {
	for name, values := range c.query {
		if !slices.Contains(r.query, name) || len(values) != 1 {
			return wrong("%s takes no parameter %s, or takes it once", r.operation, name)
		}
	}
	kind, _, _ := mime.ParseMediaType(request.Header.Get("Content-Type"))
	switch {
	case !r.body && len(c.body) > 0:
		return wrong("%s takes no body", r.operation)
	case len(c.body) > 0 && kind != "application/json":
		return wrong("a body of the type %q", kind)
	case len(c.body) == 0:
		c.body = []byte("{}")
	}
	return nil
}

// parseQuery reads a call of IAM or STS: a form.
func parseQuery(r *http.Request, body []byte, region string) (*call, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil || r.Method != http.MethodPost {
		return nil, wrong("%s / with a body that is no form: %v", r.Method, err)
	}
	c := &call{service: serviceIAM, operation: form.Get("Action"), query: form}
	version := "2010-05-08"
	if c.operation == "GetCallerIdentity" {
		c.service, version = serviceSTS, "2011-06-15"
	}
	if form.Get("Version") != version {
		return nil, wrong("version %q of %s", form.Get("Version"), c.service)
	}
	return c, checkSignature(r, region, c.service)
}

var authorization = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=\w+/(\d{8})/([a-z0-9-]+)/([a-z]+)/aws4_request, SignedHeaders=[a-z0-9;-]+, Signature=[0-9a-f]{64}$`)

// checkSignature wants the form of a signature. Whether it is right nobody here can know: that takes the secret.
func checkSignature(r *http.Request, region, service string) error {
	m := authorization.FindStringSubmatch(r.Header.Get("Authorization"))
	if m == nil {
		return &Fault{http.StatusForbidden, "MissingAuthenticationTokenException", "Missing Authentication Token"}
	}
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil || at.Format("20060102") != m[1] || m[2] != region || m[3] != service {
		return &Fault{http.StatusForbidden, "InvalidSignatureException", fmt.Sprintf("Credential should be scoped to a valid region and service: %s", strings.Join(m[1:], "/"))}
	}
	return nil
}

// decode reads a body strictly.
func (c *call) decode(into any) error {
	d := json.NewDecoder(strings.NewReader(string(c.body)))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return wrong("the body of %s: %v", c.operation, err)
	}
	return nil
}

func writeJSON(w http.ResponseWriter, status int, answer any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amzn-Requestid", "00000000-0000-0000-0000-000000000000")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer)
}

// writeError answers in one of the forms in which the services name an error.
func writeError(w http.ResponseWriter, c *call, err error) {
	fault, ok := errors.AsType[*Fault](err)
	if !ok {
		fault = &Fault{http.StatusInternalServerError, "ServerException", err.Error()}
	}
	if c.service != serviceEKS {
		type detail struct{ Type, Code, Message string }
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(fault.Status)
		_ = xml.NewEncoder(w).Encode(struct {
			XMLName   xml.Name `xml:"ErrorResponse"`
			Error     detail
			RequestID string `xml:"RequestId"`
		}{Error: detail{"Sender", fault.Type, fault.Message}, RequestID: "0"})
		return
	}
	switch fault.Status {
	case http.StatusNotFound: // The name in the header, with an address.
		w.Header().Set("X-Amzn-ErrorType", fault.Type+":http://internal.amazon.com/coral/com.amazonaws.eks/")
		writeJSON(w, fault.Status, map[string]any{"message": fault.Message, "clusterName": nil})
	case http.StatusConflict: // In the body, with a namespace.
		writeJSON(w, fault.Status, map[string]any{"__type": "com.amazonaws.eks#" + fault.Type, "message": fault.Message})
	default:
		w.Header().Set("X-Amzn-ErrorType", fault.Type)
		writeJSON(w, fault.Status, map[string]any{"__type": fault.Type, "Message": fault.Message})
	}
}
