package cli

import (
	"fmt"
	"io"
	"runtime"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/aws-auth-guard/aws-auth-guard/internal/version"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// versionInfo is what programs read. Its keys are always there.
type versionInfo struct {
	// program is the file that was called.
	program string

	Version  string `json:"version"`
	Go       string `json:"goVersion"`
	Platform string `json:"platform"`
}

func newVersionInfo(s Streams) versionInfo {
	return versionInfo{s.program().file, version.String(), runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
}

// String is the version for people.
func (v versionInfo) String() string {
	return fmt.Sprintf("%s %s %s %s", v.program, v.Version, v.Go, v.Platform)
}

var versionFormats = map[string]func(io.Writer, versionInfo) error{
	formatText: func(w io.Writer, v versionInfo) error {
		_, err := fmt.Fprintln(w, v)
		return err
	},
	formatJSON: func(w io.Writer, v versionInfo) error { return text.WriteJSON(w, v) },
	formatYAML: func(w io.Writer, v versionInfo) error {
		b, err := yaml.Marshal(v)
		if err == nil {
			_, err = w.Write(b)
		}
		return err
	},
}

func newVersion(s Streams) *cobra.Command {
	var output string
	c := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Example: `  kubectl aws-auth version
  kubectl aws-auth version -o json`,
		ValidArgsFunction: cobra.NoFileCompletions,
		Args:              noArgs,
		RunE: func(*cobra.Command, []string) error {
			write := versionFormats[output]
			return write(s.Out, newVersionInfo(s))
		},
	}
	registerOutput(c, &output, versionFormats)
	return c
}
