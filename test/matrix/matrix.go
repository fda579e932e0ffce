package matrix

import (
	"context"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/test/controlplane"
	"github.com/aws-auth-guard/aws-auth-guard/test/guard"
)

// The profiles that a test is run in.
const (
	Standard = "standard"
	Strict   = "strict"
)

// Cell is one failure policy with one profile, and the guard that runs so.
type Cell struct {
	Failure admissionregistrationv1.FailurePolicyType
	Profile string
	*guard.Guard
	Server *controlplane.ControlPlane
	// Admin is a member of system:masters, whose warnings go nowhere.
	Admin kubernetes.Interface
}

// Run runs a test in each cell, with a guard of its own that the API server asks from the beginning to the end. The map
// is not there when the test begins. The options' directory and policy are set here; their program is built where it
// is empty.
func Run(t *testing.T, server *controlplane.ControlPlane, options guard.Options, test func(t *testing.T, c *Cell)) {
	t.Helper()
	if options.Program == "" {
		program, err := guard.Build(t.Context(), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		options.Program = program
	}
	quiet := rest.CopyConfig(server.AdminConfig)
	quiet.WarningHandler = rest.NoWarnings{}
	admin, err := kubernetes.NewForConfig(quiet)
	if err != nil {
		t.Fatal(err)
	}
	for _, failure := range []admissionregistrationv1.FailurePolicyType{admissionregistrationv1.Ignore, admissionregistrationv1.Fail} {
		for _, profile := range []string{Standard, Strict} {
			t.Run(string(failure)+" "+profile, func(t *testing.T) {
				c := &Cell{Failure: failure, Profile: profile, Server: server, Admin: admin}
				c.start(t, options)
				test(t, c)
			})
		}
	}
}

func (c *Cell) start(t *testing.T, options guard.Options) {
	t.Helper()
	options.Directory = t.TempDir()
	options.Policy = "apiVersion: aws-auth-guard.dev/v1alpha1\nkind: GuardPolicy\nprofile: " + c.Profile + "\n"
	// What ends with the test would end the guard before it is unregistered.
	ctx := context.WithoutCancel(t.Context())
	var err error
	if c.Guard, err = guard.Start(ctx, options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Unregister(ctx, c.Server.AdminConfig); err != nil {
			t.Error(err)
		}
		if err := c.Stop(); err != nil {
			t.Errorf("the guard ended with %v", err)
		}
		c.remove(ctx, t)
	})
	c.remove(ctx, t)
	if err := c.RegisterWith(ctx, c.Server.AdminConfig, c.Failure); err != nil {
		t.Fatal(err)
	}
}

// remove deletes the map while nobody guards it.
func (c *Cell) remove(ctx context.Context, t *testing.T) {
	t.Helper()
	err := c.Admin.CoreV1().ConfigMaps(metav1.NamespaceSystem).Delete(ctx, "aws-auth", metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		t.Error(err)
	}
}
