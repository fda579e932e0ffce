package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/internal/aws"
	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/live"
	"github.com/aws-auth-guard/aws-auth-guard/internal/doctor"
	"github.com/aws-auth-guard/aws-auth-guard/internal/trace"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

type doctorFlags struct {
	file, output    string
	cluster, region string
	color           string
	yes, offline    bool
	doors           doorFlags
	live            *clusterFlags
}

// awsPatience is how long EKS and IAM may take to tell of the access entries.
const awsPatience = time.Minute

var doctorFormats = map[string]func(io.Writer, *doctor.Report) error{
	"text": people(func(w io.Writer, r *doctor.Report) error {
		_, err := io.WriteString(w, r.Text())
		return err
	}),
	"json": func(w io.Writer, r *doctor.Report) error { return text.WriteJSON(w, r) },
}

func newDoctor(s Streams) *cobra.Command {
	// What else kubectl's flags can change is not what the kubeconfig says.
	flags := doctorFlags{live: newClusterFlags(func(f *genericclioptions.ConfigFlags) {
		f.APIServer, f.TLSServerName, f.Insecure, f.CertFile, f.KeyFile, f.CAFile, f.BearerToken, f.Timeout = nil, nil, nil, nil, nil, nil, nil, nil
		f.Impersonate, f.ImpersonateUID, f.ImpersonateGroup, f.ImpersonateUserExtra = nil, nil, nil, nil
		f.Username, f.Password, f.ClusterName, f.DisableCompression, f.ProxyURL = nil, nil, nil, nil, nil
	})}
	c := &cobra.Command{
		Use:   "doctor [ARN|-]",
		Short: "From \"Unauthorized\" to its cause, step by step",
		Long: `From "You must be logged in to the server (Unauthorized)" to its cause: who you are in AWS, what the kubeconfig says, what is
in the token, what the server answers, which door would let you in, and what you may then do. Each step says ok, wrong or
unknown, what was seen, and what to do. After a cause, it does not go on with what rests on it.

It changes nothing, and never prints a token. It asks AWS who you are, and the server; before it runs the program by which the
kubeconfig signs in, it asks you (--yes agrees beforehand). It sends the token to STS, as EKS does, to learn whose it is.

Where you can't reach AWS or the cluster, give what you have: your ARN, or - to read the output of
` + "`aws sts get-caller-identity`" + ` from standard input; the map of a colleague with --file; --access-snapshot; --offline asks nobody.

Exit codes: 0 the cluster lets you in, 1 a cause was found, 2 wrong usage, 3 not known.`,
		Example: `  kubectl aws-auth doctor
  kubectl aws-auth doctor --context production --yes
  aws sts get-caller-identity | kubectl aws-auth doctor - --file aws-auth.yaml --offline`,
		SuggestFor:        []string{"diagnose", "debug"},
		ValidArgsFunction: cobra.NoFileCompletions,
		Args:              atMostOneCaller,
		RunE: func(c *cobra.Command, args []string) error {
			write := doctorFormats[flags.output]
			s := s.painted(flags.color, flags.output == formatText, answers)
			if err := once(append(slices.Clone(args), flags.file, flags.doors.file)); err != nil {
				return err
			}
			r, err := flags.examine(c.Context(), args, s)
			if err != nil {
				return err
			}
			if err := write(s.prose(), r); err != nil {
				return unreadable(fmt.Errorf("writing the answer: %w", err))
			}
			switch r.State {
			case doctor.Wrong:
				return &exitError{code: exitFindings}
			case doctor.Unknown:
				return &exitError{code: exitUnreadable}
			}
			return nil
		},
	}
	c.Flags().StringVarP(&flags.file, "file", "f", "", "the `file` with the map, instead of the live one: a manifest or a bare data section")
	registerOutput(c, &flags.output, doctorFormats)
	c.Flags().BoolVarP(&flags.yes, "yes", "y", false, "run the program by which the kubeconfig signs in without asking")
	c.Flags().BoolVar(&flags.offline, "offline", false, "ask nobody, neither AWS nor the cluster")
	c.Flags().StringVar(&flags.cluster, "cluster-name", "", "the `name` of the EKS cluster, by default the one that the kubeconfig names")
	c.Flags().StringVar(&flags.region, "region", "", "the cluster's `region`, by default that of the kubeconfig")
	for _, name := range []string{"cluster-name", "region"} {
		completeFlagBy(c, name, cobra.NoFileCompletions)
	}
	registerColor(c, &flags.color)
	flags.doors.register(c)
	flags.doors.registerNamespace(c)
	flags.live.register(c)
	return c
}

// examine goes the way.
func (f *doctorFlags) examine(ctx context.Context, args []string, s Streams) (*doctor.Report, error) {
	progress := newProgress(s.Err)
	defer progress.done()
	loader := f.live.config.ToRawKubeConfigLoader()
	config, err := loader.RawConfig()
	if err != nil {
		return nil, unreadable(kubeconfigError(err))
	}
	access := loader.ConfigAccess()
	files := slices.DeleteFunc(access.GetLoadingPrecedence(), func(path string) bool {
		_, err := os.Stat(path)
		return err != nil
	})
	if access.IsExplicitFile() {
		files = []string{access.GetExplicitFile()}
	}
	e := &doctor.Examination{
		Config: &config, Files: files, Context: *f.live.config.Context, User: *f.live.config.AuthInfoName, Cluster: f.cluster, Region: f.region,
		Environment: os.Getenv, Now: time.Now, Offline: f.offline, Progress: progress.step,
		Agreed: func(command string) bool {
			progress.done()
			return f.agreed(s, command)
		},
		Entries: func(ctx context.Context, about *doctor.Subject, r *live.Reader, config *rest.Config) (trace.Doors, error) {
			return f.entries(ctx, s, about, r, config)
		},
	}
	if len(args) > 0 {
		who, err := readCaller(args[0], s.In)
		if err != nil {
			return nil, err
		}
		e.Given = &who
	}
	if f.file != "" {
		if e.File, e.Document, err = loadMap(f.file, s); err != nil {
			return nil, unreadable(err)
		}
	}
	return e.Run(ctx), nil
}

// agreed asks before a program of the kubeconfig runs.
func (f *doctorFlags) agreed(s Streams, command string) bool {
	if f.yes {
		return true
	}
	s.Out = s.Err // What is printed is the answer alone.
	yes, err := confirm(s, fmt.Sprintf("Run this program of the kubeconfig, to look at the token that it makes?\n  %s\n[y/N] ", text.Visible(command)))
	return yes && err == nil
}

// entries are the access entries of a file, of EKS, or of the cluster's snapshot.
func (f *doctorFlags) entries(ctx context.Context, s Streams, about *doctor.Subject, r *live.Reader, config *rest.Config) (trace.Doors, error) {
	if f.doors.file != "" || f.offline || about.Cluster == "" || about.Region == "" {
		return f.doors.read(ctx, s, r, config, policy.Default())
	}
	ctx, cancel := context.WithTimeout(ctx, awsPatience)
	defer cancel()
	settings := aws.Settings{Region: about.Region}
	if about.Login != nil {
		settings.Profile = about.Login.Profile
	}
	asks, people, err := aws.Connect(ctx, settings)
	if err != nil {
		return trace.Doors{Unknown: err.Error(), Unread: true}, nil
	}
	taken, _, err := (&aws.Reader{EKS: asks, IAM: people, Now: time.Now}).Snapshot(ctx, about.Cluster)
	if err == nil {
		return trace.Doors{View: taken.At(time.Now(), cmp.Or(f.doors.maxAge, policy.Default().MaxAge))}, nil
	}
	asked := err.Error()
	if r == nil {
		return trace.Doors{Unknown: asked, Unread: true}, nil
	}
	known, err := f.doors.read(ctx, s, r, config, policy.Default())
	if known.View == nil && err == nil {
		known.Unknown = asked
	}
	return known, err
}
