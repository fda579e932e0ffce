package login

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// option is one of the AWS CLI.
type option struct {
	name string
	// bare options take no value.
	bare bool
	// field is where its value goes; nil for one that says nothing of who signs in.
	field func(*Login) *string
}

// global are the options of every command of the AWS CLI.
func global() []option {
	return []option{
		{"--region", false, func(l *Login) *string { return &l.Region }},
		{"--profile", false, func(l *Login) *string { return &l.Profile }},
		{"--output", false, func(l *Login) *string { return &l.Output }},
		{"--endpoint-url", false, nil}, {"--query", false, nil}, {"--color", false, nil}, {"--ca-bundle", false, nil},
		{"--cli-read-timeout", false, nil}, {"--cli-connect-timeout", false, nil}, {"--cli-binary-format", false, nil},
		{"--debug", true, nil}, {"--version", true, nil}, {"--no-verify-ssl", true, nil}, {"--no-paginate", true, nil},
		{"--no-sign-request", true, nil}, {"--no-cli-pager", true, nil}, {"--cli-auto-prompt", true, nil}, {"--no-cli-auto-prompt", true, nil},
	}
}

// getToken are those of `aws eks get-token`.
func getToken() []option {
	return []option{
		{"--cluster-name", false, func(l *Login) *string { return &l.Cluster }},
		{"--cluster-id", false, func(l *Login) *string { return &l.Cluster }},
		{"--role-arn", false, func(l *Login) *string { return &l.Role }},
	}
}

// find gives the option that a word names: by its name, or by any beginning that fits one alone. So Python's argparse does, first
// among the options of every command.
func find(word string) (*option, error) {
	for _, among := range [][]option{global(), getToken()} {
		var fits []option
		for _, o := range among {
			if o.name == word {
				return &o, nil
			}
			if strings.HasPrefix(o.name, word) {
				fits = append(fits, o)
			}
		}
		if len(fits) == 1 {
			return &fits[0], nil
		}
		if len(fits) > 1 {
			return nil, fmt.Errorf("the AWS CLI does not take %s: it could be %s or %s", word, fits[0].name, fits[1].name)
		}
	}
	return nil, fmt.Errorf("the AWS CLI knows no option %s of `eks get-token`", word)
}

// readCLI reads the arguments of `aws eks get-token`.
func (l *Login) readCLI(args []string) {
	l.Profile = l.Environment["AWS_PROFILE"]
	l.Region = cmp.Or(l.Environment["AWS_REGION"], l.Environment["AWS_DEFAULT_REGION"])
	l.Output = l.Environment["AWS_DEFAULT_OUTPUT"]
	var words []string
	for i := 0; i < len(args); i++ {
		name, value, joined := strings.Cut(args[i], "=")
		if !strings.HasPrefix(name, "--") {
			words = append(words, args[i])
			continue
		}
		o, err := find(name)
		switch {
		case err != nil:
			l.Problem = cmp.Or(l.Problem, err.Error())
			continue
		case o.bare:
			continue
		case !joined && i+1 == len(args):
			l.Problem = cmp.Or(l.Problem, fmt.Sprintf("%s has no value", name))
			continue
		case !joined:
			i++
			value = args[i]
		}
		if o.field != nil {
			*o.field(l) = value
		}
		l.ProfileFlag = l.ProfileFlag || o.name == "--profile"
	}
	if !slices.Equal(words, []string{"eks", "get-token"}) {
		l.Problem = cmp.Or(l.Problem, "only `aws eks get-token` makes tokens for EKS")
	}
}

// readAuthenticator reads the arguments of `aws-iam-authenticator token`.
func (l *Login) readAuthenticator(args []string) {
	l.Profile = l.Environment["AWS_PROFILE"]
	l.Region = cmp.Or(l.Environment["AWS_REGION"], l.Environment["AWS_DEFAULT_REGION"])
	l.Cluster = l.Environment["KUBERNETES_AWS_AUTHENTICATOR_CLUSTER_ID"]
	l.Role = l.Environment["DEFAULT_ROLE"]
	flags := pflag.NewFlagSet("token", pflag.ContinueOnError)
	flags.Usage = func() {}
	flags.StringVarP(&l.Cluster, "cluster-id", "i", l.Cluster, "")
	flags.StringVarP(&l.Role, "role", "r", l.Role, "")
	flags.StringVar(&l.Region, "region", l.Region, "")
	for name, short := range map[string]string{"external-id": "e", "session-name": "s", "log-format": "l", "config": "c"} {
		flags.StringP(name, short, "", "")
	}
	for name, short := range map[string]string{"token-only": "t", "forward-session-name": "", "cache": ""} {
		flags.BoolP(name, short, false, "")
	}
	if err := flags.Parse(args); err != nil {
		l.Problem = "aws-iam-authenticator does not take its arguments: " + err.Error()
		return
	}
	if !slices.Equal(flags.Args(), []string{"token"}) {
		l.Problem = "only `aws-iam-authenticator token` makes tokens for EKS"
	}
}
