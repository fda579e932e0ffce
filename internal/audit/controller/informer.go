package controller

import (
	"context"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/cache"

	"github.com/aws-auth-guard/aws-auth-guard/internal/audit"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// pageSize bounds the objects that are in memory at once where the API server can't stream them.
const pageSize = 250

// informer follows one kind of object.
type informer struct {
	title string
	cache.Store
	cache.Controller
}

// newInformer makes an informer that calls changed for each object that matters and comes, changes or goes.
func newInformer(title string, example runtime.Object, source *cache.ListWatch, changed func()) *informer {
	i := &informer{title: title}
	i.Store, i.Controller = cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: paged(source), ObjectType: example, Transform: compact,
		Handler: cache.FilteringResourceEventHandler{FilterFunc: matters, Handler: cache.ResourceEventHandlerFuncs{
			AddFunc: func(any) { changed() }, UpdateFunc: func(any, any) { changed() }, DeleteFunc: func(any) { changed() },
		}},
	})
	return i
}

// paged lists page by page, of what is stored now, and strips each page, so that a whole list is never in memory.
func paged(source *cache.ListWatch) *cache.ListWatch {
	return &cache.ListWatch{
		WatchFuncWithContext: source.WatchWithContext,
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			o.Limit = pageSize
			if o.ResourceVersion == "0" {
				// From its cache the API server would send everything at once.
				o.ResourceVersion, o.ResourceVersionMatch = "", ""
			}
			list, err := source.ListWithContext(ctx, o)
			if err != nil {
				return nil, err
			}
			return list, meta.EachListItem(list, func(o runtime.Object) error {
				strip(o)
				return nil
			})
		},
	}
}

// objects are those that an informer holds.
func objects[T any](i *informer) []T {
	var list []T
	for _, o := range i.List() {
		if t, ok := o.(T); ok {
			list = append(list, t)
		}
	}
	return list
}

// informers are all that the auditor follows: bindings of all names, and of the rest single objects.
type informers struct {
	maps, bindings, clusterBindings, mutating, validating *informer
	// crds are the definitions of the kinds of reports that are wanted.
	crds []*informer
	// classes are the kinds of node class. A cluster may lack any of them.
	classes []*nodeClasses
}

func (i *informers) all() []*informer {
	all := append([]*informer{i.maps, i.bindings, i.clusterBindings, i.mutating, i.validating}, i.crds...)
	for _, c := range i.classes {
		all = append(all, c.definition)
	}
	return all
}

// newInformers makes the informers. guard is the name of the webhook configurations.
func newInformers(client kubernetes.Interface, objects metadata.Interface, guard string, kinds []audit.API, changed, crdsChanged func()) *informers {
	rbac := func(resource string) *cache.ListWatch {
		return cache.NewListWatchFromClient(client.RbacV1().RESTClient(), resource, metav1.NamespaceAll, fields.Everything())
	}
	admission := func(resource string) *cache.ListWatch {
		return cache.NewListWatchFromClient(client.AdmissionregistrationV1().RESTClient(), resource, metav1.NamespaceAll, named(guard))
	}
	theMap := cache.NewListWatchFromClient(client.CoreV1().RESTClient(), "configmaps", awsauth.Namespace, named(awsauth.Name))
	all := &informers{
		maps:            newInformer("the map", &corev1.ConfigMap{}, theMap, changed),
		bindings:        newInformer("RoleBindings", &rbacv1.RoleBinding{}, rbac("rolebindings"), changed),
		clusterBindings: newInformer("ClusterRoleBindings", &rbacv1.ClusterRoleBinding{}, rbac("clusterrolebindings"), changed),
		mutating:        newInformer("MutatingWebhookConfigurations", &admissionv1.MutatingWebhookConfiguration{}, admission("mutatingwebhookconfigurations"), changed),
		validating:      newInformer("ValidatingWebhookConfigurations", &admissionv1.ValidatingWebhookConfiguration{}, admission("validatingwebhookconfigurations"), changed),
	}
	for _, kind := range kinds {
		all.crds = append(all.crds, newInformer("the CustomResourceDefinition "+kind.CRD(), &metav1.PartialObjectMetadata{}, definition(objects, kind.CRD()), crdsChanged))
	}
	return all
}

// named selects one object. Permissions that name it are enough for that.
func named(name string) fields.Selector {
	return fields.OneTermEqualSelector(metav1.ObjectNameField, name)
}

// definition follows one CustomResourceDefinition, without what it defines.
func definition(client metadata.Interface, name string) *cache.ListWatch {
	api := client.Resource(schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"})
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			o.FieldSelector = named(name).String()
			return api.List(ctx, o)
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			o.FieldSelector = named(name).String()
			return api.Watch(ctx, o)
		},
	}
}
