package evidence

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/url"
	"strings"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// Edit is one request that has changed the map, or may have.
type Edit struct {
	// Time is when the API server got the request.
	Time time.Time
	Verb string
	// User is who wrote, and By who acted as that user; By is empty where nobody did.
	User User
	By   string
	// Manager is the field manager, and UserAgent the program, as they name themselves.
	Manager, UserAgent string
	// Addresses are where the request came from, the client's first.
	Addresses []string
	// UID and Version are those of the object that came of it, empty where the log does not have it.
	UID, Version string
	// Read is the version that the writer had read, empty where it did not say.
	Read string
	// Result is how the map was stored, nil where the log does not have it.
	Result *State
	// Wanted is what the writer asked for, before the API server's webhooks changed it; nil where the log does not have it.
	Wanted *State
	// Annotations are those of the stored map.
	Annotations map[string]string
	// Gone is set where the request has deleted the map.
	Gone bool
	// Perhaps is set where the request has deleted ConfigMaps of the namespace, and the log does not say which.
	Perhaps bool
	// Cut is set where the log has left out the objects of the event, as it was too large.
	Cut bool

	id string
}

// State is what the authenticator could read of the map.
type State struct {
	Data       map[string]string
	BinaryData map[string][]byte
	Immutable  bool
}

// User is who asked for something.
type User struct {
	Username string              `json:"username"`
	UID      string              `json:"uid"`
	Groups   []string            `json:"groups"`
	Extra    map[string][]string `json:"extra"`
}

// event are the fields of an event of audit.k8s.io that count here.
type event struct {
	Kind             string             `json:"kind"`
	APIVersion       string             `json:"apiVersion"`
	AuditID          string             `json:"auditID"`
	Stage            string             `json:"stage"`
	Verb             string             `json:"verb"`
	RequestURI       string             `json:"requestURI"`
	User             User               `json:"user"`
	ImpersonatedUser *User              `json:"impersonatedUser"`
	SourceIPs        []string           `json:"sourceIPs"`
	UserAgent        string             `json:"userAgent"`
	ObjectRef        *objectRef         `json:"objectRef"`
	ResponseStatus   struct{ Code int } `json:"responseStatus"`
	RequestObject    json.RawMessage    `json:"requestObject"`
	ResponseObject   json.RawMessage    `json:"responseObject"`
	Received         time.Time          `json:"requestReceivedTimestamp"`
	Annotations      map[string]string  `json:"annotations"`
}

type objectRef struct {
	Resource    string `json:"resource"`
	Namespace   string `json:"namespace"`
	Name        string `json:"name"`
	UID         string `json:"uid"`
	APIGroup    string `json:"apiGroup"`
	Subresource string `json:"subresource"`
}

// configMap is what counts of an object, or of a patch of one: then a value of null takes a key away.
type configMap struct {
	Kind     string `json:"kind"`
	Metadata struct {
		UID             string            `json:"uid"`
		ResourceVersion string            `json:"resourceVersion"`
		Annotations     map[string]string `json:"annotations"`
	} `json:"metadata"`
	// Details are those of the Status that answers a delete.
	Details struct {
		UID string `json:"uid"`
	} `json:"details"`
	Data       map[string]*string `json:"data"`
	BinaryData map[string][]byte  `json:"binaryData"`
	Immutable  *bool              `json:"immutable"`
}

// outcome is what an event means for the map.
type outcome int

// The outcomes.
const (
	// notEvent: the record is no event of an audit log.
	notEvent outcome = iota
	// other: an event that does not change the map.
	other
	// tried: a request to change the map that was refused, or only tried (a dry run).
	tried
	// changed: the map was changed, or may have been.
	changed
)

// truncated is how the API server marks an event whose objects it has left out.
const truncated = "audit.k8s.io/truncated"

// mentions reports whether a record may be about a change of the map, without decoding it.
func mentions(text []byte) bool {
	return bytes.Contains(text, []byte(awsauth.Name)) || bytes.Contains(text, []byte("deletecollection"))
}

// readEdit reads an event. Only an edit of the map has one.
func readEdit(text []byte) (*Edit, outcome, error) {
	var e event
	if err := json.Unmarshal(text, &e); err != nil {
		return nil, notEvent, err
	}
	if e.Kind != "" && e.Kind != "Event" || e.APIVersion != "" && !strings.HasPrefix(e.APIVersion, "audit.k8s.io/") || e.Verb == "" || e.Stage == "" {
		return nil, notEvent, nil
	}
	ref := e.ObjectRef
	if ref == nil || ref.Resource != "configmaps" || ref.APIGroup != "" || ref.Subresource != "" || ref.Namespace != awsauth.Namespace {
		return nil, other, nil
	}
	switch {
	case e.Stage != "ResponseComplete":
		return nil, other, nil
	case e.Verb == "deletecollection" && ref.Name == "":
	case ref.Name != awsauth.Name:
		return nil, other, nil
	}
	switch e.Verb {
	case "create", "update", "patch", "delete", "deletecollection":
	default:
		return nil, other, nil
	}
	query := queryOf(e.RequestURI)
	if e.ResponseStatus.Code >= 300 || query.Has("dryRun") || e.triesToDelete() {
		return nil, tried, nil
	}
	return e.edit(query), changed, nil
}

// triesToDelete reports whether a delete says in its body that it is a dry run.
func (e *event) triesToDelete() bool {
	var options struct {
		DryRun []string `json:"dryRun"`
	}
	return e.Verb == "delete" && json.Unmarshal(e.RequestObject, &options) == nil && len(options.DryRun) > 0
}

// queryOf is the query of a request.
func queryOf(uri string) url.Values {
	_, query, _ := strings.Cut(uri, "?")
	values, _ := url.ParseQuery(query) //nolint:errcheck // What can be read of it is all there is.
	return values
}

func (e *event) edit(query url.Values) *Edit {
	d := &Edit{
		Time: e.Received, Verb: e.Verb, User: e.User, UserAgent: e.UserAgent, Addresses: e.SourceIPs, Manager: query.Get("fieldManager"),
		Gone: e.Verb == "delete", Perhaps: e.Verb == "deletecollection", Cut: e.Annotations[truncated] == "true", id: e.AuditID,
	}
	if e.ImpersonatedUser != nil {
		d.User, d.By = *e.ImpersonatedUser, e.User.Username
	}
	if d.Manager == "" {
		// As the API server names writers who don't name themselves.
		d.Manager, _, _ = strings.Cut(e.UserAgent, "/")
	}
	stored, ok := readMap(e.ResponseObject)
	if d.Gone && ok {
		d.UID = stored.Details.UID
	}
	if d.Gone || d.Perhaps {
		return d
	}
	if ok && stored.Kind == "ConfigMap" {
		d.UID, d.Version, d.Annotations = stored.Metadata.UID, stored.Metadata.ResourceVersion, stored.Metadata.Annotations
		d.Result = stored.state(nil)
	}
	if d.UID == "" {
		d.UID = e.ObjectRef.UID
	}
	if d.Result == nil {
		return d
	}
	wanted, ok := readMap(e.RequestObject)
	switch {
	case ok && e.Verb != "patch" && wanted.Kind == "ConfigMap":
		d.Read, d.Wanted = wanted.Metadata.ResourceVersion, wanted.state(nil)
	case ok && e.Verb == "patch":
		d.Read, d.Wanted = wanted.Metadata.ResourceVersion, wanted.state(d.Result)
	default:
		d.Wanted = patched(e.RequestObject, d.Result)
	}
	if d.Wanted != nil && d.Wanted.equal(d.Result) {
		d.Wanted = d.Result
	}
	return d
}

func (s *State) equal(o *State) bool {
	return s.Immutable == o.Immutable && maps.Equal(s.Data, o.Data) && maps.EqualFunc(s.BinaryData, o.BinaryData, bytes.Equal)
}

func readMap(raw json.RawMessage) (*configMap, bool) {
	var c configMap
	if len(raw) == 0 || raw[0] != '{' || json.Unmarshal(raw, &c) != nil {
		return nil, false
	}
	return &c, true
}

// state is what the object holds; of a patch, over what came of it.
func (c *configMap) state(over *State) *State {
	s := &State{Data: map[string]string{}, BinaryData: c.BinaryData, Immutable: c.Immutable != nil && *c.Immutable}
	if over != nil {
		s.BinaryData, s.Immutable = over.BinaryData, over.Immutable
		for key, value := range over.Data {
			s.Data[key] = value
		}
	}
	for key, value := range c.Data {
		if value == nil {
			delete(s.Data, key)
		} else {
			s.Data[key] = *value
		}
	}
	return s
}

// patched is what a JSON patch asked for, as far as it sets values of data, over what came of it.
func patched(raw json.RawMessage, over *State) *State {
	var operations []struct {
		Op, Path string
		Value    json.RawMessage
	}
	if json.Unmarshal(raw, &operations) != nil {
		return nil
	}
	c := configMap{Data: map[string]*string{}}
	for _, o := range operations {
		key, found := strings.CutPrefix(o.Path, "/data/")
		var value string
		if found && (o.Op == "add" || o.Op == "replace") && json.Unmarshal(o.Value, &value) == nil {
			c.Data[strings.NewReplacer("~1", "/", "~0", "~").Replace(key)] = &value
		}
	}
	return c.state(over)
}
