package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/aws-auth-guard/aws-auth-guard/internal/audit"
	"github.com/aws-auth-guard/aws-auth-guard/internal/aws"
	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/live"
	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/iam"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// iamFlags say from where it is known what IAM says.
type iamFlags struct {
	// given are the values of the flag. Where mayAsk is set, iam.Live among them asks IAM itself.
	given  []string
	mayAsk bool
}

func (f *iamFlags) register(c *cobra.Command) {
	more := ""
	if f.mayAsk {
		more = "; " + iam.Live + " asks IAM about those that are of your account"
	}
	c.Flags().StringArrayVar(&f.given, "iam", nil, "a `file` with what aws iam get-account-authorization-details prints, or -: "+
		"hold the map against the roles and users of its account; can be given once for each account"+more)
}

// live reports whether IAM itself is asked.
func (f *iamFlags) live() bool { return slices.Contains(f.given, iam.Live) }

// again are the flags for a command about the same map, which reads that from standard input.
func (f *iamFlags) again() string {
	var b strings.Builder
	for _, path := range f.given {
		shown := "FILE"
		if path != "-" && path != iam.Live && text.Visible(path) == path {
			shown = shellQuoted(path)
		}
		b.WriteString(" --iam=" + shown)
	}
	return b.String()
}

// read reads the files, nil where none was given. args are those of the command, which may read standard input too.
func (f *iamFlags) read(args []string, in io.Reader) (*iam.Accounts, error) {
	if f.live() && !f.mayAsk {
		return nil, usage(fmt.Errorf("--iam %s: only audit asks IAM; give it a file, ./%s if it is named so", iam.Live, iam.Live))
	}
	paths := slices.DeleteFunc(slices.Clone(f.given), func(path string) bool { return path == iam.Live })
	if len(paths) == 0 {
		return nil, nil
	}
	if err := once(slices.Concat(args, paths)); err != nil {
		return nil, err
	}
	var files []iam.File
	for _, path := range paths {
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

// saysIAM gives what the files of IAM and the history say to an audit, nil where no file was given.
func (f *auditFlags) saysIAM(ctx context.Context, c *checker, r *live.Reader) func(*awsauth.Document) audit.IAM {
	if c.IAM == nil {
		return nil
	}
	return func(*awsauth.Document) audit.IAM { return f.since(ctx, r, audit.IAM{Known: c.IAM}) }
}

// since adds since when the map has had its entries.
func (f *auditFlags) since(ctx context.Context, r *live.Reader, known audit.IAM) audit.IAM {
	var err error
	if r.Progress != nil {
		r.Progress("the history")
	}
	if known.Since, err = history.NewStore(r.Client, cmp.Or(f.doors.namespace, history.DefaultNamespace)).Since(ctx); err != nil {
		known.SinceUnread = "since when the map has its entries is not known: " + err.Error()
	}
	return known
}

// asksIAM is saysIAM with what IAM itself answers where that is asked for; then err is set to why it does not answer at all.
func (f *auditFlags) asksIAM(ctx context.Context, c *checker, r *live.Reader, p *progress, err *error) func(*awsauth.Document) audit.IAM {
	if !f.iam.live() {
		return f.saysIAM(ctx, c, r)
	}
	return func(doc *awsauth.Document) audit.IAM {
		known := f.since(ctx, r, audit.IAM{Known: c.IAM})
		if doc == nil {
			return known
		}
		var asked *iam.Account
		if asked, *err = f.askIAM(ctx, doc, p); *err == nil {
			var all *iam.Accounts
			if all, *err = c.IAM.With(asked); *err == nil {
				known.Known = all
			}
		}
		if *err != nil {
			known.Why = (*err).Error()
		}
		return known
	}
}

// askIAM asks IAM about the map, with the profile and the region of the kubeconfig where it names them.
func (f *auditFlags) askIAM(ctx context.Context, doc *awsauth.Document, p *progress) (*iam.Account, error) {
	ctx, cancel := context.WithTimeout(ctx, inTime)
	defer cancel()
	var s aws.Settings
	if l, err := loginOf(f.cluster); err == nil {
		s = aws.Settings{Region: l.Region, Profile: l.Profile}
	}
	p.step("who you are to AWS")
	caller, err := aws.Caller(ctx, s)
	if err != nil {
		return nil, err
	}
	_, people, err := aws.Connect(ctx, s)
	if err != nil {
		return nil, err
	}
	return (&aws.Reader{IAM: people, Now: time.Now, Progress: p.step}).Account(ctx, caller, validate.InIAM(doc))
}

// noteIAM says what IAM's files don't tell of the maps in a file.
func (c *checker) noteIAM(b *report.Builder, f *manifest.File) {
	for _, d := range f.Documents {
		for _, untold := range c.UntoldByIAM(d) {
			b.Note(report.Note{File: f.Name, Start: f.Position(d.Start()), What: manifest.Part, Message: "not checked: " + untold})
		}
	}
}
