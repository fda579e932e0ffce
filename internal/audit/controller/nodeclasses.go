package controller

import (
	"context"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/cache"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// nodeClasses follows one kind of node class for as long as the cluster has it. Of a kind that is not there only the
// definition is watched, which never changes.
type nodeClasses struct {
	kind       cluster.NodeClassKind
	client     dynamic.Interface
	changed    func()
	definition *informer
	// objects are the classes, nil while the cluster does not have the kind; stop ends following them.
	objects *informer
	stop    func()
}

func newNodeClasses(kind cluster.NodeClassKind, client dynamic.Interface, definitions metadata.Interface, changed func()) *nodeClasses {
	return &nodeClasses{
		kind: kind, client: client, changed: changed,
		definition: newInformer("the CustomResourceDefinition "+kind.CRD(), &metav1.PartialObjectMetadata{}, definition(definitions, kind.CRD()), changed),
	}
}

// list are the classes; known is false where the cluster did not tell. It begins and ends following them, and is called by
// one goroutine alone. What it began ends with ctx, and running waits for it.
func (n *nodeClasses) list(ctx context.Context, running *sync.WaitGroup) (classes validate.NodeClasses, known bool) {
	if !n.definition.HasSynced() {
		return nil, false
	}
	if len(n.definition.List()) == 0 {
		if n.stop != nil {
			n.stop()
			n.objects, n.stop = nil, nil
		}
		return validate.NodeClasses{}, true
	}
	if n.objects == nil {
		n.follow(ctx, running)
	}
	for _, c := range objects[*heldClass](n.objects) {
		classes = append(classes, validate.NodeClass{Kind: n.kind.Kind, Name: c.Name, Role: c.role})
	}
	return classes, n.objects.HasSynced()
}

func (n *nodeClasses) follow(ctx context.Context, running *sync.WaitGroup) {
	ctx, n.stop = context.WithCancel(ctx)
	api := n.client.Resource(n.kind.Resource)
	n.objects = newInformer(n.kind.CRD(), &unstructured.Unstructured{}, &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) { return api.List(ctx, o) },
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			return api.Watch(ctx, o)
		},
	}, n.changed)
	objects := n.objects
	running.Go(func() { objects.RunWithContext(ctx) })
	running.Go(func() {
		// That there are none is worth a look too.
		select {
		case <-objects.HasSyncedChecker().Done():
			n.changed()
		case <-ctx.Done():
		}
	})
}

// heldClass is what is kept of a node class: its name and its role.
type heldClass struct {
	metav1.ObjectMeta
	role string
}

func newHeldClass(o *unstructured.Unstructured) *heldClass {
	role, _, _ := unstructured.NestedString(o.Object, "spec", "role")
	return &heldClass{ObjectMeta: metav1.ObjectMeta{Name: o.GetName(), ResourceVersion: o.GetResourceVersion()}, role: role}
}
