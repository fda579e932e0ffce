package cli

import (
	"io"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/iam"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
)

// iamFlags say from where it is known what IAM says.
type iamFlags struct{ files []string }

func (f *iamFlags) register(c *cobra.Command) {
	c.Flags().StringArrayVar(&f.files, "iam", nil, "a `file` with what aws iam get-account-authorization-details prints, or -: "+
		"hold the map against the roles and users of its account; can be given once for each account")
}

// read reads the files, nil where none was given. args are those of the command, which may read standard input too.
func (f *iamFlags) read(args []string, in io.Reader) (*iam.Accounts, error) {
	if len(f.files) == 0 {
		return nil, nil
	}
	if err := once(slices.Concat(args, f.files)); err != nil {
		return nil, err
	}
	var files []iam.File
	for _, path := range f.files {
		raw, err := readAtMost(path, in, iam.MaxSize)
		if err != nil {
			return nil, unreadable(err)
		}
		file := iam.File{Name: path, Text: string(raw), At: time.Now()}
		if info, err := os.Stat(path); path != "-" && err == nil && info.ModTime().Before(file.At) {
			file.At = info.ModTime()
		}
		files = append(files, file)
	}
	known, err := iam.Read(files...)
	if err != nil {
		return nil, unreadable(err)
	}
	return known, nil
}

// noteIAM says what IAM's files don't tell of the maps in a file.
func (c *checker) noteIAM(b *report.Builder, f *manifest.File) {
	for _, d := range f.Documents {
		for _, untold := range c.UntoldByIAM(d) {
			b.Note(report.Note{File: f.Name, Start: f.Position(d.Start()), What: manifest.Part, Message: "not checked: " + untold})
		}
	}
}
