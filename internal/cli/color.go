package cli

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// The values of --color.
const (
	colorAuto   = "auto"
	colorAlways = "always"
	colorNever  = "never"
)

// wantsColor reports whether to write in color to w, by the flag --color. NO_COLOR counts where it is set to anything
// (no-color.org), and a terminal that calls itself dumb has no colors.
func wantsColor(flag string, w io.Writer) (bool, error) {
	switch flag {
	case colorAlways:
		return true, nil
	case colorNever:
		return false, nil
	case colorAuto:
		file, ok := w.(*os.File)
		return ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(file.Fd())), nil
	}
	return false, usage(fmt.Errorf("--color %q: write auto, always or never", flag))
}
