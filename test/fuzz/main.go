// Command fuzz runs every fuzz target of the modules whose folders it is given, one after the other, each for a time.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

func main() {
	program := flag.String("go", "go", "the go command")
	duration := flag.Duration("time", 10*time.Minute, "how long each target is fuzzed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := (fuzzer{program: *program, duration: *duration, out: os.Stdout}).modules(ctx, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "fuzz:", err)
		stop()
		os.Exit(1)
	}
}
