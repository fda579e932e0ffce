// Command cmd brings the test cluster up in the background, and takes it down: `up` returns when it is ready and prints
// how to reach it, `down` removes all of it.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/test/cluster"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	commands := map[string]func(context.Context) error{"up": up, "down": down, "run": hold}
	if len(os.Args) != 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: cmd up|down|run")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](ctx); err != nil {
		fmt.Fprintf(os.Stderr, "cluster: %v\n", err)
		os.Exit(1)
	}
}

// pidPath is the file that names the process that holds the cluster.
func pidPath() string { return cluster.Directory() + ".pid" }

// holder is the process that holds the cluster, 0 where there is none.
func holder() int {
	text, err := os.ReadFile(pidPath())
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || syscall.Kill(pid, 0) != nil {
		return 0
	}
	return pid
}

// up starts this program once more, in a session of its own, and waits until it holds a cluster.
func up(ctx context.Context) error {
	if err := cluster.Check(); err != nil {
		return err
	}
	if pid := holder(); pid != 0 {
		return fmt.Errorf("a cluster is up already (process %d): make cluster-down ends it", pid)
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	// The program that `go run` made goes with it, and the holder stays.
	kept := cluster.Directory() + ".bin"
	if err := copyFile(program, kept); err != nil {
		return err
	}
	command := exec.CommandContext(ctx, kept, "run")
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	output, err := command.StderrPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if path, ready := strings.CutPrefix(lines.Text(), readyPrefix); ready {
			fmt.Printf("The cluster is up: two nodes, with the image of the guard on them. Use it with\n\n  export KUBECONFIG=%s\n\nand end it with `make cluster-down`.\n", path)
			return command.Process.Release()
		}
		fmt.Fprintln(os.Stderr, lines.Text())
	}
	return errors.Join(errors.New("it did not come up"), command.Wait())
}

// readyPrefix begins the line that reports that the cluster is up, with the path of the kubeconfig after it.
const readyPrefix = "ready: "

// hold runs a cluster until it is asked to stop.
func hold(ctx context.Context) error {
	if err := os.WriteFile(pidPath(), []byte(strconv.Itoa(os.Getpid())), 0o644); err != nil {
		return err
	}
	defer func() { _ = errors.Join(os.Remove(pidPath()), os.Remove(cluster.Directory()+".bin")) }()
	c, err := cluster.Start(ctx, os.Stderr)
	if err != nil {
		return err
	}
	if err := c.ImportGuard(ctx); err != nil {
		return errors.Join(err, c.Stop())
	}
	fmt.Fprintln(os.Stderr, readyPrefix+c.Kubeconfig)
	// Nobody reads on.
	signal.Ignore(syscall.SIGPIPE)
	<-ctx.Done()
	return c.Stop()
}

// downLimit bounds the end of a cluster.
const downLimit = 2 * time.Minute

// down tells the holder to end, and cleans up where there is none, or one that was killed.
func down(ctx context.Context) error {
	if pid := holder(); pid != 0 {
		if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
			return err
		}
		for deadline := time.Now().Add(downLimit); holder() != 0; time.Sleep(100 * time.Millisecond) {
			if time.Now().After(deadline) || ctx.Err() != nil {
				return fmt.Errorf("process %d does not end", pid)
			}
		}
	}
	_ = errors.Join(os.Remove(pidPath()), os.Remove(cluster.Directory()+".bin"))
	return cluster.Clean(ctx)
}

func copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o755)
}
