// Bench measures what the guard costs against something real, in one run on one API server, and writes the figures for
// the terminal and, with -page, into a page. It exits with 1 where something did not work, never for a time.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"k8s.io/klog/v2"

	"github.com/aws-auth-guard/aws-auth-guard/test/assets"
	"github.com/aws-auth-guard/aws-auth-guard/test/figures"
)

// The names of further rows.
const (
	rowReady       = "from the start of the process until it is ready"
	rowIdle        = "resident memory, idle"
	rowNoopIdle    = "for comparison: a webhook that does nothing, idle"
	rowLoaded      = "resident memory under load"
	rowAfter       = "resident memory after the load"
	rowWebhookSize = "the program webhook"
	rowPluginSize  = "the program kubectl-aws_auth"
	rowImageSize   = "the image (amd64, as a tar)"
)

// editSizes are the maps that are edited.
var editSizes = []size{{entries: 10, cycles: 400}, {entries: 1000, cycles: 60}}

// options are the flags.
type options struct {
	programs programs
	plugin   string
	rivals   bool
	page     string
}

func main() {
	var o options
	flag.StringVar(&o.programs.webhook, "webhook", "", "path of the guard's program")
	flag.StringVar(&o.programs.noop, "noop", "", "path of the program in test/bench/noop")
	flag.StringVar(&o.plugin, "plugin", "", "path of kubectl-aws_auth")
	flag.BoolVar(&o.rivals, "rivals", true, "measure Gatekeeper and Kyverno too, which are built first where they are not there (minutes)")
	flag.StringVar(&o.page, "page", "", "Markdown page whose generated part is to be replaced")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	klog.SetOutput(io.Discard)
	klog.LogToStderr(false)
	if err := run(ctx, &o); err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o *options) error {
	if o.programs.webhook == "" || o.programs.noop == "" || o.plugin == "" {
		return errors.New("give -webhook, -noop and -plugin")
	}
	if o.rivals {
		var err error
		if o.programs.rivals, err = assets.EnsureRivals(ctx, os.Stderr); err != nil {
			return err
		}
	}
	machine := figures.Machine()
	fmt.Println(machine)
	fmt.Println()
	started := time.Now()
	var tables []*figures.Table
	show := func(t *figures.Table, err error) error {
		if err != nil {
			return err
		}
		t.Text(os.Stdout)
		tables = append(tables, t)
		return nil
	}
	if err := onLab(ctx, o, show); err != nil {
		return err
	}
	if err := show(decisionTable(ctx)); err != nil {
		return err
	}
	if err := show(sizes(ctx, &o.programs, o.plugin)); err != nil {
		return err
	}
	if err := show(lintTable(o.plugin)); err != nil {
		return err
	}
	fmt.Printf("measured in %s\n", time.Since(started).Round(time.Second))
	if o.page == "" {
		return nil
	}
	return figures.Replace(o.page, "bench", machine+".", tables)
}

// onLab makes the measurements that need an API server.
func onLab(ctx context.Context, o *options, show func(*figures.Table, error) error) error {
	l, err := newLab(ctx, &o.programs, os.Stderr)
	if l != nil {
		defer l.close()
	}
	if err != nil {
		return err
	}
	for _, s := range editSizes {
		if err := l.measureEdits(ctx, s); err != nil {
			return err
		}
		if err := show(l.editTable(s), nil); err != nil {
			return err
		}
	}
	if err := show(l.memoryTable()); err != nil {
		return err
	}
	if err := show(l.quietTable(ctx)); err != nil {
		return err
	}
	return show(l.process(ctx))
}
