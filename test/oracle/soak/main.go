// Soak puts two replicas of the real webhook program behind one address and a real API server in front of them, lets
// several writers make good, repairable and bad edits of aws-auth at once, and meanwhile kills and restarts replicas,
// rotates certificates, reloads policies, slows the API server down and restarts it. A checker reads every version that
// is stored and judges it without the guard's code. It exits with 1 where a promise was broken.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"

	"github.com/aws-auth-guard/aws-auth-guard/test/figures"
)

// options are the flags.
type options struct {
	program  string
	duration time.Duration
	writers  int
	rate     time.Duration
	seed     uint64
	control  time.Duration
	page     string

	// guarded and faults are off in the control run.
	guarded, faults bool
}

var errBroken = errors.New("a promise was broken")

func main() {
	var o options
	flag.StringVar(&o.program, "program", "", "path of the webhook program")
	flag.DurationVar(&o.duration, "duration", 2*time.Minute, "how long to go on; every fault is injected at least once, however long that takes")
	flag.IntVar(&o.writers, "writers", 8, "how many write at once")
	flag.DurationVar(&o.rate, "pause", 10*time.Millisecond, "pause of a writer between two edits")
	flag.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()), "seed of the edits and of the order of the faults")
	flag.DurationVar(&o.control, "control", 5*time.Second, "how long to run without the guard first, where the checker must find what is wrong; 0 leaves that out")
	flag.StringVar(&o.page, "page", "", "Markdown page whose generated part is to be replaced")
	flag.Parse()
	o.guarded, o.faults = true, true
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	klog.SetOutput(io.Discard)
	klog.LogToStderr(false)
	if err := run(ctx, &o, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "soak: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o *options, out io.Writer) error {
	say := func(format string, arguments ...any) {
		fmt.Fprintf(out, "%s  %s\n", time.Now().Format(time.TimeOnly), fmt.Sprintf(format, arguments...))
	}
	machine := figures.Machine()
	if o.control > 0 {
		if err := controlRun(ctx, *o, say); err != nil {
			return err
		}
	}
	say("seed %d, %d writers, %s", o.seed, o.writers, o.duration)
	e, err := soak(ctx, o, say)
	if err != nil {
		return err
	}
	fmt.Fprintln(out)
	for _, t := range e.tables() {
		t.Text(out)
	}
	if o.page != "" {
		line := fmt.Sprintf("%s; %d writers for %s, seed %d.", machine, o.writers, o.duration, o.seed)
		if err := figures.Replace(o.page, "soak", line, e.tables()); err != nil {
			return err
		}
	}
	if e.breaks(out) {
		return errBroken
	}
	return nil
}

// controlRun makes the same edits where nothing guards, and fails where the checker finds nothing wrong with that.
func controlRun(ctx context.Context, o options, say func(string, ...any)) error {
	o.guarded, o.faults, o.duration = false, false, o.control
	e, err := soak(ctx, &o, say)
	if err != nil {
		return err
	}
	say("without the guard: %d edits, %d of %d stored maps are bad", len(e.records), len(e.bad), e.versions)
	if len(e.bad) == 0 || len(e.invariants()[0].breaks) == 0 {
		return errors.New("nothing guarded the map, and the checker found nothing wrong: it is worth nothing")
	}
	return nil
}

// soak makes the run and gives what it left behind. The error says that it could not begin.
func soak(ctx context.Context, o *options, say func(string, ...any)) (*evidence, error) {
	s, err := newSite(ctx, o.program, o.guarded, os.Stderr)
	if s != nil {
		defer func() { _ = s.close() }()
	}
	if err != nil {
		return nil, err
	}
	first, err := s.admin.CoreV1().ConfigMaps(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	h := newHistory(s.admin, first)
	following, stopFollowing := context.WithCancel(ctx)
	defer stopFollowing()
	go h.follow(following)

	var writers []*writer
	for i := range o.writers {
		w, err := newWriter(s.plane, i, o.seed, o.rate)
		if err != nil {
			return nil, err
		}
		writers = append(writers, w)
	}
	writing, stopWriting := context.WithCancel(ctx)
	defer stopWriting()
	done := make(chan []record, 1)
	go func() { done <- writeAll(writing, writers) }()

	e := &evidence{}
	until := time.Now().Add(o.duration)
	if o.faults {
		e.windows, e.unfinished = s.injectAll(ctx, rand.New(rand.NewPCG(o.seed, 0)), until, say)
	}
	pause(ctx, time.Until(until))
	stopWriting()
	e.records = <-done
	s.collect(ctx, e, h)
	if e.unfinished != nil {
		say("the replicas' log, without decisions:\n%s", s.log.tail())
	}
	return e, nil
}

// historyLimit bounds the wait for the watch to show what was stored last.
const historyLimit = 30 * time.Second

// collect gathers the rest of the evidence.
func (s *site) collect(ctx context.Context, e *evidence, h *history) {
	limit, cancel := context.WithTimeout(ctx, historyLimit)
	defer cancel()
	if last, err := s.admin.CoreV1().ConfigMaps(namespace).Get(ctx, name, metav1.GetOptions{}); err == nil {
		e.broken = h.reached(limit, last.ResourceVersion)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if e.broken == nil {
		e.broken = h.broken
	}
	e.bad, e.versions, e.resumed, e.connections = h.bad, len(h.seen), h.resumed, s.balancer.counted()
	for i := range e.records {
		if v := e.records[i].version; v != "" && !h.seen[v] {
			e.missing = append(e.missing, v)
		}
	}
}
