package authenticator

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	authenticationv1beta1 "k8s.io/api/authentication/v1beta1"
	"sigs.k8s.io/aws-iam-authenticator/pkg/arn"
	"sigs.k8s.io/aws-iam-authenticator/pkg/config"
	"sigs.k8s.io/aws-iam-authenticator/pkg/errutil"
	"sigs.k8s.io/aws-iam-authenticator/pkg/mapper/configmap"
	"sigs.k8s.io/aws-iam-authenticator/pkg/server"

	"github.com/aws-auth-guard/aws-auth-guard/test/cases"
)

// Parse reads the data of an aws-auth ConfigMap with the real ParseMap.
func Parse(data map[string]string) (roles []config.RoleMapping, users []config.UserMapping, accounts []string, err error) {
	logrus.SetOutput(io.Discard) // ParseMap logs the error that it returns
	users, roles, accounts, err = configmap.ParseMap(data)
	return roles, users, accounts, err
}

// Canonicalize gives the form of a caller's ARN that the map is asked for.
func Canonicalize(s string) (string, error) {
	_, canonical, err := arn.Canonicalize(s)
	return canonical, err
}

// Authenticator is one running server with its own map. Its methods are for one goroutine at a time.
type Authenticator struct {
	handler http.Handler
	store   *configmap.MapStore
	feed    *feed
	sts     *stsTransport
	denials *denials
}

// Start brings up a server that lasts for the test. Nothing of it leaves the process: its listener is on loopback and
// never accepts.
func Start(t testing.TB) *Authenticator {
	t.Helper()
	// The server looks for a region in the instance metadata, and for keys in the shared files.
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_REGION", "us-east-1")

	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	a := &Authenticator{feed: newFeed(), sts: &stsTransport{}, denials: captureDenials(t)}
	srv := server.New(ctx, config.Config{
		PartitionID:            "aws",
		ClusterID:              clusterID,
		Address:                "127.0.0.1",
		Hostname:               "localhost",
		StateDir:               t.TempDir(),
		KubeconfigPregenerated: true,
	})
	t.Cleanup(srv.Close)

	a.handler, a.store = wire(srv, a.sts, a.feed)
	mapper := mapperOf(a.store)
	setMapper(srv, mapper)
	stop := make(chan struct{})
	if err := mapper.Start(stop); err != nil {
		t.Fatalf("start the ConfigMap mapper: %v", err)
	}
	t.Cleanup(func() {
		close(stop)
		a.feed.events.Stop()
	})
	return a
}

// Load makes data the authenticator's map, and returns once it has taken it in. The data passes through JSON as it does
// on the API server's wire, which fixes invalid UTF-8.
func (a *Authenticator) Load(data map[string]string) error {
	return a.feed.send(data)
}

// Outcomes answers one caller: one outcome, or all the possible ones, in a fixed order, where several
// entries match and the authenticator takes whichever its map yields first (user ARNs that differ only in case).
func (a *Authenticator) Outcomes(caller cases.Caller) ([]cases.Outcome, error) {
	first, err := a.outcome(caller)
	if err != nil {
		return nil, err
	}
	var all []cases.Outcome
	several, err := a.twins(caller, func() error {
		o, err := a.outcome(caller)
		if err == nil && !slices.ContainsFunc(all, func(have cases.Outcome) bool { return equal(have, o) }) {
			all = append(all, o)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if !several {
		return []cases.Outcome{first}, nil
	}
	if !slices.ContainsFunc(all, func(have cases.Outcome) bool { return equal(have, first) }) {
		return nil, fmt.Errorf("caller %s got %v, which is none of what its entries give: %v", caller.ARN, first, all)
	}
	slices.SortFunc(all, func(x, y cases.Outcome) int { return strings.Compare(x.String(), y.String()) })
	return all, nil
}

func equal(a, b cases.Outcome) bool {
	return a.Kind == b.Kind && a.Username == b.Username && slices.Equal(a.Groups, b.Groups) && a.Reason == b.Reason
}

// outcome posts one TokenReview.
func (a *Authenticator) outcome(caller cases.Caller) (cases.Outcome, error) {
	a.sts.caller = caller
	body, err := json.Marshal(authenticationv1beta1.TokenReview{
		Spec: authenticationv1beta1.TokenReviewSpec{Token: token()},
	})
	if err != nil {
		return cases.Outcome{}, err
	}
	a.denials.last = nil
	answer := httptest.NewRecorder()
	a.handler.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/authenticate", bytes.NewReader(body)))

	var review authenticationv1beta1.TokenReview
	if err := json.Unmarshal(answer.Body.Bytes(), &review); err != nil {
		return cases.Outcome{}, fmt.Errorf("answer %d %q: %w", answer.Code, answer.Body, err)
	}
	switch {
	case review.Status.Authenticated:
		return cases.Outcome{Kind: cases.Mapped, Username: review.Status.User.Username, Groups: review.Status.User.Groups}, nil
	case a.denials.last == nil:
		return cases.Outcome{}, fmt.Errorf("answer %d %q without a reason in the log", answer.Code, answer.Body)
	case errors.Is(a.denials.last, errutil.ErrNotMapped):
		return cases.Outcome{Kind: cases.NotMapped}, nil
	case strings.HasPrefix(a.denials.last.Error(), "mapper "):
		return cases.Outcome{Kind: cases.Denied, Reason: a.denials.last.Error()}, nil
	default:
		return cases.Outcome{Kind: cases.Rejected, Reason: a.denials.last.Error()}, nil
	}
}

const clusterID = "oracle"

// token is what aws-iam-authenticator's client would make: a presigned GetCallerIdentity URL.
func token() string {
	query := url.Values{
		"Action":              {"GetCallerIdentity"},
		"Version":             {"2011-06-15"},
		"X-Amz-Algorithm":     {"AWS4-HMAC-SHA256"},
		"X-Amz-Credential":    {cases.AccessKeyID + "/20260101/us-east-1/sts/aws4_request"},
		"X-Amz-Date":          {time.Now().UTC().Format("20060102T150405Z")},
		"X-Amz-Expires":       {"60"},
		"X-Amz-SignedHeaders": {"host;x-k8s-aws-id"},
		"X-Amz-Signature":     {"00"},
	}
	return "k8s-aws-v1." + base64.RawURLEncoding.EncodeToString([]byte("https://sts.us-east-1.amazonaws.com/?"+query.Encode()))
}

// denials keeps the error of the last refusal, which the server tells its log alone.
type denials struct{ last error }

// captureDenials silences the authenticator's log for the test and listens to it.
func captureDenials(t testing.TB) *denials {
	log := logrus.StandardLogger()
	d := &denials{}
	log.SetOutput(io.Discard)
	log.SetLevel(logrus.WarnLevel)
	hooks := log.ReplaceHooks(logrus.LevelHooks{logrus.WarnLevel: {d}})
	t.Cleanup(func() { log.ReplaceHooks(hooks) })
	return d
}

// Levels says which entries the hook sees.
func (d *denials) Levels() []logrus.Level { return []logrus.Level{logrus.WarnLevel} }

// Fire keeps the error of a refusal.
func (d *denials) Fire(e *logrus.Entry) error {
	if err, ok := e.Data[logrus.ErrorKey].(error); ok && e.Message == "access denied" {
		d.last = err
	}
	return nil
}
