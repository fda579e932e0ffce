package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cli"
)

func TestManPagesAreUpToDate(t *testing.T) {
	t.Chdir("../..")
	pages, err := manPages()
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range pages {
		got, err := os.ReadFile(path)
		if err != nil || string(got) != want {
			t.Errorf("%s is not what the commands say (%v); run make generate", path, err)
		}
	}
	onDisk, err := filepath.Glob(filepath.Join(manFolder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range onDisk {
		if _, ok := pages[path]; !ok {
			t.Errorf("%s belongs to no command; run make generate", path)
		}
	}
}

// TestManPagesSayAll wants a page for every command, with its flags and its examples.
func TestManPagesSayAll(t *testing.T) {
	pages, err := manPages()
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
		page := pages[manFolder+"/kubectl-aws-auth-"+c.Name()+".1"]
		for _, want := range []string{`.TH "KUBECTL-AWS-AUTH-` + strings.ToUpper(c.Name()), ".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION", ".SH EXIT STATUS", ".SH ENVIRONMENT"} {
			if !strings.Contains(page, want) {
				t.Errorf("the page of %s lacks %q", c.Name(), want)
			}
		}
		if c.Example != "" && !strings.Contains(page, ".SH EXAMPLE") {
			t.Errorf("the page of %s lacks its examples", c.Name())
		}
	}
	if strings.Contains(pages[manFolder+"/kubectl-aws-auth.1"], "1970") {
		t.Error("the page has a date")
	}
}
