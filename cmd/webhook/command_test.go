package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"

	"github.com/aws-auth-guard/aws-auth-guard/test/guard"
)

// find is a subcommand by its name.
func find(t *testing.T, name string) *cobra.Command {
	t.Helper()
	command, _, err := newCommand(logr.Discard(), new(slog.LevelVar)).Find([]string{name})
	if err != nil {
		t.Fatal(err)
	}
	return command
}

func TestFlagsHaveTwinsInTheEnvironment(t *testing.T) {
	t.Setenv("AWS_AUTH_GUARD_PORT", "10250")
	t.Setenv("AWS_AUTH_GUARD_CERT_DIR", "/certs")
	t.Setenv("AWS_AUTH_GUARD_HEALTH_PORT", "1")
	t.Setenv("AWS_AUTH_GUARD_DRAIN", "90s")
	flags := find(t, "serve").Flags()
	if err := flags.Parse([]string{"--health-port", "2"}); err != nil {
		t.Fatal(err)
	}
	if err := fromEnvironment(flags); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"port": "10250", "cert-dir": "/certs", "health-port": "2", "metrics-port": "8080", "drain": "1m30s", "policy": ""} {
		if got := flags.Lookup(name).Value.String(); got != want {
			t.Errorf("--%s = %q, want %q", name, got, want)
		}
	}
}

func TestABadVariableIsNamed(t *testing.T) {
	t.Setenv("AWS_AUTH_GUARD_PORT", "many")
	t.Setenv("AWS_AUTH_GUARD_DRAIN", "10")
	err := fromEnvironment(find(t, "serve").Flags())
	if err == nil || !strings.Contains(err.Error(), "AWS_AUTH_GUARD_PORT in the environment: ") || !strings.Contains(err.Error(), "AWS_AUTH_GUARD_DRAIN in the environment: ") {
		t.Errorf("fromEnvironment: %v", err)
	}
}

func TestVersion(t *testing.T) {
	var out bytes.Buffer
	command := newCommand(logr.Discard(), new(slog.LevelVar))
	command.SetArgs([]string{"version"})
	command.SetOut(&out)
	if err := command.Execute(); err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^aws-auth-guard webhook \S+ \(go1\.\S+, \w+/\w+\)\n$`).Match(out.Bytes()) {
		t.Errorf("version: %q", out.String())
	}
}

func TestAKubeconfigThatCannotBeUsedIsAnError(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "config")
	if _, err := cluster(missing, logr.Discard()); err == nil || !strings.Contains(err.Error(), "--kubeconfig: ") {
		t.Errorf("cluster: %v", err)
	}
}

func TestTheProgramServesWithoutAClusterAndEndsWellOnSIGTERM(t *testing.T) {
	dir := t.TempDir()
	program, err := guard.Build(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	g, err := guard.Start(t.Context(), guard.Options{Program: program, Directory: dir, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Stop(); err != nil {
		t.Errorf("the program ended with %v", err)
	}
	text, err := os.ReadFile(log.Name())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"the rules that ask the cluster can't check anything", `"msg":"serving"`, "stopping: no longer ready", `"msg":"stopped"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is missing in the log:\n%s", want, text)
		}
	}
}

func TestABadPolicyEndsTheProgramWithItsPlace(t *testing.T) {
	dir := t.TempDir()
	program, err := guard.Build(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	_, err = guard.Start(t.Context(), guard.Options{Program: program, Directory: dir, Policy: "kind: GuardPolicie\n", Log: &log})
	if err == nil || !strings.Contains(err.Error(), "exit status 1") {
		t.Errorf("Start: %v", err)
	}
	if !strings.Contains(log.String(), `policy.yaml:1:7: kind is "GuardPolicie", this guard reads "GuardPolicy"`) {
		t.Errorf("log: %s", log.String())
	}
}

func TestLogLevel(t *testing.T) {
	for _, name := range []string{"serve", "audit"} {
		level := new(slog.LevelVar)
		command, _, err := newCommand(logr.Discard(), level).Find([]string{name})
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Flags().Parse([]string{"--log-level", "warn"}); err != nil || level.Level() != slog.LevelWarn {
			t.Errorf("%s: %v, the level is %s", name, err, level.Level())
		}
		if err := command.Flags().Parse([]string{"--log-level", "loud"}); err == nil {
			t.Errorf("%s takes a level that does not exist", name)
		}
	}
}
