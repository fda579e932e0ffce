package controlplane

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
)

// endPoll is how often it is looked whether a server has ended.
const endPoll = 20 * time.Millisecond

// restarted is a kube-apiserver that RestartAPIServer has started: envtest knows of the first one alone.
type restarted struct {
	command *exec.Cmd
	ended   chan struct{}
}

// RestartAPIServer ends kube-apiserver as a node does that is taken out of service (SIGTERM, then its own shutdown) and
// starts it again with the same flags, certificates and etcd, at the same address. It returns when /readyz is fine. Open
// watches and connections end; what was stored stays.
func (c *ControlPlane) RestartAPIServer(ctx context.Context) error {
	if err := c.endAPIServer(); err != nil {
		return err
	}
	arguments, err := os.ReadFile(c.watchdog.argumentsFile(apiServerName))
	if err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(c.Directory, apiServerName+".log"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer log.Close()
	command := exec.Command(c.watchdog.wrapper(apiServerName), strings.Split(strings.TrimSuffix(string(arguments), "\n"), "\n")...)
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		return fmt.Errorf("starting kube-apiserver again: %w", err)
	}
	r := &restarted{command: command, ended: make(chan struct{})}
	go func() {
		defer close(r.ended)
		_ = command.Wait()
	}()
	c.restarted = r
	return c.awaitReady(ctx, r)
}

// endAPIServer ends the kube-apiserver that runs, whoever has started it, and waits until it is gone.
func (c *ControlPlane) endAPIServer() error {
	if c.restarted != nil {
		return c.restarted.end()
	}
	text, err := os.ReadFile(c.watchdog.pidFile(apiServerName))
	if err != nil {
		return err
	}
	id, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return err
	}
	if err := syscall.Kill(id, syscall.SIGTERM); err != nil {
		return fmt.Errorf("ending kube-apiserver: %w", err)
	}
	// envtest waits for the process, so that it is gone and no zombie once it has ended.
	for end := time.Now().Add(serverLimit); syscall.Kill(id, 0) == nil; time.Sleep(endPoll) {
		if time.Now().After(end) {
			return fmt.Errorf("kube-apiserver (process %d) did not end in %s", id, serverLimit)
		}
	}
	return nil
}

func (r *restarted) end() error {
	if err := r.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-r.ended:
		return nil
	case <-time.After(serverLimit):
		return errors.Join(fmt.Errorf("kube-apiserver did not end in %s", serverLimit), r.command.Process.Kill())
	}
}

func (c *ControlPlane) awaitReady(ctx context.Context, r *restarted) error {
	clients, err := kubernetes.NewForConfig(c.AdminConfig)
	if err != nil {
		return err
	}
	var last error
	err = wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, serverLimit, true, func(ctx context.Context) (bool, error) {
		select {
		case <-r.ended:
			return false, errors.New("it ended")
		default:
		}
		_, last = clients.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
		return last == nil, nil
	})
	if err != nil {
		return fmt.Errorf("waiting for kube-apiserver to be ready again: %w (last answer: %w)\n%s", err, last, lastLines(filepath.Join(c.Directory, apiServerName+".log")))
	}
	return nil
}
