package auditor

import (
	"context"
	"slices"
	"sync"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/cache"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/audit"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/guardstate"
)

// pageSize bounds the objects that are in memory at once where the API server can't stream them.
const pageSize = 250

// feed keeps one kind of object as the API server shows it, stripped of what the auditor does not need. It is a
// cache.ReflectorStore. Objects that strip makes nil are not kept.
type feed struct {
	title   string
	example runtime.Object
	source  *cache.ListWatch
	strip   func(runtime.Object) runtime.Object
	// name makes an object of the kind of example with nothing but its name.
	name    func(metav1.Object) runtime.Object
	changed func()

	items  cache.Store
	once   sync.Once
	synced chan struct{}
}

func newFeed(title string, example runtime.Object, source *cache.ListWatch, strip func(runtime.Object) runtime.Object, name func(metav1.Object) runtime.Object, changed func()) *feed {
	f := &feed{title: title, example: example, strip: strip, name: name, changed: changed, items: cache.NewStore(cache.MetaNamespaceKeyFunc), synced: make(chan struct{})}
	f.source = f.stripped(source)
	return f
}

// stripped lists page by page and strips each page, so that a whole list is never in memory, and strips what is watched.
func (f *feed) stripped(source *cache.ListWatch) *cache.ListWatch {
	return &cache.ListWatch{
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
			return f.stripList(list)
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			w, err := source.WatchWithContext(ctx, o)
			if err != nil {
				return nil, err
			}
			return watch.Filter(w, func(e watch.Event) (watch.Event, bool) {
				switch e.Type {
				case watch.Added, watch.Modified, watch.Deleted:
					e.Object = f.bare(e.Object)
				case watch.Bookmark:
					e.Object = bookmark(e.Object)
				}
				return e, true
			}), nil
		},
	}
}

// stripList makes a list of what is kept of a page.
func (f *feed) stripList(list runtime.Object) (runtime.Object, error) {
	of, err := meta.ListAccessor(list)
	if err != nil {
		return nil, err
	}
	items, err := meta.ExtractList(list)
	if err != nil {
		return nil, err
	}
	page := &page{ListMeta: metav1.ListMeta{ResourceVersion: of.GetResourceVersion(), Continue: of.GetContinue(), RemainingItemCount: of.GetRemainingItemCount()}}
	for _, o := range items {
		page.Items = append(page.Items, f.bare(o))
	}
	return page, nil
}

// page is a list of stripped objects.
type page struct {
	metav1.TypeMeta
	metav1.ListMeta
	Items []runtime.Object
}

// DeepCopyObject implements runtime.Object. What it holds is never changed, so that needs no copy.
func (p *page) DeepCopyObject() runtime.Object {
	c := *p
	c.Items = slices.Clone(p.Items)
	return &c
}

// bare is an object without what is not needed: one that is not kept is left with its name.
func (f *feed) bare(o runtime.Object) runtime.Object {
	if s := f.strip(o); s != nil {
		return s
	}
	from, err := meta.Accessor(o)
	if err != nil {
		return o
	}
	return f.name(from)
}

// Add implements cache.ReflectorStore.
func (f *feed) Add(o any) error {
	object, ok := o.(runtime.Object)
	if !ok || f.strip(object) == nil {
		return f.Delete(o)
	}
	defer f.changed()
	return f.items.Add(o)
}

// Update implements cache.ReflectorStore.
func (f *feed) Update(o any) error { return f.Add(o) }

// Delete implements cache.ReflectorStore.
func (f *feed) Delete(o any) error {
	if _, there, err := f.items.Get(o); err != nil || !there {
		return err
	}
	defer f.changed()
	return f.items.Delete(o)
}

// Replace implements cache.ReflectorStore.
func (f *feed) Replace(list []any, version string) error {
	kept := list[:0]
	for _, o := range list {
		if object, ok := o.(runtime.Object); ok && f.strip(object) != nil {
			kept = append(kept, o)
		}
	}
	defer f.changed()
	defer f.once.Do(func() { close(f.synced) })
	return f.items.Replace(kept, version)
}

// Resync implements cache.ReflectorStore.
func (f *feed) Resync() error { return nil }

// isSynced reports whether the feed has seen all objects once.
func (f *feed) isSynced() bool {
	select {
	case <-f.synced:
		return true
	default:
		return false
	}
}

// run follows the objects until ctx ends.
func (f *feed) run(ctx context.Context) {
	cache.NewReflectorWithOptions(f.source, f.example, f, cache.ReflectorOptions{Name: f.title, TypeDescription: f.title}).RunWithContext(ctx)
}

// objects are those that a feed keeps.
func objects[T runtime.Object](f *feed) []T {
	var list []T
	for _, o := range f.items.List() {
		if t, ok := o.(T); ok {
			list = append(list, t)
		}
	}
	return list
}

// feeds are all that the auditor follows: bindings of all names, and of the rest single objects.
type feeds struct {
	maps, bindings, clusterBindings, mutating, validating *feed
	// crds are the definitions of the kinds of reports that are wanted.
	crds []*feed
}

func (f *feeds) all() []*feed {
	return append([]*feed{f.maps, f.bindings, f.clusterBindings, f.mutating, f.validating}, f.crds...)
}

// newFeeds makes the feeds. guard is the name of the webhook configurations.
func newFeeds(client kubernetes.Interface, objects metadata.Interface, guard string, kinds []audit.API, changed, crdsChanged func()) *feeds {
	rbac := func(resource string) *cache.ListWatch {
		return cache.NewListWatchFromClient(client.RbacV1().RESTClient(), resource, metav1.NamespaceAll, fields.Everything())
	}
	admission := func(resource string) *cache.ListWatch {
		return cache.NewListWatchFromClient(client.AdmissionregistrationV1().RESTClient(), resource, metav1.NamespaceAll, named(guard))
	}
	core := client.CoreV1().RESTClient()
	all := &feeds{
		maps: newFeed("the map", &corev1.ConfigMap{},
			cache.NewListWatchFromClient(core, "configmaps", awsauth.Namespace, named(awsauth.Name)),
			func(o runtime.Object) runtime.Object { return o }, nameMap, changed),
		bindings:        newFeed("RoleBindings", &binding{}, rbac("rolebindings"), stripBinding, nameBinding, changed),
		clusterBindings: newFeed("ClusterRoleBindings", &binding{}, rbac("clusterrolebindings"), stripBinding, nameBinding, changed),
		mutating:        newFeed("MutatingWebhookConfigurations", &admissionv1.MutatingWebhookConfiguration{}, admission("mutatingwebhookconfigurations"), stripWebhooks, nameMutating, changed),
		validating:      newFeed("ValidatingWebhookConfigurations", &admissionv1.ValidatingWebhookConfiguration{}, admission("validatingwebhookconfigurations"), stripWebhooks, nameValidating, changed),
	}
	for _, kind := range kinds {
		all.crds = append(all.crds, newFeed("the CustomResourceDefinition "+kind.CRD(), &metav1.PartialObjectMetadata{}, definition(objects, kind.CRD()), stripDefinition, nameDefinition, crdsChanged))
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

// stripDefinition keeps that a definition is there.
func stripDefinition(o runtime.Object) runtime.Object {
	m, ok := o.(*metav1.PartialObjectMetadata)
	if !ok {
		return nil
	}
	return &metav1.PartialObjectMetadata{ObjectMeta: metadataOf(m)}
}

// metadataOf is what every object needs here.
func metadataOf(o metav1.Object) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: o.GetNamespace(), Name: o.GetName(), ResourceVersion: o.GetResourceVersion()}
}

// stripWebhooks keeps the configurations that hold a webhook of the guard.
func stripWebhooks(o runtime.Object) runtime.Object {
	switch c := o.(type) {
	case *admissionv1.MutatingWebhookConfiguration:
		if len(guardstate.Find([]*admissionv1.MutatingWebhookConfiguration{c}, nil)) > 0 {
			return &admissionv1.MutatingWebhookConfiguration{ObjectMeta: metadataOf(c), Webhooks: c.Webhooks}
		}
	case *admissionv1.ValidatingWebhookConfiguration:
		if len(guardstate.Find(nil, []*admissionv1.ValidatingWebhookConfiguration{c})) > 0 {
			return &admissionv1.ValidatingWebhookConfiguration{ObjectMeta: metadataOf(c), Webhooks: c.Webhooks}
		}
	}
	return nil
}

// The objects that are not kept, by their kinds.
func nameMap(o metav1.Object) runtime.Object { return &corev1.ConfigMap{ObjectMeta: metadataOf(o)} }

func nameMutating(o metav1.Object) runtime.Object {
	return &admissionv1.MutatingWebhookConfiguration{ObjectMeta: metadataOf(o)}
}

func nameValidating(o metav1.Object) runtime.Object {
	return &admissionv1.ValidatingWebhookConfiguration{ObjectMeta: metadataOf(o)}
}

func nameDefinition(o metav1.Object) runtime.Object {
	return &metav1.PartialObjectMetadata{ObjectMeta: metadataOf(o)}
}
