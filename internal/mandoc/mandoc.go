package mandoc

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cli"
)

// Folder holds the pages, from the root of the repository.
const Folder = "docs/man"

const section = "1"

// Pages returns the man pages by file name.
func Pages() (map[string]string, error) {
	pages := map[string]string{}
	return pages, add(pages, cli.Command())
}

func add(pages map[string]string, c *cobra.Command) error {
	c.DisableAutoGenTag = true
	name := strings.ReplaceAll(c.CommandPath(), " ", "-")
	// A date would make every page differ from one day to the next; the one that must be given is taken out again.
	date := time.Unix(0, 0).UTC()
	header := &doc.GenManHeader{Title: strings.ToUpper(name), Section: section, Source: "aws-auth-guard", Manual: "kubectl aws-auth", Date: &date}
	var b bytes.Buffer
	if err := doc.GenMan(c, header, &b); err != nil {
		return fmt.Errorf("the man page of %s: %w", c.CommandPath(), err)
	}
	pages[name+"."+section] = strings.Replace(b.String(), date.Format("Jan 2006"), "", 1)
	for _, sub := range c.Commands() {
		if !sub.IsAvailableCommand() || sub.IsAdditionalHelpTopicCommand() {
			continue
		}
		if err := add(pages, sub); err != nil {
			return err
		}
	}
	return nil
}
