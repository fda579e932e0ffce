package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/procfs"
)

// stopLimit is how long a process may take to end by itself.
const stopLimit = 15 * time.Second

// process is a program of the cluster that runs in one of its network namespaces.
type process struct {
	name    string
	command *exec.Cmd
	ended   chan struct{}
}

// start starts a program whose output goes to a file of its name in the folder of logs. It does not end with ctx but
// with stop: the parts of a cluster end in an order.
func (c *Cluster) start(name, namespace, program string, environment []string, arguments ...string) (*process, error) {
	log, err := os.OpenFile(filepath.Join(c.logs(), name+".log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	command := inside(context.Background(), namespace, program, arguments...)
	command.Stdout, command.Stderr = log, log
	command.Env = append(os.Environ(), environment...)
	// An interrupt from the terminal is for this process, which ends the others in their order.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	p := &process{name: name, command: command, ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		_ = command.Wait()
	}()
	return p, nil
}

// stop ends a process: by SIGTERM, and by SIGKILL where that does not do.
func (p *process) stop() {
	_ = p.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(stopLimit):
		p.kill()
	}
}

func (p *process) kill() {
	_ = p.command.Process.Kill()
	<-p.ended
}

// alive reports whether a process is still running.
func (p *process) alive() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// table is the processes of the machine: whose child each is, and its command line.
type table map[int]struct {
	parent int
	line   string
}

func processes() (table, error) {
	all, err := procfs.AllProcs()
	if err != nil {
		return nil, err
	}
	t := table{}
	for _, p := range all {
		line, lineErr := p.CmdLine()
		stat, statErr := p.Stat()
		// One that has ended meanwhile can't be read.
		if lineErr != nil || statErr != nil || stat.State == "Z" {
			continue
		}
		t[p.PID] = struct {
			parent int
			line   string
		}{stat.PPID, strings.Join(line, " ")}
	}
	return t, nil
}

// below gives the processes whose command line names a folder, and all that descend from them: the containers
// descend from the shims, whose command line names the socket of their containerd. This process is not among them.
func (t table) below(folder string) []int {
	found := map[int]bool{}
	for pid, p := range t {
		if strings.Contains(p.line, folder+"/") && pid != os.Getpid() {
			found[pid] = true
		}
	}
	for grown := true; grown; {
		grown = false
		for pid, p := range t {
			if !found[pid] && found[p.parent] {
				found[pid], grown = true, true
			}
		}
	}
	return slices.Collect(maps.Keys(found))
}

// killBelow kills all processes that belong to a folder, and waits until they are gone.
func killBelow(folder string) error {
	deadline := time.Now().Add(stopLimit)
	for {
		t, err := processes()
		if err != nil {
			return err
		}
		pids := t.below(folder)
		if len(pids) == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d processes of %s do not end, the first is %q", len(pids), folder, t[pids[0]].line)
		}
		for _, pid := range pids {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
				return err
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
}
