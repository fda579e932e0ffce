package guard

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"time"
)

const (
	// command is the program's package.
	command = "github.com/aws-auth-guard/aws-auth-guard/cmd/webhook"
	// stopLimit bounds the end of a program that got the signal to stop, after its drain.
	stopLimit = 30 * time.Second
)

// Build builds the webhook program into a folder and gives its path. The working directory must lie inside the
// module.
func Build(ctx context.Context, dir string) (string, error) {
	program := filepath.Join(dir, "webhook")
	output, err := exec.CommandContext(ctx, "go", "build", "-o", program, command).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", command, err, output)
	}
	return program, nil
}

// Options say how to start a guard.
type Options struct {
	// Program is the path that Build gave.
	Program string
	// Directory is a folder that the guard's files are written to; it must be there.
	Directory string
	// Policy is the text of a GuardPolicy; empty means the default one.
	Policy string
	// Authority issues its certificate, as for replicas that share one; nil makes one of its own.
	Authority *Authority
	// Arguments are further flags of webhook serve.
	Arguments []string
	// Log receives the log; nil drops it.
	Log io.Writer
}

// Guard is a running webhook program.
type Guard struct {
	// URL, HealthURL and MetricsURL are where it serves, without a path.
	URL, HealthURL, MetricsURL string
	// Authority issued its certificate.
	Authority *Authority
	// Started is when the process was started.
	Started time.Time

	process    *exec.Cmd
	ended      chan error
	certDir    string
	policyDir  string
	policyFile string
}

var addresses = regexp.MustCompile(`^serving on (https://\S+) \(health (http://\S+), metrics (http://\S+)\)\n$`)

// Start starts the program on free loopback ports and waits until it serves. It runs until Stop is called or
// ctx ends.
func Start(ctx context.Context, o Options) (*Guard, error) {
	g := &Guard{ended: make(chan error, 1), certDir: filepath.Join(o.Directory, "tls"), policyDir: filepath.Join(o.Directory, "policy")}
	g.policyFile = filepath.Join(g.policyDir, "policy.yaml")
	var err error
	if g.Authority = o.Authority; g.Authority == nil {
		if g.Authority, err = NewAuthority(); err != nil {
			return nil, err
		}
	}
	for _, dir := range []string{g.certDir, g.policyDir} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(g.RotateCertificate(), g.SetPolicy(o.Policy)); err != nil {
		return nil, err
	}
	arguments := append([]string{
		"serve", "--cert-dir", g.certDir, "--policy", g.policyFile, "--bind-address", "127.0.0.1",
		"--port", "0", "--health-port", "0", "--metrics-port", "0", "--drain", "0s",
	}, o.Arguments...)
	g.process = exec.CommandContext(ctx, o.Program, arguments...)
	g.process.Stderr = o.Log
	output, err := g.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	g.Started = time.Now()
	if err := g.process.Start(); err != nil {
		return nil, err
	}
	line, readErr := bufio.NewReader(output).ReadString('\n')
	m := addresses.FindStringSubmatch(line)
	if m == nil {
		_ = g.process.Process.Kill()
		return nil, fmt.Errorf("the webhook program said %q instead of where it serves: %w", line, errors.Join(readErr, g.process.Wait()))
	}
	g.URL, g.HealthURL, g.MetricsURL = m[1], m[2], m[3]
	go func() { g.ended <- g.process.Wait() }()
	return g, nil
}

// RotateCertificate gives the guard a new certificate of the same authority.
func (g *Guard) RotateCertificate() error { return g.Authority.Issue(g.certDir) }

// SetPolicy gives the guard the text of another GuardPolicy. The guard takes a moment to notice.
func (g *Guard) SetPolicy(text string) error {
	return Publish(g.policyDir, map[string][]byte{filepath.Base(g.policyFile): []byte(text)})
}

// Stop tells the program to end and waits for it. The error says that it did not end well.
func (g *Guard) Stop() error {
	if err := g.process.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case err := <-g.ended:
		return err
	case <-time.After(stopLimit):
		_ = g.process.Process.Kill()
		return errors.Join(errors.New("the webhook program did not stop when asked to"), <-g.ended)
	}
}

// PID is the process id of the program.
func (g *Guard) PID() int { return g.process.Process.Pid }
