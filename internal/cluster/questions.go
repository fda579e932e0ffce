package cluster

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

const (
	// fromCache lets the API server answer from its watch cache: an answer may be a moment old.
	fromCache = "0"
	// maxNodes bounds the nodes that are counted one by one.
	maxNodes = 500
)

// lasting is the context of a question that is under way: it goes on when nobody waits for the answer any more, and is
// then of use to those who come later.
func lasting(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), requestTimeout)
}

// countNodes counts the nodes, or says why it can't.
func (c *Cluster) countNodes(ctx context.Context) (*validate.NodeFacts, string) {
	// Only certificate requests show which node joined with which role, and only for as long as the cluster
	// keeps them; without the permission to read them, or in time, the count is enough.
	var (
		requests map[string][]string
		wait     sync.WaitGroup
	)
	wait.Go(func() { requests, _ = c.requests.get(ctx, onlyKey, c.listRequests) })
	nodes, err := c.nodes.get(ctx, onlyKey, c.listNodes)
	wait.Wait()
	if err != nil {
		return nil, reason(err)
	}
	return nodes.with(requests), ""
}

// Nodes reads the nodes of a cluster, and by which role each joined as far as that can be read.
func Nodes(ctx context.Context, client kubernetes.Interface) (*validate.NodeFacts, error) {
	c := &Cluster{client: client}
	nodes, err := c.listNodes(ctx)
	if err != nil {
		return nil, err
	}
	requests, _ := c.listRequests(ctx)
	return nodes.with(requests), nil
}

// with adds what certificate requests tell: the nodes by role, folded.
func (l *nodeList) with(requests map[string][]string) *validate.NodeFacts {
	facts := &validate.NodeFacts{Total: len(l.ready), More: l.more, ByRole: map[string][]string{}}
	for _, ready := range l.ready {
		if ready {
			facts.Ready++
		}
	}
	for role, names := range requests {
		for _, name := range names {
			if _, present := l.ready[name]; present {
				facts.ByRole[role] = append(facts.ByRole[role], name)
			}
		}
	}
	return facts
}

// listClasses lists the node classes.
func (c *Cluster) listClasses(ctx context.Context) (validate.NodeClasses, error) {
	ctx, cancel := lasting(ctx)
	defer cancel()
	return NodeClasses(ctx, c.client)
}

// nodeList are the nodes of the cluster.
type nodeList struct {
	// ready tells for each node whether it is Ready.
	ready map[string]bool
	// more is set where there are more.
	more bool
}

func (c *Cluster) listNodes(ctx context.Context) (*nodeList, error) {
	ctx, cancel := lasting(ctx)
	defer cancel()
	list, err := c.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{ResourceVersion: fromCache, Limit: maxNodes})
	if err != nil {
		return nil, err
	}
	nodes := &nodeList{ready: make(map[string]bool, len(list.Items)), more: list.Continue != ""}
	for i := range list.Items {
		node := &list.Items[i]
		nodes.ready[node.Name] = slices.ContainsFunc(node.Status.Conditions, func(c corev1.NodeCondition) bool {
			return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
		})
	}
	return nodes, nil
}

// listRequests names by role, folded, the nodes whose certificate was asked for.
func (c *Cluster) listRequests(ctx context.Context) (map[string][]string, error) {
	ctx, cancel := lasting(ctx)
	defer cancel()
	list, err := c.client.CertificatesV1().CertificateSigningRequests().List(ctx, metav1.ListOptions{ResourceVersion: fromCache})
	if err != nil {
		return nil, err
	}
	nodes := map[string][]string{}
	for i := range list.Items {
		if role, node := roleOfNode(&list.Items[i]); role != "" && node != "" && !slices.Contains(nodes[role], node) {
			nodes[role] = append(nodes[role], node)
		}
	}
	return nodes, nil
}

// kubeletSigners sign the certificates of kubelets: Kubernetes' own, and the one of EKS.
var kubeletSigners = map[string]bool{
	certificatesv1.KubeletServingSignerName:             true,
	certificatesv1.KubeAPIServerClientKubeletSignerName: true,
	"beta.eks.amazonaws.com/app-serving":                true,
}

// roleOfNode reads from a kubelet's certificate request the role by which the node came in, folded, and the
// node's name.
func roleOfNode(csr *certificatesv1.CertificateSigningRequest) (role, node string) {
	if !kubeletSigners[csr.Spec.SignerName] {
		return "", ""
	}
	node, ok := strings.CutPrefix(csr.Spec.Username, awsauth.NodeUsernamePrefix)
	if !ok {
		node = requestedNode(csr.Spec.Request)
	}
	for name, values := range csr.Spec.Extra {
		if strings.EqualFold(name, "canonicalArn") && len(values) > 0 {
			return arn.Fold(values[0]), node
		}
	}
	return "", ""
}

// requestedNode is the node whose certificate is asked for.
func requestedNode(request []byte) string {
	block, _ := pem.Decode(request)
	if block == nil {
		return ""
	}
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return ""
	}
	node, _ := strings.CutPrefix(csr.Subject.CommonName, awsauth.NodeUsernamePrefix)
	return node
}

// listBindings gathers the users and groups that bindings name.
func (c *Cluster) listBindings(ctx context.Context) (*validate.BindingFacts, error) {
	ctx, cancel := lasting(ctx)
	defer cancel()
	facts := &validate.BindingFacts{Users: map[string]string{}, Groups: map[string]string{}}
	var cluster *rbacv1.ClusterRoleBindingList
	var namespaced *rbacv1.RoleBindingList
	both, ctx := errgroup.WithContext(ctx)
	both.Go(func() (err error) {
		cluster, err = c.client.RbacV1().ClusterRoleBindings().List(ctx, metav1.ListOptions{ResourceVersion: fromCache})
		return err
	})
	both.Go(func() (err error) {
		namespaced, err = c.client.RbacV1().RoleBindings(metav1.NamespaceAll).List(ctx, metav1.ListOptions{ResourceVersion: fromCache})
		return err
	})
	if err := both.Wait(); err != nil {
		return nil, err
	}
	for i := range cluster.Items {
		addSubjects(facts, "ClusterRoleBinding "+cluster.Items[i].Name, cluster.Items[i].Subjects)
	}
	for i := range namespaced.Items {
		b := &namespaced.Items[i]
		addSubjects(facts, "RoleBinding "+b.Namespace+"/"+b.Name, b.Subjects)
	}
	return facts, nil
}

func addSubjects(facts *validate.BindingFacts, binding string, subjects []rbacv1.Subject) {
	for _, s := range subjects {
		names := facts.Users
		switch s.Kind {
		case rbacv1.GroupKind:
			names = facts.Groups
		case rbacv1.UserKind:
		default:
			continue
		}
		if names[s.Name] == "" {
			names[s.Name] = binding
		}
	}
}

// askGrants asks whether the user could act as those whom it grants, and says why it does not know of some. Whoever may act
// as everybody needs no other question.
func (c *Cluster) askGrants(ctx context.Context, q validate.Questions, user *authenticationv1.UserInfo) (may map[validate.Grant]bool, blind string) {
	who, err := identityOf(user)
	if err != nil {
		return nil, reason(err)
	}
	may = map[validate.Grant]bool{}
	var everybody []validate.Grant
	for _, g := range q.Grants {
		if !slices.Contains(everybody, g.Any()) {
			everybody = append(everybody, g.Any())
		}
	}
	err = c.askAll(ctx, everybody, who, user, may)
	named, _ := q.Named(may)
	err = errors.Join(err, c.askAll(ctx, named, who, user, may))
	return may, reason(err)
}

// askAll asks about some grants at once and notes the answers.
func (c *Cluster) askAll(ctx context.Context, grants []validate.Grant, who identity, user *authenticationv1.UserInfo, may map[validate.Grant]bool) error {
	var (
		mu     sync.Mutex
		wait   sync.WaitGroup
		failed error
	)
	note := func(grant validate.Grant, yes bool, err error) {
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			failed = errors.Join(failed, err)
			return
		}
		may[grant] = yes
	}
	for _, grant := range grants {
		key := grantKey(who, grant)
		if yes, ok := c.grants.fresh(key); ok {
			note(grant, yes, nil)
			continue
		}
		wait.Go(func() {
			yes, err := c.grants.get(ctx, key, func(ctx context.Context) (bool, error) {
				if err := c.turns.take(ctx, who); err != nil {
					return false, err
				}
				defer c.turns.leave(who)
				return c.mayImpersonate(ctx, user, grant)
			})
			note(grant, yes, err)
		})
	}
	wait.Wait()
	return failed
}

// mayImpersonate asks whether the user could act as what it grants.
func (c *Cluster) mayImpersonate(ctx context.Context, user *authenticationv1.UserInfo, grant validate.Grant) (bool, error) {
	ctx, cancel := lasting(ctx)
	defer cancel()
	extra := map[string]authorizationv1.ExtraValue{}
	for name, values := range user.Extra {
		extra[name] = authorizationv1.ExtraValue(values)
	}
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: user.Username, Groups: user.Groups, UID: user.UID, Extra: extra,
		ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: "impersonate", Resource: grant.Kind + "s", Name: grant.Name},
	}}
	answer, err := c.client.AuthorizationV1().SubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
	if err != nil {
		return false, err
	}
	return answer.Status.Allowed, nil
}
