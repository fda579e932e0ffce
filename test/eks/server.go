package eks

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Options say how a server behaves. The zero value is one of the account 111122223333 in eu-west-1.
type Options struct {
	Account, Region, Partition string
	// Now is the clock; time.Now by default. Entries have its time.
	Now func() time.Time
	// PageSize cuts pages short, which the API may do; 0 does not.
	PageSize int
	// EmptyPages puts an empty page with a token in front of every list, which the API may do as well.
	EmptyPages bool
	// StuckPages gives the token of the page itself, which a broken service might do.
	StuckPages bool
}

// Server answers on the loopback address.
type Server struct {
	// URL is for AWS_ENDPOINT_URL.
	URL string

	options Options
	server  *http.Server

	mu         sync.Mutex
	clusters   map[string]*cluster
	principals map[string]*principal
	faults     map[string][]Fault
	denied     map[string]bool
	calls      []string
	updates    int
}

// principal is a role or a user; its id changes when it is created again.
type principal struct {
	arn, id string
	created time.Time
	role    Role
}

// Role is what IAM tells of a role besides. Trust is its trust policy, that of EC2 where it is empty; Used is when it was last used,
// and where, zero for never.
type Role struct {
	Trust  string
	Used   time.Time
	Region string
}

// Start starts a server.
func Start(o Options) (*Server, error) {
	if o.Account == "" {
		o.Account = "111122223333"
	}
	if o.Region == "" {
		o.Region = "eu-west-1"
	}
	if o.Partition == "" {
		o.Partition = "aws"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Server{
		URL: "http://" + listener.Addr().String(), options: o, clusters: map[string]*cluster{}, principals: map[string]*principal{},
		faults: map[string][]Fault{}, denied: map[string]bool{},
	}
	s.server = &http.Server{Handler: http.HandlerFunc(s.serve), ReadHeaderTimeout: time.Minute}
	go func() { _ = s.server.Serve(listener) }()
	return s, nil
}

// Stop ends the server.
func (s *Server) Stop() error { return s.server.Close() }

// Environment lets the AWS SDK and the AWS CLI of another process use the server, and nothing else of the machine.
func (s *Server) Environment() []string {
	return []string{
		"AWS_ENDPOINT_URL=" + s.URL, "AWS_REGION=" + s.options.Region, "AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=secret",
		"AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_EC2_METADATA_DISABLED=true", "AWS_PROFILE=", "AWS_PAGER=",
		"AWS_SESSION_TOKEN=", "AWS_ENDPOINT_URL_EKS=", "AWS_ENDPOINT_URL_IAM=", "AWS_ENDPOINT_URL_STS=", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=",
	}
}

// Fault is an answer in the place of the right one.
type Fault struct {
	Status        int
	Type, Message string
}

// Throttled is what the API answers to too many requests.
func Throttled() Fault {
	return Fault{http.StatusTooManyRequests, "ThrottlingException", "Rate exceeded"}
}

// Fail makes the next calls of an operation, such as CreateAccessEntry, end with these faults, one each.
func (s *Server) Fail(operation string, faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[operation] = append(s.faults[operation], faults...)
}

// Deny refuses all calls of an operation as IAM does, or allows them again.
func (s *Server) Deny(operation string, denied bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.denied[operation] = denied
}

// Calls are the operations so far, in order.
func (s *Server) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.calls...)
}

// SetPrincipal creates a role or a user, or creates it again: then it has another id. Those of other accounts exist too, but
// IAM does not tell of them here.
func (s *Server) SetPrincipal(arn string, created time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.updates++
	s.principals[arn] = &principal{arn: arn, id: fmt.Sprintf("AROA%017d", s.updates), created: created}
}

// SetRole tells more of a role, which is there.
func (s *Server) SetRole(arn string, r Role) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.principals[arn].role = r
}

// RemovePrincipal deletes a role or a user. Its access entries stay, as they do in AWS.
func (s *Server) RemovePrincipal(arn string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.principals, arn)
}

// call is a request that was understood so far.
type call struct {
	service, operation string
	// labels are the variable parts of the path.
	labels []string
	query  url.Values
	body   []byte
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	c, err := parse(r, s.options.Region)
	if err != nil {
		writeError(w, &call{service: serviceOf(r)}, err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, c.operation)
	if pending := s.faults[c.operation]; len(pending) > 0 {
		s.faults[c.operation] = pending[1:]
		writeError(w, c, &pending[0])
		return
	}
	if s.denied[c.operation] {
		writeError(w, c, s.accessDenied(c))
		return
	}
	answer, err := s.answer(c)
	if err != nil {
		writeError(w, c, err)
		return
	}
	if c.service == serviceEKS {
		writeJSON(w, http.StatusOK, answer)
		return
	}
	writeXML(w, c, answer)
}

func (s *Server) accessDenied(c *call) *Fault {
	name := "AccessDeniedException"
	if c.service != serviceEKS {
		name = "AccessDenied"
	}
	return &Fault{http.StatusForbidden, name, fmt.Sprintf("User: %s is not authorized to perform: %s:%s on resource: *", s.caller(), c.service, c.operation)}
}

func (s *Server) caller() string {
	return "arn:" + s.options.Partition + ":sts::" + s.options.Account + ":assumed-role/test/session"
}

// Error implements error.
func (f *Fault) Error() string { return f.Type + ": " + f.Message }

func badParameter(format string, args ...any) *Fault {
	return &Fault{http.StatusBadRequest, "InvalidParameterException", fmt.Sprintf(format, args...)}
}

func badRequest(format string, args ...any) *Fault {
	return &Fault{http.StatusBadRequest, "InvalidRequestException", fmt.Sprintf(format, args...)}
}

func notFound(format string, args ...any) *Fault {
	return &Fault{http.StatusNotFound, "ResourceNotFoundException", fmt.Sprintf(format, args...)}
}

// wrong is the answer to what no client that keeps to the reference sends.
func wrong(format string, args ...any) *Fault {
	return &Fault{http.StatusBadRequest, "ValidationException", "the test server: " + fmt.Sprintf(format, args...)}
}

func (s *Server) answer(c *call) (any, error) {
	for _, handlers := range []map[string]func(*Server, *call) (any, error){clusterCalls, entryCalls, policyCalls, iamCalls} {
		if handle := handlers[c.operation]; handle != nil {
			return handle(s, c)
		}
	}
	return nil, wrong("no operation %s", c.operation)
}

func serviceOf(r *http.Request) string {
	if r.URL.Path == "/" {
		return serviceIAM
	}
	return serviceEKS
}

// label undoes the encoding of a part of a path, which must be the one that the SDK makes.
func label(segment string) (string, error) {
	value, err := url.PathUnescape(segment)
	if err != nil {
		return "", wrong("the path segment %q: %v", segment, err)
	}
	var b strings.Builder
	for i := range len(value) {
		switch c := value[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	if b.String() != segment {
		return "", wrong("the path segment %q is to be written %q", segment, b.String())
	}
	return value, nil
}
