package auditor

import (
	"context"
	"crypto/sha256"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

const (
	// keepAllowed and keepDenied are how long an answer of the API server is used again.
	keepAllowed = time.Minute
	keepDenied  = 10 * time.Second
	// maxVerdicts bounds the answers that are kept, maxAsking the questions that are under way.
	maxVerdicts = 256
	maxAsking   = 4
	// maxToken bounds a token, in bytes; the largest that are in use have a few thousand.
	maxToken = 16 << 10
	// askTimeout bounds both questions about one caller.
	askTimeout = 10 * time.Second
)

// gate lets those through whom the API server knows and allows to get the path. It does itself, with two typed calls, what
// controller-runtime's filter does with the whole of k8s.io/apiserver.
type gate struct {
	client kubernetes.Interface
	log    logr.Logger
	asking chan struct{}

	mu       sync.Mutex
	verdicts map[[sha256.Size]byte]verdict
}

// verdict is a status for a token: 200, 401 or 403.
type verdict struct {
	status int
	until  time.Time
}

func newGate(client kubernetes.Interface, log logr.Logger) *gate {
	return &gate{client: client, log: log, asking: make(chan struct{}, maxAsking), verdicts: map[[sha256.Size]byte]verdict{}}
}

func (g *gate) protect(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
		if !ok || !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > maxToken {
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "give a token of the cluster: Authorization: Bearer TOKEN (kubectl create token makes one)", http.StatusUnauthorized)
			return
		}
		switch status := g.status(r.Context(), token); status {
		case http.StatusOK:
			h.ServeHTTP(w, r)
		case http.StatusUnauthorized:
			http.Error(w, "the API server does not know this token", status)
		case http.StatusForbidden:
			http.Error(w, "the API server does not allow you to get "+reportPath+": bind a ClusterRole with nonResourceURLs ["+reportPath+"] and verbs [get]", status)
		default:
			http.Error(w, "the API server could not be asked who you are; try again", status)
		}
	})
}

// status is the verdict about a token, kept or asked for.
func (g *gate) status(ctx context.Context, token string) int {
	key := sha256.Sum256([]byte(token))
	g.mu.Lock()
	v, held := g.verdicts[key]
	g.mu.Unlock()
	if held && time.Now().Before(v.until) {
		return v.status
	}
	select {
	case g.asking <- struct{}{}:
		defer func() { <-g.asking }()
	default:
		return http.StatusServiceUnavailable
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	status, err := g.ask(ctx, token)
	if err != nil {
		g.log.Error(err, "a caller of the report could not be checked")
		return http.StatusServiceUnavailable
	}
	keep := keepAllowed
	if status != http.StatusOK {
		keep = keepDenied
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.verdicts) >= maxVerdicts {
		clear(g.verdicts)
	}
	g.verdicts[key] = verdict{status, time.Now().Add(keep)}
	return status
}

func (g *gate) ask(ctx context.Context, token string) (int, error) {
	who, err := g.client.AuthenticationV1().TokenReviews().Create(ctx, &authenticationv1.TokenReview{
		Spec: authenticationv1.TokenReviewSpec{Token: token},
	}, metav1.CreateOptions{})
	if err != nil {
		return 0, err
	}
	if !who.Status.Authenticated {
		return http.StatusUnauthorized, nil
	}
	extra := map[string]authorizationv1.ExtraValue{}
	for name, values := range who.Status.User.Extra {
		extra[name] = authorizationv1.ExtraValue(values)
	}
	may, err := g.client.AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorizationv1.SubjectAccessReview{
		Spec: authorizationv1.SubjectAccessReviewSpec{
			User: who.Status.User.Username, Groups: who.Status.User.Groups, UID: who.Status.User.UID, Extra: extra,
			NonResourceAttributes: &authorizationv1.NonResourceAttributes{Path: reportPath, Verb: "get"},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		return 0, err
	}
	if !may.Status.Allowed {
		return http.StatusForbidden, nil
	}
	return http.StatusOK, nil
}
