package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/accessmap"
	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/live"
	"github.com/aws-auth-guard/aws-auth-guard/internal/trace"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

type whoamiFlags struct {
	file, output   string
	color          string
	kubeconfigUser bool
	doors          doorFlags
	cluster        *clusterFlags
}

func newWhoami(s Streams) *cobra.Command {
	flags := whoamiFlags{cluster: newClusterFlags()}
	c := &cobra.Command{
		Use:   "whoami [ARN|-]",
		Short: "Trace a caller through the map and the access entries: the answer to \"Unauthorized\"",
		Long: `Trace a caller through the map: who it becomes, through which entry and with which rights, or why nothing matches, what
comes close, and what to add.

EKS asks the access entries first, then the map. Which of the two doors opens, and what the other would have given, is said
as far as a snapshot of the access entries tells: the one in the ConfigMap ` + accessmap.Name + `, or in --access-snapshot.

Give the caller's ARN, or - to read the ARN or the output of ` + "`aws sts get-caller-identity`" + ` from standard input, or
--kubeconfig-user for the role that the kubeconfig signs in with. Without any of these, whoami asks the cluster who you
are. The map is the live one, or the one in --file.

Exit codes: 0 let in, 1 not let in, 2 wrong usage, 3 a map, a caller or a snapshot that can't be read.`,
		Example: `  aws sts get-caller-identity | kubectl aws-auth whoami -
  kubectl aws-auth whoami arn:aws:iam::111122223333:role/dev
  kubectl aws-auth whoami --kubeconfig-user --context production
  aws sts get-caller-identity | kubectl aws-auth whoami - --file aws-auth.yaml`,
		SuggestFor:        []string{"who", "trace", "login", "unauthorized"},
		ValidArgsFunction: cobra.NoFileCompletions,
		Args:              atMostOneCaller,
		RunE: func(c *cobra.Command, args []string) error {
			write := traceFormats[flags.output]
			s := s.painted(flags.color, flags.output == formatText, answers)
			switch {
			case len(args) == 0 && flags.file != "" && !flags.kubeconfigUser:
				return usage(errors.New("name one ARN, or - to read it from standard input"))
			}
			if err := once(append(slices.Clone(args), flags.file, flags.doors.file)); err != nil {
				return err
			}
			t, err := whoami(c.Context(), args, &flags, s)
			if err != nil {
				return err
			}
			if err := write(s.prose(), t, checkOf(flags.file)); err != nil {
				return unreadable(fmt.Errorf("writing the answer: %w", err))
			}
			if !t.LetIn() {
				return &exitError{code: exitFindings}
			}
			return nil
		},
	}
	c.Flags().StringVarP(&flags.file, "file", "f", "", "the `file` with the map, instead of the live one: a manifest or a bare data section")
	c.Flags().BoolVar(&flags.kubeconfigUser, "kubeconfig-user", false, "take the role that the kubeconfig's user signs in with")
	registerOutput(c, &flags.output, traceFormats)
	registerColor(c, &flags.color)
	flags.doors.register(c)
	flags.doors.registerNamespace(c)
	flags.cluster.register(c)
	return c
}

// source is a map with what else is known of its cluster. reader is nil for a map of a file.
type source struct {
	file     *manifest.File
	document *manifest.Document
	reader   *live.Reader
}

func whoami(ctx context.Context, args []string, flags *whoamiFlags, s Streams) (*trace.Trace, error) {
	progress := newProgress(s.Err)
	defer progress.done()
	var from source
	var config *rest.Config
	if flags.file == "" {
		r, c, err := flags.cluster.reader(progress)
		if err != nil {
			return nil, unreadable(orFile(err))
		}
		from.reader, config = r, c
	}
	// The caller comes first: what is wrong with it shows without a cluster.
	who, err := findCaller(ctx, args, flags, from.reader, s)
	if err != nil {
		return nil, err
	}
	if from.reader == nil {
		from.file, from.document, err = loadMap(flags.file, s)
	} else {
		from.file, from.document, _, err = from.reader.File(ctx)
	}
	if err != nil {
		return nil, unreadable(err)
	}
	if l, err := loginOf(flags.cluster); err == nil && from.reader != nil {
		who.Cluster = l.Cluster
	}
	t := trace.New(who, from.file, from.document)
	known, err := flags.doors.read(ctx, s, from.reader, config, policy.Default())
	if err != nil {
		return nil, err
	}
	t.Open(known)
	if from.reader != nil && t.LetIn() {
		t.Judge(from.reader.RBAC(ctx))
	}
	return t, nil
}

// findCaller finds out who asks to be let in.
func findCaller(ctx context.Context, args []string, flags *whoamiFlags, r *live.Reader, s Streams) (trace.Caller, error) {
	if flags.kubeconfigUser {
		return kubeconfigCaller(args, flags, s)
	}
	if len(args) > 0 {
		return readCaller(args[0], s.In)
	}
	return self(ctx, r)
}

func kubeconfigCaller(args []string, flags *whoamiFlags, s Streams) (trace.Caller, error) {
	l, err := loginOf(flags.cluster)
	if err != nil {
		return trace.Caller{}, unreadable(err)
	}
	var who trace.Caller
	switch {
	case l.Role != "" && len(args) > 0:
		return trace.Caller{}, usage(fmt.Errorf("%s, whoever you are: leave %s out", l, text.Name(args[0])))
	case l.Role != "":
		who, err = readCaller(l.Role, nil)
	case len(args) == 0:
		return trace.Caller{}, signsInAs(l)
	default:
		who, err = readCaller(args[0], s.In)
	}
	if err != nil {
		return trace.Caller{}, err
	}
	who.Login, who.Cluster = l.String(), l.Cluster
	return who, nil
}

// extraARN is where EKS tells Kubernetes the ARN that a caller came with: aws-iam-authenticator, pkg/server/server.go.
const extraARN = "arn"

// self asks the cluster who the person is that asks.
func self(ctx context.Context, r *live.Reader) (trace.Caller, error) {
	review, err := r.Client.AuthenticationV1().SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if apierrors.IsUnauthorized(err) {
		return trace.Caller{}, unreadable(errors.New(`the cluster answers "Unauthorized": it does not let you in, so it can't say who you are.
AWS can: aws sts get-caller-identity
Then ask somebody whom the cluster does let in to run ` + "`kubectl aws-auth whoami YOUR-ARN`." + `
The way out, step by step: ` + unauthorizedPage))
	}
	if err != nil {
		return trace.Caller{}, unreadable(fmt.Errorf("asking the cluster who you are: %w", err))
	}
	user := review.Status.UserInfo
	for name, values := range user.Extra {
		if strings.EqualFold(name, extraARN) && len(values) > 0 {
			who, err := readCaller(values[0], nil)
			who.Login = fmt.Sprintf("the cluster knows you as %s, groups %s", text.Name(user.Username), text.List(user.Groups))
			return who, err
		}
	}
	return trace.Caller{}, usage(fmt.Errorf("the cluster lets you in as %s, groups %s, but not by IAM: aws-auth has no part in that.\nGive the ARN of the caller that you ask about", text.Name(user.Username), text.List(user.Groups)))
}

// loadMap reads the one aws-auth document of a file.
func loadMap(path string, s Streams) (*manifest.File, *manifest.Document, error) {
	f, err := manifest.Input{Path: path}.Load(s.In)
	if err != nil {
		return nil, nil, err
	}
	for _, p := range f.Problems {
		at := f.Position(p.Span.Start)
		fmt.Fprintf(s.Err, "%s:%d:%d: %s [%s]\n", text.Visible(f.Name), at.Line, at.Column, text.Visible(p.Message()), p.Rule)
	}
	switch len(f.Documents) {
	case 0:
		for _, n := range f.Notes {
			at := f.Position(n.Span.Start)
			fmt.Fprintf(s.Err, "%s:%d:%d: %s\n", text.Visible(f.Name), at.Line, at.Column, text.Visible(s.program().say(n.Message)))
		}
		if len(f.Problems)+len(f.Notes) > 0 {
			return nil, nil, fmt.Errorf("%s: no map could be read from it, for what is said above", text.Visible(f.Name))
		}
		return nil, nil, fmt.Errorf("%s: no ConfigMap aws-auth in it", text.Visible(f.Name))
	case 1:
		return f, f.Documents[0], nil
	}
	lines := make([]string, 0, len(f.Documents))
	for _, d := range f.Documents {
		lines = append(lines, strconv.Itoa(f.Position(d.Start()).Line))
	}
	return nil, nil, fmt.Errorf("%s: %d maps in it (lines %s): give one by itself", text.Visible(f.Name), len(f.Documents), strings.Join(lines, ", "))
}

// traceFormats write an answer; next is the command that checks the map.
var traceFormats = map[string]func(w io.Writer, t *trace.Trace, next string) error{
	"text": func(w io.Writer, t *trace.Trace, next string) error {
		_, err := io.WriteString(text.Writer{Writer: w}, t.Text(next))
		return err
	},
	"json": func(w io.Writer, t *trace.Trace, _ string) error { return text.WriteJSON(w, t) },
}
