package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra/doc"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cli"
)

// manFolder holds the man pages of kubectl aws-auth, from the root of the repository.
const manFolder = "docs/man"

// common are the sections that every page has: what cobra does not know.
const common = `
.SH EXIT STATUS
.TP
\fB0\fP
clean, or done
.TP
\fB1\fP
findings at or above --fail-on, or an answer that is a no, as the description says
.TP
\fB2\fP
wrong usage
.TP
\fB3\fP
input or a cluster that can't be read

.SH ENVIRONMENT
.TP
\fBKUBECONFIG\fP
the kubeconfig, where --kubeconfig does not name one
.TP
\fBAWS_PROFILE\fP, \fBAWS_REGION\fP and the others of the AWS SDK
for the commands that ask AWS, as for the AWS CLI
.TP
\fBNO_COLOR\fP
no colors, where it is not empty

`

// manPages writes the man pages from the commands, so that they say what --help says.
func manPages() (map[string]string, error) {
	dir, err := os.MkdirTemp("", "man-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	command := cli.Command()
	command.DisableAutoGenTag = true
	// A date would make every page differ from one day to the next; the one that must be given is taken out again.
	date := time.Unix(0, 0).UTC()
	header := &doc.GenManHeader{Section: "1", Source: "aws-auth-guard", Manual: "kubectl aws-auth", Date: &date}
	if err := doc.GenManTree(command, header, dir); err != nil {
		return nil, fmt.Errorf("the man pages: %w", err)
	}
	pages := map[string]string{}
	paths, err := filepath.Glob(filepath.Join(dir, "*"))
	for _, path := range paths {
		text, readErr := os.ReadFile(path)
		if readErr != nil {
			return nil, readErr
		}
		page := strings.Replace(string(text), date.Format("Jan 2006"), "", 1)
		const last = "\n.SH SEE ALSO\n"
		before, after, ok := strings.Cut(page, last)
		if !ok {
			return nil, fmt.Errorf("the man page %s has no section SEE ALSO", filepath.Base(path))
		}
		pages[filepath.Join(manFolder, filepath.Base(path))] = before + common + last + after
	}
	return pages, err
}
