package doctor

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"regexp"
	"strings"
	"time"

	"golang.org/x/net/http/httpproxy"
	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/live"
	"github.com/aws-auth-guard/aws-auth-guard/internal/trace"
	"github.com/aws-auth-guard/aws-auth-guard/internal/version"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// serverPatience is how long the server may take.
const serverPatience = 20 * time.Second

// extraARN is where EKS tells Kubernetes the ARN that a caller came with: aws-iam-authenticator, pkg/server/server.go.
const extraARN = "arn"

// The names that Kubernetes gives to those whom it does not know, and to pods.
const (
	anonymous      = "system:anonymous"
	serviceAccount = "system:serviceaccount:"
)

// serverStep asks the server who is calling.
func (e *Examination) serverStep(ctx context.Context, step *Step) {
	if e.Offline {
		step.unknown("the server was not asked")
		return
	}
	s := &e.subject
	withToken := s.token != "" || s.user.Exec == nil
	config, err := e.connection()
	if err != nil {
		step.unknown("the kubeconfig can't be used: %s", text.OneLine(err.Error()))
		return
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		step.unknown("the kubeconfig can't be used: %s", text.OneLine(err.Error()))
		return
	}
	ctx, cancel := context.WithTimeout(ctx, serverPatience)
	defer cancel()
	review, err := client.AuthenticationV1().SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	in, out := true, false
	switch status := apierrors.APIStatus(nil); {
	case err == nil:
		if !withToken {
			step.saw("%s answers, and its certificate is trusted", text.Name(s.server.Server))
			step.unknown("whether it lets you in: the plugin was not run")
			return
		}
		s.letIn, s.reader, s.config = &in, &live.Reader{Client: client}, config
		e.known(step, &review.Status.UserInfo)
	case errors.As(err, &status) && !withToken:
		step.saw("%s answers, and its certificate is trusted", text.Name(s.server.Server))
		step.unknown("whether it lets you in: the plugin was not run")
	case apierrors.IsUnauthorized(err):
		s.letIn = &out
		step.State = Wrong
		step.saw("%s answers, and its certificate is trusted", text.Name(s.server.Server))
		step.saw(`401, "Unauthorized": it does not let you in; why, only the log of its authenticator says`)
	case apierrors.IsForbidden(err):
		s.letIn, s.reader, s.config = &in, &live.Reader{Client: client}, config
		step.saw("403, \"forbidden\": it lets you in, as %s, and you may not ask who you are", text.Name(quotedUser(err.Error())))
		e.username(step, quotedUser(err.Error()))
	case errors.As(err, &status):
		step.unknown("the server answers: %s", text.OneLine(err.Error()))
	default:
		e.unreached(step, err)
	}
}

// connection is to the server with the token that the plugin made: it is not run again.
func (e *Examination) connection() (*rest.Config, error) {
	c := e.Config.DeepCopy()
	if user := c.AuthInfos[e.subject.UserName]; user.Exec != nil {
		user.Exec = nil
		user.Token, user.TokenFile = e.subject.token, ""
	}
	chosen := c.Contexts[e.subject.Context]
	chosen.AuthInfo = e.subject.UserName
	config, err := clientcmd.NewDefaultClientConfig(*c, &clientcmd.ConfigOverrides{CurrentContext: e.subject.Context}).ClientConfig()
	if err != nil {
		return nil, err
	}
	config.WarningHandler, config.UserAgent = rest.NoWarnings{}, "kubectl-aws_auth/"+version.String()
	return config, nil
}

var userInQuotes = regexp.MustCompile(`User "([^"]*)"`)

// quotedUser is the user whom the API server names in a refusal.
func quotedUser(message string) string {
	if m := userInQuotes.FindStringSubmatch(message); m != nil {
		return m[1]
	}
	return ""
}

// known takes what the server knows of the caller.
func (e *Examination) known(step *Step, user *authenticationv1.UserInfo) {
	s := &e.subject
	s.username, s.groups = user.Username, user.Groups
	step.saw("it lets you in as %s, groups %s", text.Name(user.Username), text.List(user.Groups))
	e.username(step, user.Username)
	for name, values := range user.Extra {
		if strings.EqualFold(name, extraARN) && len(values) > 0 {
			if who, err := trace.CallerOf(values[0]); err == nil {
				step.saw("EKS sees %s", values[0])
				who.Cluster = s.Cluster
				s.Caller = &who
			}
		}
	}
}

// username looks at whom the server takes the caller for.
func (e *Examination) username(step *Step, name string) {
	switch {
	case name == anonymous:
		step.wrong("no-credentials-in-user", "the server takes you for "+anonymous+": no credentials came with the request", e.update())
	case strings.HasPrefix(name, serviceAccount):
		step.wrong("in-cluster", "the server knows you as the service account "+text.Name(strings.TrimPrefix(name, serviceAccount))+", not by IAM", e.update())
	case name == "":
		step.wrong("username-empty", "the map gives you the empty username: what the API server answers itself works, and what it passes on fails",
			"give the entry a username: kubectl aws-auth set ARN --username NAME")
	}
}

// viaProxy reports whether the way to the server goes through a proxy: that of the kubeconfig, or of the environment, which leaves out
// what NO_PROXY names and this machine itself.
func (e *Examination) viaProxy() bool {
	s := &e.subject
	if s.server.ProxyURL != "" {
		return true
	}
	address, err := url.Parse(s.server.Server)
	if err != nil {
		return false
	}
	either := func(name string) string { return orElse(e.Environment(name), e.Environment(strings.ToLower(name))) }
	environment := httpproxy.Config{HTTPProxy: either("HTTP_PROXY"), HTTPSProxy: either("HTTPS_PROXY"), NoProxy: either("NO_PROXY")}
	proxy, err := environment.ProxyFunc()(address)
	return err == nil && proxy != nil
}

// unreached says why no answer came.
func (e *Examination) unreached(step *Step, err error) {
	s := &e.subject
	step.saw("%s", text.Cut(text.OneLine(err.Error()), maxSaid))
	said := err.Error()
	var timeout net.Error
	var dns *net.DNSError
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	viaProxy := "take the server out of the proxy: export NO_PROXY=" + text.Name(hostOf(s.server.Server)) + ", or unset HTTPS_PROXY and proxy-url"
	describe := "aws eks describe-cluster --name " + text.Name(orElse(s.Cluster, "CLUSTER")) + " --query cluster."
	switch {
	case strings.Contains(said, "proxyconnect") || e.viaProxy() && strings.Contains(said, "TLS handshake timeout"):
		step.wrong("proxy", "the way to the server goes through a proxy that does not let it through", viaProxy)
	case errors.As(err, &authority), errors.As(err, &name), errors.As(err, &invalid):
		if e.viaProxy() {
			step.wrong("proxy", "the server's certificate is not that of the cluster: a proxy may have put its own in", viaProxy)
			return
		}
		step.wrong("certificate", "the server's certificate is not one of the authority in the kubeconfig: the cluster was created again, or this is another server", e.update())
	case errors.As(err, &dns) && dns.IsNotFound:
		step.wrong("cluster-gone", "there is no such server: the cluster was deleted, or created again under the same name", e.update())
	case strings.Contains(said, "connection refused"):
		step.wrong("unreachable", "nobody listens at the server's address", e.update())
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		step.wrong("unreachable", "the server does not answer: its endpoint is private, or does not let your address in",
			describe+"resourcesVpcConfig", "come from where it does: through a VPN or a bastion; or have publicAccessCidrs changed")
	default:
		step.unknown("the server is not reached")
	}
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
