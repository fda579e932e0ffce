// Command certmanager runs cert-manager in a test cluster: its custom resource definitions, its controllers for
// certificates and for issuers of the kinds selfSigned and ca, and its cainjector. They are cert-manager's own
// packages; its own commands are separate modules that the Go module proxy does not serve, hence this one. Its
// validating webhook does not run here, so a wrong manifest is refused later and with other words.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// servedLimit bounds the wait for the API server to serve the definitions, which takes a second or so.
const servedLimit = time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	// controller-runtime has put flags of its own into the common set.
	flags := flag.NewFlagSet("certmanager", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", os.Getenv("KUBECONFIG"), "kubeconfig of the cluster; its user must be an administrator")
	definitions := flags.String("crds", "", "folder with cert-manager's custom resource definitions (deploy/crds of its module)")
	if err := flags.Parse(os.Args[1:]); err != nil {
		return err
	}
	if *kubeconfig == "" || *definitions == "" {
		return fmt.Errorf("both --kubeconfig and --crds are needed")
	}
	ctrl.SetLogger(klog.Background())
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		return err
	}
	if _, err := envtest.InstallCRDs(config, envtest.CRDInstallOptions{Paths: []string{*definitions}, ErrorIfPathMissing: true, MaxTime: servedLimit}); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return runControllers(ctx, *kubeconfig) })
	group.Go(func() error { return runInjector(ctx, rest.CopyConfig(config)) })
	return group.Wait()
}
