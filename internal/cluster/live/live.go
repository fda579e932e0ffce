package live

import (
	"context"
	"fmt"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/pager"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster"
	"github.com/aws-auth-guard/aws-auth-guard/internal/rbac"
	"github.com/aws-auth-guard/aws-auth-guard/internal/registration"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// Reader reads a cluster.
type Reader struct {
	Client kubernetes.Interface
	// Registration is the name of the guard's webhook configurations, for one who may read no others; empty looks through
	// all of them.
	Registration string
	// Progress gets what is read next; it may be nil.
	Progress func(what string)
}

// Gap is something that could not be read.
type Gap struct {
	// What could not be read, in words for people: "roles".
	What string `json:"what"`
	// Why is the cluster's answer.
	Why string `json:"why"`
}

// Map reads the ConfigMap aws-auth. The error is the API server's; apierrors tells a missing map (IsNotFound) from
// one that may not be read.
func (r *Reader) Map(ctx context.Context) (*corev1.ConfigMap, error) {
	r.tell("the map")
	return r.Client.CoreV1().ConfigMaps(awsauth.Namespace).Get(ctx, awsauth.Name, metav1.GetOptions{})
}

// RBAC reads roles and bindings and makes an index of them. Without the bindings the index is nil; each kind that
// could not be read is a gap.
func (r *Reader) RBAC(ctx context.Context) (*rbac.Index, []Gap) {
	var o rbac.Objects
	var gaps []Gap
	api := r.Client.RbacV1()
	read := func(what string, err error) bool {
		if err != nil {
			gaps = append(gaps, Gap{what, Why(err)})
		}
		return err == nil
	}
	var err error
	r.tell("ClusterRoleBindings")
	o.ClusterRoleBindings, err = list[*rbacv1.ClusterRoleBinding](ctx, api.ClusterRoleBindings().List, metav1.ListOptions{})
	cluster := read("ClusterRoleBindings", err)
	r.tell("RoleBindings")
	o.RoleBindings, err = list[*rbacv1.RoleBinding](ctx, api.RoleBindings(metav1.NamespaceAll).List, metav1.ListOptions{})
	namespaced := read("RoleBindings", err)
	r.tell("ClusterRoles")
	o.ClusterRoles, err = list[*rbacv1.ClusterRole](ctx, api.ClusterRoles().List, metav1.ListOptions{})
	clusterRoles := read("ClusterRoles", err)
	r.tell("Roles")
	o.Roles, err = list[*rbacv1.Role](ctx, api.Roles(metav1.NamespaceAll).List, metav1.ListOptions{})
	roles := read("Roles", err)
	if !cluster || !namespaced {
		return nil, gaps
	}
	return rbac.NewIndex(&o, clusterRoles && roles), gaps
}

// Nodes reads the nodes and the node classes, nil where that is not possible.
func (r *Reader) Nodes(ctx context.Context) (*validate.NodeFacts, validate.NodeClasses, []Gap) {
	var gaps []Gap
	r.tell("nodes")
	nodes, err := cluster.Nodes(ctx, r.Client)
	if err != nil {
		gaps = append(gaps, Gap{"nodes", Why(err)})
	}
	classes, err := cluster.NodeClasses(ctx, r.Client)
	if err != nil {
		gaps = append(gaps, Gap{"node classes", Why(err)})
	}
	return nodes, classes, gaps
}

// Guard judges the guard's registration at a time. It is nil where the webhook configurations could not be read.
func (r *Reader) Guard(ctx context.Context, now time.Time) (*registration.State, []Gap) {
	api := r.Client.AdmissionregistrationV1()
	r.tell("webhook configurations")
	var only metav1.ListOptions
	if r.Registration != "" {
		only.FieldSelector = fields.OneTermEqualSelector(metav1.ObjectNameField, r.Registration).String()
	}
	mutating, err := list[*admissionv1.MutatingWebhookConfiguration](ctx, api.MutatingWebhookConfigurations().List, only)
	if err != nil {
		return nil, []Gap{{"MutatingWebhookConfigurations", Why(err)}}
	}
	validating, err := list[*admissionv1.ValidatingWebhookConfiguration](ctx, api.ValidatingWebhookConfigurations().List, only)
	if err != nil {
		return nil, []Gap{{"ValidatingWebhookConfigurations", Why(err)}}
	}
	return r.Judge(ctx, registration.Find(mutating, validating), now), nil
}

// Judge judges webhooks of the guard at a time; it reads what is behind them.
func (r *Reader) Judge(ctx context.Context, webhooks []*registration.Webhook, now time.Time) *registration.State {
	around := &registration.Surroundings{Now: now, Namespace: r.namespaceLabels(ctx), Backends: map[string]registration.Backend{}}
	for _, w := range webhooks {
		namespace, name, ok := w.Service()
		if key := namespace + "/" + name; ok {
			if _, seen := around.Backends[key]; !seen {
				around.Backends[key] = r.backend(ctx, namespace, name)
			}
		}
	}
	return registration.Judge(webhooks, around)
}

// namespaceLabels are those of kube-system, or where they can't be read the one that the API server sees to.
func (r *Reader) namespaceLabels(ctx context.Context) map[string]string {
	ns, err := r.Client.CoreV1().Namespaces().Get(ctx, awsauth.Namespace, metav1.GetOptions{})
	if err != nil {
		return map[string]string{corev1.LabelMetadataName: awsauth.Namespace}
	}
	return ns.Labels
}

func (r *Reader) backend(ctx context.Context, namespace, name string) registration.Backend {
	r.tell("the guard's endpoints")
	service, err := r.Client.CoreV1().Services(namespace).Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return registration.Backend{}
	case err != nil:
		return registration.Backend{Unread: Why(err)}
	}
	b := registration.Backend{Found: true}
	for _, p := range service.Spec.Ports {
		b.Ports = append(b.Ports, p.Port)
	}
	slices, err := list[*discoveryv1.EndpointSlice](ctx, r.Client.DiscoveryV1().EndpointSlices(namespace).List,
		metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=" + name})
	if err != nil {
		return registration.Backend{Unread: Why(err)}
	}
	for _, s := range slices {
		for _, e := range s.Endpoints {
			if e.Conditions.Ready == nil || *e.Conditions.Ready {
				b.Ready++
			}
		}
	}
	return b
}

func (r *Reader) tell(what string) {
	if r.Progress != nil {
		r.Progress(what)
	}
}

// list reads all pages of a list.
func list[T, L runtime.Object](ctx context.Context, page func(context.Context, metav1.ListOptions) (L, error), o metav1.ListOptions) ([]T, error) {
	var items []T
	pages := pager.New(func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) { return page(ctx, o) })
	all, _, err := pages.List(ctx, o)
	if err != nil {
		return nil, err
	}
	err = meta.EachListItem(all, func(o runtime.Object) error {
		item, ok := o.(T)
		if !ok {
			return fmt.Errorf("the API server sent a %T", o)
		}
		items = append(items, item)
		return nil
	})
	return items, err
}

// Why says in one line why the cluster did not answer.
func Why(err error) string {
	switch {
	case apierrors.IsForbidden(err):
		return "you may not read them: " + err.Error()
	case apierrors.IsUnauthorized(err):
		return "the cluster does not let you in (Unauthorized)"
	}
	return err.Error()
}
