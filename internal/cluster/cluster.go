package cluster

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// Defaults.
const (
	// DefaultDeadline is for all questions of one edit together.
	DefaultDeadline = 500 * time.Millisecond
	// DefaultKeep is how long an answer is used again.
	DefaultKeep = 5 * time.Second
	// DefaultSpare is for how much longer the bindings are used where the API server does not answer.
	DefaultSpare = time.Minute
	// requestTimeout ends a request that nobody waits for any more; until then its answer is still kept.
	requestTimeout = 10 * time.Second
)

// Options of New; zero values mean the defaults.
type Options struct {
	Deadline time.Duration
	Keep     time.Duration
	Spare    time.Duration
	// Now is the clock by which answers grow old; nil means time.Now. Deadlines are of real time.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	if o.Deadline == 0 {
		o.Deadline = DefaultDeadline
	}
	if o.Keep == 0 {
		o.Keep = DefaultKeep
	}
	if o.Spare == 0 {
		o.Spare = DefaultSpare
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Cluster asks one API server. It may be used by many at once. Each kind of question has limits of its own, and about grants
// each user has: none of them can use up what another needs.
type Cluster struct {
	client   kubernetes.Interface
	deadline time.Duration
	nodes    *memo[*nodeList]
	requests *memo[map[string][]string]
	classes  *memo[validate.NodeClasses]
	bindings *memo[*validate.BindingFacts]
	grants   *memo[bool]
	turns    turns
}

// identity stands for all that the API server's authorizers see of a user: what one is told is never the answer to
// another, and nobody uses up the share of another without knowing all of that.
type identity [sha256.Size]byte

func identityOf(user *authenticationv1.UserInfo) (identity, error) {
	text, err := json.Marshal(user)
	if err != nil {
		return identity{}, fmt.Errorf("the user of the edit: %w", err)
	}
	return sha256.Sum256(text), nil
}

// The keys of questions: there is one of each kind, and one of each user about each grant.
const onlyKey = ""

func grantKey(user identity, grant validate.Grant) string {
	return string(user[:]) + grant.Kind + " " + grant.Name
}

// New makes a Cluster of a client. The client should have no rate limit of its own, which all questions would share: those
// of the Cluster are enough.
func New(client kubernetes.Interface, o Options) *Cluster {
	o = o.withDefaults()
	return &Cluster{
		client: client, deadline: o.Deadline,
		nodes:    newMemo[*nodeList](o, 0),
		requests: newMemo[map[string][]string](o, 0),
		classes:  newMemo[validate.NodeClasses](o, 0),
		bindings: newMemo[*validate.BindingFacts](o, o.Spare),
		grants:   newMemo[bool](o, 0),
	}
}

// Binary is a config like another one, whose client speaks protobuf where the API server does, which it does of all built-in
// objects: their lists take a fraction of the time and memory to read that they take as JSON.
func Binary(config *rest.Config) *rest.Config {
	config = rest.CopyConfig(config)
	config.ContentType, config.AcceptContentTypes = runtime.ContentTypeProtobuf, runtime.ContentTypeProtobuf+","+runtime.ContentTypeJSON
	return config
}

// Ask gets the answers to the questions of one edit. It returns when all are there, or at the deadline with those
// that are.
func (c *Cluster) Ask(ctx context.Context, q validate.Questions, user authenticationv1.UserInfo) validate.Facts {
	ctx, cancel := context.WithTimeout(ctx, c.deadline)
	defer cancel()
	var (
		facts validate.Facts
		wait  sync.WaitGroup
	)
	if q.Nodes {
		wait.Go(func() { facts.Nodes, facts.Unavailable.Nodes = c.countNodes(ctx) })
		wait.Go(func() {
			classes, err := c.classes.get(ctx, onlyKey, c.listClasses)
			facts.Classes, facts.Unavailable.Classes = classes, reason(err)
		})
	}
	if q.Bindings {
		wait.Go(func() {
			bindings, err := c.bindings.get(ctx, onlyKey, c.listBindings)
			facts.Bindings, facts.Unavailable.Bindings = bindings, reason(err)
		})
	}
	if len(q.Grants) > 0 {
		wait.Go(func() { facts.MayImpersonate, facts.Unavailable.Grants = c.askGrants(ctx, q, &user) })
	}
	wait.Wait()
	return facts
}

// reason puts an error into words for a warning.
func reason(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, errNoTurn), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), apierrors.IsTimeout(err), apierrors.IsServerTimeout(err):
		return "the API server did not answer in time"
	case apierrors.IsForbidden(err):
		return "the guard lacks the permission to ask"
	}
	return "the API server could not be asked"
}
