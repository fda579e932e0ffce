package authenticator

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"strings"
	"unsafe"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"sigs.k8s.io/aws-iam-authenticator/pkg/config"
	"sigs.k8s.io/aws-iam-authenticator/pkg/ec2provider"
	"sigs.k8s.io/aws-iam-authenticator/pkg/mapper"
	"sigs.k8s.io/aws-iam-authenticator/pkg/mapper/configmap"
	"sigs.k8s.io/aws-iam-authenticator/pkg/server"

	"github.com/aws-auth-guard/aws-auth-guard/test/cases"
)

// field opens an unexported field of an addressable struct. It panics when the pinned version has no such field.
func field(of reflect.Value, name string) reflect.Value {
	v := of.FieldByName(name)
	return reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem()
}

// handlerOf is the struct behind the server's HTTP handler.
func handlerOf(srv *server.Server) reflect.Value {
	return field(reflect.ValueOf(srv).Elem(), "internalHandler")
}

// wire gives the server its stand-ins for STS and EC2, and makes a store that reads from the feed.
func wire(srv *server.Server, sts http.RoundTripper, f *feed) (http.Handler, *configmap.MapStore) {
	handler := handlerOf(srv)
	verifier := field(handler.Elem(), "verifier").Elem()
	field(verifier.Elem(), "client").Interface().(*http.Client).Transport = sts
	field(handler.Elem(), "ec2Provider").Set(reflect.ValueOf(ec2provider.EC2Provider(instances{})))

	store := &configmap.MapStore{}
	field(reflect.ValueOf(store).Elem(), "configMap").Set(reflect.ValueOf(typedcorev1.ConfigMapInterface(f)))
	return handler.Interface().(http.Handler), store
}

func mapperOf(store *configmap.MapStore) mapper.Mapper {
	return &configmap.ConfigMapMapper{MapStore: store}
}

// setMapper makes m the only mapper of the server, as in a cluster whose backend mode is EKSConfigMap.
func setMapper(srv *server.Server, m mapper.Mapper) {
	backend := field(handlerOf(srv).Elem(), "backendMapper")
	field(backend, "mappers").Set(reflect.ValueOf([]mapper.Mapper{m}))
}

// twins narrow the store, one after the other, to each of the entries that match a caller where several do: user entries
// that differ in case, or role entries that differ by a letter that folds but has no lower case (U+017F). It calls f
// for each and restores the store. It reports false, without a call, when fewer than two match.
func (a *Authenticator) twins(caller cases.Caller, f func() error) (bool, error) {
	canonical, err := Canonicalize(caller.ARN)
	if err != nil {
		return false, nil
	}
	canonical = strings.ToLower(canonical)
	store := reflect.ValueOf(a.store).Elem()
	if _, err := a.store.RoleMapping(canonical); err == nil {
		return eachMatch(field(store, "roles"), func(m config.RoleMapping) bool { return m.Matches(canonical) }, f)
	}
	return eachMatch(field(store, "users"), func(m config.UserMapping) bool { return m.Matches(canonical) }, f)
}

// eachMatch leaves one matching entry at a time in one of the store's maps.
func eachMatch[M any](entries reflect.Value, matches func(M) bool, f func() error) (bool, error) {
	all := entries.Interface().(map[string]M)
	defer entries.Set(reflect.ValueOf(all))
	var found []map[string]M
	for key, m := range all {
		if matches(m) {
			found = append(found, map[string]M{key: m})
		}
	}
	if len(found) < 2 {
		return false, nil
	}
	for _, alone := range found {
		entries.Set(reflect.ValueOf(alone))
		if err := f(); err != nil {
			return true, err
		}
	}
	return true, nil
}

// feed is the API server as far as the mapper can see: a watch on ConfigMaps.
type feed struct {
	typedcorev1.ConfigMapInterface
	events *watch.FakeWatcher
}

func newFeed() *feed { return &feed{events: watch.NewFake()} }

// Watch hands out the one watch there is.
func (f *feed) Watch(context.Context, metav1.ListOptions) (watch.Interface, error) {
	return f.events, nil
}

// send delivers the map. The watch has no buffer and the mapper takes one event after the other, so when it has
// accepted a second event, about another ConfigMap, it is done with the first.
func (f *feed) send(data map[string]string) error {
	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "aws-auth"}, Data: data}
	encoded, err := json.Marshal(cm)
	if err != nil {
		return err
	}
	read := &corev1.ConfigMap{}
	if err := json.Unmarshal(encoded, read); err != nil {
		return err
	}
	f.events.Modify(read)
	f.events.Modify(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "another"}})
	return nil
}

// stsTransport answers for STS: whoever asks is the caller.
type stsTransport struct{ caller cases.Caller }

// RoundTrip answers GetCallerIdentity.
func (s *stsTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	arn := s.caller.ARN
	accountID := ""
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 {
		accountID = parts[4]
	}
	body, err := json.Marshal(map[string]any{"GetCallerIdentityResponse": map[string]any{
		"GetCallerIdentityResult": map[string]string{
			"Account": accountID,
			"Arn":     arn,
			"UserId":  "AROAEXAMPLEPRINCIPAL1:" + s.caller.SessionName,
		},
	}})
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: http.StatusOK,
		Header:     http.Header{"Content-Type": {"application/json"}},
		Body:       io.NopCloser(bytes.NewReader(body)),
		Request:    req,
	}, nil
}

// instances answers for EC2.
type instances struct{}

// GetPrivateDNSName gives the node name of an instance.
func (instances) GetPrivateDNSName(_ context.Context, id string) (string, error) {
	return cases.PrivateDNSName(id)
}

// StartEc2DescribeBatchProcessing has nothing to batch.
func (instances) StartEc2DescribeBatchProcessing(context.Context) {}
