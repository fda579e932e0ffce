package cluster

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

const (
	// fromCache lets the API server answer from its watch cache: an answer may be a moment old.
	fromCache = "0"
	// maxNodes bounds the nodes that are counted one by one.
	maxNodes = 500
)

// listNodes counts Ready nodes and, where it may, finds by which role they came in.
func (c *Cluster) listNodes(ctx context.Context) (*validate.NodeFacts, error) {
	// Which node came in by which role is told by certificate requests alone, and only for as long as the cluster
	// keeps them; without the permission to read them the count is enough.
	var requests *certificatesv1.CertificateSigningRequestList
	var wait sync.WaitGroup
	wait.Go(func() {
		if found, err := c.client.CertificatesV1().CertificateSigningRequests().List(ctx, metav1.ListOptions{ResourceVersion: fromCache}); err == nil {
			requests = found
		}
	})
	list, err := c.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{ResourceVersion: fromCache, Limit: maxNodes})
	wait.Wait()
	if err != nil {
		return nil, err
	}
	facts := &validate.NodeFacts{More: list.Continue != "", ByRole: map[string][]string{}}
	present := map[string]bool{}
	for i := range list.Items {
		node := &list.Items[i]
		present[node.Name] = true
		for _, condition := range node.Status.Conditions {
			if condition.Type == corev1.NodeReady && condition.Status == corev1.ConditionTrue {
				facts.Ready++
			}
		}
	}
	if requests != nil {
		for i := range requests.Items {
			if role, node := roleOfNode(&requests.Items[i]); role != "" && present[node] {
				facts.ByRole[role] = append(facts.ByRole[role], node)
			}
		}
	}
	return facts, nil
}

// kubeletSigners sign the certificates of kubelets: Kubernetes' own, and the one of EKS.
var kubeletSigners = map[string]bool{
	certificatesv1.KubeletServingSignerName:             true,
	certificatesv1.KubeAPIServerClientKubeletSignerName: true,
	"beta.eks.amazonaws.com/app-serving":                true,
}

const nodeUserPrefix = "system:node:"

// roleOfNode reads from a kubelet's certificate request the role by which the node came in, folded, and the
// node's name.
func roleOfNode(csr *certificatesv1.CertificateSigningRequest) (role, node string) {
	if !kubeletSigners[csr.Spec.SignerName] {
		return "", ""
	}
	node, ok := strings.CutPrefix(csr.Spec.Username, nodeUserPrefix)
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
	node, _ := strings.CutPrefix(csr.Subject.CommonName, nodeUserPrefix)
	return node
}

// listBindings gathers the users and groups that bindings name.
func (c *Cluster) listBindings(ctx context.Context) (*validate.BindingFacts, error) {
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

// mayImpersonate asks whether the user could act as what it grants.
func (c *Cluster) mayImpersonate(ctx context.Context, user authenticationv1.UserInfo, grant validate.Grant) (bool, error) {
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
