package certs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-logr/logr"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	admissionclient "k8s.io/client-go/kubernetes/typed/admissionregistration/v1"
	coreclient "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// fieldManager owns the caBundle fields.
const fieldManager = "aws-auth-guard"

const (
	// requestTimeout bounds a request.
	requestTimeout = 10 * time.Second
	// The limits of the client; a replica makes a few requests in half a minute.
	queriesPerSecond = 20
	burst            = 40
)

// The kinds of webhook configurations.
const (
	mutating   = "MutatingWebhookConfiguration"
	validating = "ValidatingWebhookConfiguration"
)

// configuration is what matters of a webhook configuration.
type configuration struct {
	kind, resourceVersion string
	// injector is the annotation by which cert-manager writes the caBundle, empty where it does not.
	injector string
	hooks    []hook
}

// injectors are the annotations that cert-manager's cainjector acts on (cert-manager v1.21, pkg/apis/certmanager/v1).
func injectors() []string {
	return []string{"cert-manager.io/inject-ca-from", "cert-manager.io/inject-ca-from-secret", "cert-manager.io/inject-apiserver-ca"}
}

func newConfiguration(kind string, m *metav1.ObjectMeta) configuration {
	c := configuration{kind: kind, resourceVersion: m.ResourceVersion}
	for _, name := range injectors() {
		if m.Annotations[name] != "" {
			c.injector = name
		}
	}
	return c
}

// hook is a webhook that calls our Service.
type hook struct {
	index    int
	name     string
	caBundle []byte
}

// holds reports whether all webhooks have the bundle.
func (c *configuration) holds(bundle []byte) bool {
	for _, h := range c.hooks {
		if !bytes.Equal(h.caBundle, bundle) {
			return false
		}
	}
	return true
}

// api is what the authority needs of an API server.
type api interface {
	// secret reads the Secret as it is stored now, not as some cache has it.
	secret(ctx context.Context) (*corev1.Secret, error)
	create(ctx context.Context, s *corev1.Secret) (*corev1.Secret, error)
	update(ctx context.Context, s *corev1.Secret) (*corev1.Secret, error)
	// configurations reads those webhook configurations that there are, as they are stored now.
	configurations(ctx context.Context) ([]configuration, error)
	// inject writes the bundle, where the configuration is still as it was read; else it fails with a conflict.
	inject(ctx context.Context, c *configuration, bundle []byte) error
	// watch calls changed after each change of any of the objects, until ctx ends.
	watch(ctx context.Context, changed func())
}

// cluster is the api of a real API server.
type cluster struct {
	options       Options
	core          coreclient.CoreV1Interface
	registrations admissionclient.AdmissionregistrationV1Interface
	log           logr.Logger
}

func newCluster(base *rest.Config, o Options, log logr.Logger) (*cluster, error) {
	config := rest.CopyConfig(base)
	config.QPS, config.Burst, config.UserAgent = queriesPerSecond, burst, fieldManager
	config.WarningHandler = rest.NoWarnings{}
	core, err := coreclient.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	registrations, err := admissionclient.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	return &cluster{options: o, core: core, registrations: registrations, log: log}, nil
}

func (c *cluster) secret(ctx context.Context) (*corev1.Secret, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	return c.core.Secrets(c.options.Namespace).Get(ctx, c.options.Secret, metav1.GetOptions{})
}

func (c *cluster) create(ctx context.Context, s *corev1.Secret) (*corev1.Secret, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	return c.core.Secrets(c.options.Namespace).Create(ctx, s, metav1.CreateOptions{FieldManager: fieldManager})
}

func (c *cluster) update(ctx context.Context, s *corev1.Secret) (*corev1.Secret, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	return c.core.Secrets(c.options.Namespace).Update(ctx, s, metav1.UpdateOptions{FieldManager: fieldManager})
}

func (c *cluster) configurations(ctx context.Context) ([]configuration, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	var found []configuration
	m, err := c.registrations.MutatingWebhookConfigurations().Get(ctx, c.options.Configuration, metav1.GetOptions{})
	switch {
	case err == nil:
		one := newConfiguration(mutating, &m.ObjectMeta)
		for i := range m.Webhooks {
			one.add(i, m.Webhooks[i].Name, &m.Webhooks[i].ClientConfig, &c.options)
		}
		found = append(found, one)
	case !apierrors.IsNotFound(err):
		return nil, err
	}
	v, err := c.registrations.ValidatingWebhookConfigurations().Get(ctx, c.options.Configuration, metav1.GetOptions{})
	switch {
	case err == nil:
		one := newConfiguration(validating, &v.ObjectMeta)
		for i := range v.Webhooks {
			one.add(i, v.Webhooks[i].Name, &v.Webhooks[i].ClientConfig, &c.options)
		}
		found = append(found, one)
	case !apierrors.IsNotFound(err):
		return nil, err
	}
	return found, nil
}

// add notes a webhook, where it calls our Service.
func (c *configuration) add(index int, name string, client *admissionregistrationv1.WebhookClientConfig, o *Options) {
	if client.Service != nil && client.Service.Namespace == o.Namespace && client.Service.Name == o.Service {
		c.hooks = append(c.hooks, hook{index, name, client.CABundle})
	}
}

// operation is one of a JSON Patch (RFC 6902).
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

func (c *cluster) inject(ctx context.Context, target *configuration, bundle []byte) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	patch := []operation{{"test", "/metadata/resourceVersion", target.resourceVersion}}
	for _, h := range target.hooks {
		place := fmt.Sprintf("/webhooks/%d", h.index)
		patch = append(patch, operation{"test", place + "/name", h.name}, operation{"add", place + "/clientConfig/caBundle", bundle})
	}
	text, err := json.Marshal(patch)
	if err != nil {
		return err
	}
	options := metav1.PatchOptions{FieldManager: fieldManager}
	if target.kind == mutating {
		_, err = c.registrations.MutatingWebhookConfigurations().Patch(ctx, c.options.Configuration, types.JSONPatchType, text, options)
	} else {
		_, err = c.registrations.ValidatingWebhookConfigurations().Patch(ctx, c.options.Configuration, types.JSONPatchType, text, options)
	}
	if apierrors.IsInvalid(err) && c.changed(ctx, target) {
		// The API server calls a failed test of a JSON Patch invalid, whatever was tested.
		err = apierrors.NewConflict(admissionregistrationv1.Resource(target.kind), c.options.Configuration, err)
	}
	if err != nil {
		return fmt.Errorf("the caBundle of the %s %s can't be written: %w", target.kind, c.options.Configuration, err)
	}
	return nil
}

// changed reports whether a configuration is no longer as it was read.
func (c *cluster) changed(ctx context.Context, before *configuration) bool {
	now, err := c.configurations(ctx)
	return err == nil && !slices.ContainsFunc(now, func(n configuration) bool {
		return n.kind == before.kind && n.resourceVersion == before.resourceVersion
	})
}

// watch follows the three objects, and no others. What changed is not looked at: it is read again.
func (c *cluster) watch(ctx context.Context, changed func()) {
	done := make(chan struct{})
	watched := []struct {
		client    rest.Interface
		resource  string
		namespace string
		name      string
		example   runtime.Object
	}{
		{c.core.RESTClient(), "secrets", c.options.Namespace, c.options.Secret, &corev1.Secret{}},
		{c.registrations.RESTClient(), "mutatingwebhookconfigurations", "", c.options.Configuration, &admissionregistrationv1.MutatingWebhookConfiguration{}},
		{c.registrations.RESTClient(), "validatingwebhookconfigurations", "", c.options.Configuration, &admissionregistrationv1.ValidatingWebhookConfiguration{}},
	}
	for _, w := range watched {
		informer := cache.NewSharedInformer(cache.NewListWatchFromClient(w.client, w.resource, w.namespace, fields.OneTermEqualSelector(metav1.ObjectNameField, w.name)), w.example, 0)
		_, addErr := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc: func(any) { changed() }, UpdateFunc: func(any, any) { changed() }, DeleteFunc: func(any) { changed() },
		})
		report := func(_ context.Context, _ *cache.Reflector, err error) {
			c.log.V(1).Info("a watch was interrupted", "resource", w.resource, "name", w.name, "reason", err.Error())
		}
		if err := errors.Join(addErr, informer.SetWatchErrorHandlerWithContext(report)); err != nil {
			c.log.Error(err, "changes are noticed late", "resource", w.resource, "name", w.name, "interval", pollInterval.String())
		}
		go func() {
			informer.RunWithContext(ctx)
			done <- struct{}{}
		}()
	}
	for range watched {
		<-done
	}
}
