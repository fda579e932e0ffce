package eks

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// The authentication modes.
const (
	modeConfigMap = "CONFIG_MAP"
	modeBoth      = "API_AND_CONFIG_MAP"
	modeAPI       = "API"
)

type cluster struct {
	name, mode string
	ca         []byte
	// pending is the mode that an update makes, updating how many looks it takes until it is there.
	pending  string
	updating int
	entries  map[string]*entry
}

// SetCluster makes a cluster with an authentication mode and the certificates of its authority, PEM.
func (s *Server) SetCluster(name, mode string, ca []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.clusters[name]
	if c == nil {
		c = &cluster{name: name, entries: map[string]*entry{}}
		s.clusters[name] = c
	}
	c.mode, c.ca = mode, ca
}

func (s *Server) clusterARN(name string) string {
	return "arn:" + s.options.Partition + ":eks:" + s.options.Region + ":" + s.options.Account + ":cluster/" + name
}

func (s *Server) cluster(name string) (*cluster, error) {
	c := s.clusters[name]
	if c == nil {
		return nil, notFound("No cluster found for name: %s.", name)
	}
	return c, nil
}

// withEntries is a cluster whose mode has access entries.
func (s *Server) withEntries(name string) (*cluster, error) {
	c, err := s.cluster(name)
	if err == nil && c.mode == modeConfigMap {
		return nil, badRequest("The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation.")
	}
	return c, err
}

var clusterCalls = map[string]func(*Server, *call) (any, error){
	"DescribeCluster":     (*Server).describeCluster,
	"UpdateClusterConfig": (*Server).updateClusterConfig,
	"DescribeUpdate":      (*Server).describeUpdate,
}

func (s *Server) describeCluster(c *call) (any, error) {
	found, err := s.cluster(c.labels[0])
	if err != nil {
		return nil, err
	}
	status := "ACTIVE"
	if found.pending != "" {
		status = "UPDATING"
		if found.updating--; found.updating < 0 {
			found.mode, found.pending, status = found.pending, "", "ACTIVE"
		}
	}
	return map[string]any{"cluster": map[string]any{
		"name": found.name, "arn": s.clusterARN(found.name), "version": "1.35", "platformVersion": "eks.3", "status": status, "createdAt": epoch(s.options.Now().AddDate(-1, 0, 0)),
		"certificateAuthority": map[string]any{"data": base64.StdEncoding.EncodeToString(found.ca)},
		"accessConfig":         map[string]any{"authenticationMode": found.mode},
	}}, nil
}

func (s *Server) updateClusterConfig(c *call) (any, error) {
	var in struct {
		AccessConfig       *struct{ AuthenticationMode string } `json:"accessConfig"`
		ClientRequestToken string                               `json:"clientRequestToken"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if in.AccessConfig == nil {
		return nil, badParameter("No changes needed for the cluster config provided")
	}
	found, err := s.cluster(c.labels[0])
	if err != nil {
		return nil, err
	}
	next := map[string]string{modeConfigMap: modeBoth, modeBoth: modeAPI}
	switch wanted := in.AccessConfig.AuthenticationMode; {
	case found.pending != "":
		return nil, &Fault{http.StatusConflict, "ResourceInUseException", "Cluster has an update in progress"}
	case next[found.mode] != wanted: // One step forward, and not to the same.
		return nil, badParameter("Unsupported authentication mode update from %s to %s", found.mode, wanted)
	}
	found.pending, found.updating = in.AccessConfig.AuthenticationMode, 1
	return map[string]any{"update": s.update(found, "InProgress")}, nil
}

func (s *Server) update(c *cluster, status string) map[string]any {
	return map[string]any{
		"id": "update-of-" + c.name, "status": status, "type": "AccessConfigUpdate", "createdAt": epoch(s.options.Now()), "errors": []any{},
		"params": []any{map[string]any{"type": "AuthenticationMode", "value": c.mode}},
	}
}

func (s *Server) describeUpdate(c *call) (any, error) {
	found, err := s.cluster(c.labels[0])
	if err != nil {
		return nil, err
	}
	if c.labels[1] != "update-of-"+found.name {
		return nil, notFound("No update found for ID: %s", c.labels[1])
	}
	status := "Successful"
	if found.pending != "" {
		status = "InProgress"
	}
	return map[string]any{"update": s.update(found, status)}, nil
}

// epoch is a time as EKS writes it: seconds, with a fraction.
func epoch(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// page cuts a list as the API does: from where the token says, maxResults at most.
func (s *Server) page(c *call, length int) (from, to int, next *string, err error) {
	most := 100
	if text := c.query.Get("maxResults"); c.query.Has("maxResults") {
		if _, err := fmt.Sscanf(text, "%d", &most); err != nil || most < 1 || most > 100 {
			return 0, 0, nil, badParameter("maxResults must be between 1 and 100")
		}
	}
	token := c.query.Get("nextToken")
	if c.query.Has("nextToken") {
		raw, err := base64.RawURLEncoding.DecodeString(token)
		before, after, _ := strings.Cut(string(raw), " ")
		if _, scanErr := fmt.Sscanf(after, "%d", &from); err != nil || scanErr != nil || before != c.operation || from > length {
			return 0, 0, nil, badParameter("The nextToken parameter is not valid")
		}
	}
	if s.options.PageSize > 0 {
		most = min(most, s.options.PageSize)
	}
	to = min(from+most, length)
	if s.options.EmptyPages && token == "" {
		to = from
	}
	if s.options.StuckPages {
		text := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%s %d", c.operation, from))
		return from, to, &text, nil
	}
	if to < length || s.options.EmptyPages && token == "" {
		text := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%s %d", c.operation, to))
		next = &text
	}
	return from, to, next, nil
}
