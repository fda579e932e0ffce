// Command webhook is the in-cluster server of aws-auth-guard.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

func main() {
	logger := logr.FromSlogHandler(slog.NewJSONHandler(os.Stderr, nil))
	log.SetLogger(logger)
	if err := run(logger); err != nil {
		fmt.Fprintf(os.Stderr, "webhook: %v\n", err)
		os.Exit(1)
	}
}

// run serves until the first SIGTERM or SIGINT and then drains; a second one ends the process at once.
func run(logger logr.Logger) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	context.AfterFunc(ctx, stop)
	return newCommand(logger).ExecuteContext(ctx)
}
