package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/internal/login"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// loginOf reads the user of the context that the flags choose.
func loginOf(f *clusterFlags) (*login.Login, error) {
	raw, err := f.config.ToRawKubeConfigLoader().RawConfig()
	if err != nil {
		return nil, kubeconfigError(err)
	}
	name := *f.config.AuthInfoName
	if name == "" {
		chosen := *f.config.Context
		if chosen == "" {
			chosen = raw.CurrentContext
		}
		if chosen == "" {
			return nil, errors.New("the kubeconfig has no current context: choose one with --context NAME")
		}
		context := raw.Contexts[chosen]
		if context == nil {
			return nil, fmt.Errorf("the kubeconfig has no context %q", chosen)
		}
		name = context.AuthInfo
	}
	user := raw.AuthInfos[name]
	if user == nil {
		return nil, fmt.Errorf("the kubeconfig has no user %q", name)
	}
	return login.Read(name, user)
}

// signsInAs is the error that says how to find out whose identity is used.
func signsInAs(l *login.Login) error {
	whose := "whatever credentials the AWS CLI finds"
	sts := []string{"aws", "sts", "get-caller-identity"}
	if l.Profile != "" {
		whose = "whoever the profile " + text.Name(l.Profile) + " is"
		sts = slices.Concat(sts, []string{"--profile", text.Name(l.Profile)})
	}
	return usage(fmt.Errorf("%s.\nIt names no role, so the caller is %s: run\n  %s | kubectl aws-auth whoami -", l, whose, strings.Join(sts, " ")))
}
