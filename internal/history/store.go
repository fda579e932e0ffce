package history

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/pager"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// DefaultNamespace is the guard's own where it was installed as the documentation says.
const DefaultNamespace = "aws-auth-guard"

// pageSize bounds the revisions that are in memory at once: each may hold more than a megabyte.
const pageSize = 10

// selector finds the revisions.
const selector = Label + "=" + awsauth.Name

// ErrNotFound says that there is no such revision.
var ErrNotFound = errors.New("no such revision")

// Store reads the history of one namespace. It may be used by many at once.
type Store struct {
	client    kubernetes.Interface
	namespace string
}

// NewStore makes a Store.
func NewStore(client kubernetes.Interface, namespace string) *Store {
	return &Store{client: client, namespace: namespace}
}

// List gives all revisions, the newest first. What does not hold what its name says was not made by the guard and is left
// out. Errors are the API server's.
func (s *Store) List(ctx context.Context) ([]*Revision, error) {
	var all []*Revision
	err := each(ctx, s.client, s.namespace, func(o *appsv1.ControllerRevision) { all = append(all, revisionOf(o)) })
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, newerFirst)
	return all, nil
}

// newerFirst orders revisions by number. Two processes that record at the same time may give one number twice, until
// the next look; then the later state of the map counts as the newer.
func newerFirst(a, b *Revision) int {
	versions, err := resourceversion.CompareResourceVersion(b.MapResourceVersion, a.MapResourceVersion)
	if err != nil {
		versions = 0
	}
	return cmp.Or(cmp.Compare(b.Number, a.Number), versions, strings.Compare(a.Name, b.Name))
}

// Get reads the revision of a number, or the one that had it before it came back under a higher one, with its content.
// The error is ErrNotFound where there is none.
func (s *Store) Get(ctx context.Context, number int64) (*Revision, Content, error) {
	all, err := s.List(ctx)
	if err != nil {
		return nil, Content{}, err
	}
	for _, is := range []func(*Revision) bool{
		func(r *Revision) bool { return r.Number == number },
		func(r *Revision) bool { return r.Is(number) },
	} {
		if i := slices.IndexFunc(all, is); i >= 0 {
			return s.read(ctx, all[i].Name)
		}
	}
	return nil, Content{}, ErrNotFound
}

// LastGood reads the newest good revision with its content. The error is ErrNotFound where there is none.
func (s *Store) LastGood(ctx context.Context) (*Revision, Content, error) {
	return s.Newest(ctx, func(r *Revision) bool { return r.Good })
}

// Newest reads the newest revision that fits, with its content. The error is ErrNotFound where there is none.
func (s *Store) Newest(ctx context.Context, fits func(*Revision) bool) (*Revision, Content, error) {
	all, err := s.List(ctx)
	if err != nil {
		return nil, Content{}, err
	}
	if i := slices.IndexFunc(all, fits); i >= 0 {
		return s.read(ctx, all[i].Name)
	}
	return nil, Content{}, ErrNotFound
}

// Content reads what a revision holds.
func (s *Store) Content(ctx context.Context, of *Revision) (Content, error) {
	_, content, err := s.read(ctx, of.Name)
	return content, err
}

// read reads one ControllerRevision.
func (s *Store) read(ctx context.Context, name string) (*Revision, Content, error) {
	o, err := s.client.AppsV1().ControllerRevisions(s.namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, Content{}, err
	}
	content, err := decode(o.Name, o.Data.Raw)
	if err != nil {
		return nil, Content{}, fmt.Errorf("revision %d (ControllerRevision %s/%s): %w", o.Revision, s.namespace, name, err)
	}
	return revisionOf(o), content, nil
}

// Namespaces finds where histories are kept, sorted. It reads the ControllerRevisions of all namespaces.
func Namespaces(ctx context.Context, client kubernetes.Interface) ([]string, error) {
	found := map[string]bool{}
	err := each(ctx, client, metav1.NamespaceAll, func(o *appsv1.ControllerRevision) { found[o.Namespace] = true })
	return slices.Sorted(maps.Keys(found)), err
}

// each visits the revisions of a namespace, a few at a time.
func each(ctx context.Context, client kubernetes.Interface, namespace string, visit func(*appsv1.ControllerRevision)) error {
	p := pager.New(func(ctx context.Context, l metav1.ListOptions) (runtime.Object, error) {
		return client.AppsV1().ControllerRevisions(namespace).List(ctx, l)
	})
	p.PageSize, p.PageBufferSize = pageSize, 0
	return p.EachListItem(ctx, metav1.ListOptions{LabelSelector: selector}, func(o runtime.Object) error {
		revision, ok := o.(*appsv1.ControllerRevision)
		if !ok {
			return fmt.Errorf("the API server sent a %T", o)
		}
		if _, err := decode(revision.Name, revision.Data.Raw); err == nil {
			visit(revision)
		}
		return nil
	})
}
