package controlplane

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// outputGrace bounds the wait for a kubectl that was ended to close its output.
const outputGrace = 5 * time.Second

// Call is one run of kubectl.
type Call struct {
	// Kubeconfig is the path of the file that says who calls; empty means the administrator.
	Kubeconfig string
	Arguments  []string
	// Input is what kubectl reads on standard input.
	Input string
	// Editor is the command that `kubectl edit` opens files with.
	Editor string
	// Environment holds further variables as NAME=value; a later one wins over an earlier one.
	Environment []string
}

// Result is what a run of kubectl left behind.
type Result struct {
	Output string
	// Errors is standard error, where kubectl writes warnings and refusals.
	Errors   string
	ExitCode int
}

// Kubectl runs the real kubectl. A run that ends with any exit code is a result; the error says that kubectl
// could not be run or that ctx ended it. It reads and writes nothing of the home folder of whoever runs the test.
func (c *ControlPlane) Kubectl(ctx context.Context, call Call) (Result, error) {
	kubeconfig := call.Kubeconfig
	if kubeconfig == "" {
		kubeconfig = c.AdminKubeconfig
	}
	var output, problems bytes.Buffer
	command := exec.CommandContext(ctx, c.KubectlPath, call.Arguments...)
	command.Stdin = strings.NewReader(call.Input)
	command.Stdout, command.Stderr = &output, &problems
	command.WaitDelay = outputGrace
	command.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig, "KUBE_EDITOR="+call.Editor, "EDITOR="+call.Editor,
		"HOME="+c.Directory, "TMPDIR="+c.Directory, "LC_ALL=C")
	command.Env = append(command.Env, call.Environment...)
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || ctx.Err() != nil) {
		return Result{}, fmt.Errorf("running %s: %w\n%s", command, err, problems.String())
	}
	return Result{Output: output.String(), Errors: problems.String(), ExitCode: command.ProcessState.ExitCode()}, nil
}
