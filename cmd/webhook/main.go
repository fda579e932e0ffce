// Command webhook is the in-cluster server of aws-auth-guard.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/aws-auth-guard/aws-auth-guard/internal/audit/controller"
	asynclog "github.com/aws-auth-guard/aws-auth-guard/internal/log"
)

// logPatience bounds the writing of the last log lines.
const logPatience = time.Second

func main() {
	level := new(slog.LevelVar)
	lines := asynclog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	logger := logr.FromSlogHandler(lines)
	log.SetLogger(logger)
	klog.SetLogger(logger.WithName("client"))
	err := run(logger, level)
	lines.Close(logPatience)
	var exit *controller.Exit
	switch {
	case err == nil:
	case errors.As(err, &exit):
		if exit.Err != nil {
			fmt.Fprintf(os.Stderr, "webhook: %v\n", exit.Err)
		}
		os.Exit(exit.Code)
	default:
		fmt.Fprintf(os.Stderr, "webhook: %v\n", err)
		os.Exit(1)
	}
}

// run serves until the first SIGTERM or SIGINT and then drains; a second one ends the process at once.
func run(logger logr.Logger, level *slog.LevelVar) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	context.AfterFunc(ctx, stop)
	return newCommand(logger, level).ExecuteContext(ctx)
}
