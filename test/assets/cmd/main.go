// Command cmd makes kube-apiserver, etcd and kubectl available and prints the folder of the servers, which is
// fit to be KUBEBUILDER_ASSETS. What it does meanwhile goes to standard error.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/aws-auth-guard/aws-auth-guard/test/assets"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	found, err := assets.Ensure(ctx, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(found.Directory)
}
