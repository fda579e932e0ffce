package main

import (
	"fmt"

	"github.com/spf13/pflag"

	"github.com/aws-auth-guard/aws-auth-guard/internal/certs"
)

// selfSigned are the flags of the mode in which the guard keeps certificates of its own.
type selfSigned struct {
	on      bool
	options certs.Options
}

func (s *selfSigned) add(flags *pflag.FlagSet) {
	flags.BoolVar(&s.on, "self-signed", false, "keep a CA and a certificate in a Secret instead of reading --cert-dir, and write the caBundle of the webhook configurations")
	flags.StringVar(&s.options.Secret, "certificate-secret", "aws-auth-guard-certificates", "with --self-signed: the Secret in --namespace")
	flags.StringVar(&s.options.Service, "service", "aws-auth-guard", "with --self-signed: the Service in --namespace that the certificate is for")
	flags.StringVar(&s.options.Configuration, "webhook-configuration", "aws-auth-guard", "with --self-signed: the name of both webhook configurations")
	flags.DurationVar(&s.options.CAValidity, "self-signed-ca-validity", certs.DefaultCAValidity, "with --self-signed: lifetime of the CA, renewed after two thirds of it")
	flags.DurationVar(&s.options.LeafValidity, "self-signed-leaf-validity", certs.DefaultLeafValidity, "with --self-signed: lifetime of the certificate, renewed after two thirds of it")
}

// check looks at the lifetimes, where they count.
func (s *selfSigned) check() error {
	leaf, ca := s.options.LeafValidity, s.options.CAValidity
	switch {
	case !s.on:
		return nil
	case leaf < certs.MinLeafValidity:
		return fmt.Errorf("--self-signed-leaf-validity %s: write at least %s", leaf, certs.MinLeafValidity)
	case ca < certs.LeavesPerCA*leaf, ca > certs.MaxCAValidity:
		return fmt.Errorf("--self-signed-ca-validity %s: write %s or more, %d times --self-signed-leaf-validity, and %s at most", ca, certs.LeavesPerCA*leaf, certs.LeavesPerCA, certs.MaxCAValidity)
	}
	return nil
}

// configured are the options, nil where the mode is off.
func (s *selfSigned) configured(namespace string) (*certs.Options, error) {
	if !s.on {
		return nil, nil //nolint:nilnil // Having the mode off is no error.
	}
	var err error
	if s.options.Namespace, err = ownNamespace(namespace, serviceAccountNamespace); err != nil {
		return nil, err
	}
	return &s.options, nil
}
