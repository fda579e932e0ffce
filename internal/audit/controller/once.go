package controller

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/internal/audit"
	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/live"
	"github.com/aws-auth-guard/aws-auth-guard/internal/follow"
	"github.com/aws-auth-guard/aws-auth-guard/internal/version"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// Exit is how a look that is made once ends: with a code, and an error where there is one to say.
type Exit struct { //nolint:errname // Most of the ends that it reports are no errors.
	Code int
	Err  error
}

// The exit codes, which are those of kubectl aws-auth.
const (
	exitFindings   = 1
	exitUsage      = 2
	exitUnreadable = 3
)

// Error implements error.
func (e *Exit) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("exit %d", e.Code)
	}
	return e.Err.Error()
}

// Unwrap gives the error there is to say, or nil.
func (e *Exit) Unwrap() error { return e.Err }

// ExitCode is the code that the program ends with.
func (e *Exit) ExitCode() int { return e.Code }

// Formats are the formats of Once, that for people first.
func Formats() []string {
	return append([]string{report.FormatText}, slices.DeleteFunc(slices.Sorted(maps.Keys(report.Formats())), func(f string) bool { return f == report.FormatText })...)
}

// Once looks at the cluster once, as kubectl aws-auth audit does, and writes the report to out. The error is an *Exit: 1 for findings that the policy takes for errors,
// 2 for a wrong format, 3 for a map or a policy that can't be read.
func Once(ctx context.Context, config Config, format string, out io.Writer) error {
	write := report.Formats()[format]
	if write == nil {
		return &Exit{exitUsage, fmt.Errorf("-o %q: write one of %v", format, Formats())}
	}
	p := policy.Default()
	if config.Policy != "" {
		var err error
		if p, err = policy.Load(config.Policy); err != nil {
			return &Exit{exitUnreadable, err}
		}
	}
	restConfig := rest.CopyConfig(config.Cluster)
	restConfig.QPS, restConfig.Burst = clientQPS, clientBurst
	restConfig.UserAgent = component + "/" + version.String()
	restConfig.WarningHandlerWithContext = rest.NoWarnings{}
	client, err := kubernetes.NewForConfig(restConfig)
	if err != nil {
		return &Exit{exitUnreadable, err}
	}
	reader := &live.Reader{Client: client, Registration: config.Guard}
	entries := follow.NewEntries(config.AccessSnapshot, config.Cluster, logr.Discard())
	a, failed := audit.Read(ctx, reader, &audit.Question{
		Target: audit.Target{Server: config.Cluster.Host}, Policy: p, PolicyFile: config.Policy, Now: time.Now(),
		Entries: func() audit.Entries {
			if err := entries.LastError(); err != nil {
				return audit.Entries{Why: err.Error(), Unread: true}
			}
			return audit.Entries{View: entries.View(p.MaxAge)}
		},
	})
	if a == nil {
		return &Exit{exitUnreadable, failed}
	}
	a.Lint.Version = version.String()
	if format == report.FormatJSON {
		err = audit.JSON(out, a)
	} else {
		err = write(out, a.Written())
	}
	if err = errors.Join(err, failed); err != nil {
		return &Exit{exitUnreadable, err}
	}
	if a.Fails(validate.Error) {
		return &Exit{Code: exitFindings}
	}
	return nil
}
