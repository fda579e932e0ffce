package mandoc

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cli"
)

const root = "../.."

func TestPagesAreUpToDate(t *testing.T) {
	pages, err := Pages()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range pages {
		got, err := os.ReadFile(filepath.Join(root, Folder, name))
		if err != nil || string(got) != want {
			t.Errorf("%s is not what the commands say (%v); run make generate", name, err)
		}
	}
	onDisk, err := filepath.Glob(filepath.Join(root, Folder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range onDisk {
		if _, ok := pages[filepath.Base(path)]; !ok {
			t.Errorf("%s belongs to no command; run make generate", path)
		}
	}
}

// TestPagesSayAll wants a page for every command, with its flags and its examples.
func TestPagesSayAll(t *testing.T) {
	pages, err := Pages()
	if err != nil {
		t.Fatal(err)
	}
	commands := cli.Command().Commands()
	if len(commands) < 7 {
		t.Fatalf("%d commands", len(commands))
	}
	for _, c := range commands {
		if c.Name() == "help" {
			continue
		}
		page := pages["kubectl-aws-auth-"+c.Name()+".1"]
		for _, want := range []string{`.TH "KUBECTL-AWS-AUTH-` + strings.ToUpper(c.Name()), ".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION"} {
			if !strings.Contains(page, want) {
				t.Errorf("the page of %s lacks %q", c.Name(), want)
			}
		}
		if c.Example != "" && !strings.Contains(page, ".SH EXAMPLE") {
			t.Errorf("the page of %s lacks its examples", c.Name())
		}
	}
	if strings.Contains(pages["kubectl-aws-auth.1"], "1970") {
		t.Error("the page has a date")
	}
}
