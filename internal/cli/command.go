package cli

import (
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// Command is the command line by itself, for documentation: it reads and writes nothing.
func Command() *cobra.Command {
	return newRoot(Streams{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard})
}
