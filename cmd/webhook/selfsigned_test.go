package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/spf13/pflag"

	"github.com/aws-auth-guard/aws-auth-guard/internal/certs"
)

func TestTheNamespaceIsGivenOrThatOfTheServiceAccount(t *testing.T) {
	file := filepath.Join(t.TempDir(), "namespace")
	if _, err := ownNamespace("", file); err == nil || !strings.HasPrefix(err.Error(), "--namespace is not given") {
		t.Errorf("neither: %v", err)
	}
	if err := os.WriteFile(file, []byte("guard\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string]string{"": "guard", "mine": "mine"} {
		if got, err := ownNamespace(given, file); err != nil || got != want {
			t.Errorf("%q: %q, %v", given, got, err)
		}
	}
}

func TestSelfSignedOptions(t *testing.T) {
	parse := func(arguments ...string) (*certs.Options, error) {
		var s selfSigned
		flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
		s.add(flags)
		if err := flags.Parse(arguments); err != nil {
			t.Fatal(err)
		}
		return s.configured("guard")
	}
	if o, err := parse(); o != nil || err != nil {
		t.Errorf("off: %+v, %v", o, err)
	}
	o, err := parse("--self-signed", "--certificate-secret", "s", "--service", "v", "--webhook-configuration", "w", "--self-signed-leaf-validity", "1h")
	want := certs.Options{Namespace: "guard", Secret: "s", Service: "v", Configuration: "w", CAValidity: 365 * 24 * time.Hour, LeafValidity: time.Hour}
	if err != nil || *o != want {
		t.Errorf("%+v, %v; want %+v", o, err, want)
	}
}

func TestSelfSignedNeedsAClusterAndBounds(t *testing.T) {
	run := func(arguments ...string) error {
		command := newCommand(logr.Discard(), new(slog.LevelVar))
		command.SetArgs(append([]string{"serve", "--self-signed", "--namespace", "guard"}, arguments...))
		return command.ExecuteContext(t.Context())
	}
	if err := run(); err == nil || !strings.Contains(err.Error(), "neither --kubeconfig nor a service account") {
		t.Errorf("without a cluster: %v", err)
	}
	kubeconfig := filepath.Join(t.TempDir(), "config")
	text := `{"kind":"Config","apiVersion":"v1","clusters":[{"name":"c","cluster":{"server":"https://127.0.0.1:1"}}],"contexts":[{"name":"c","context":{"cluster":"c"}}],"current-context":"c"}`
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run("--kubeconfig", kubeconfig, "--self-signed-leaf-validity", "1s"); err == nil || !strings.Contains(err.Error(), "--self-signed-leaf-validity 1s: write at least 15s") {
		t.Errorf("a short life: %v", err)
	}
}
