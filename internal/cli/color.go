package cli

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// wantsColor reports whether to write in color to w, by the flag --color. NO_COLOR counts where it is set to anything
// (no-color.org), and a terminal that calls itself dumb has no colors.
func wantsColor(flag string, w io.Writer) (bool, error) {
	switch flag {
	case "always":
		return true, nil
	case "never":
		return false, nil
	case "auto":
		file, ok := w.(*os.File)
		return ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(file.Fd())), nil
	}
	return false, usage(fmt.Errorf("--color %q: write auto, always or never", flag))
}
