package doctor

import (
	"context"
	"time"

	"k8s.io/client-go/rest"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/live"
	"github.com/aws-auth-guard/aws-auth-guard/internal/login"
	"github.com/aws-auth-guard/aws-auth-guard/internal/trace"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
)

// Examination is what is looked at, and who may be asked.
type Examination struct {
	// Config is the kubeconfig, merged out of Files.
	Config *clientcmdapi.Config
	Files  []string
	// Context and User are those that flags choose, empty for those of the kubeconfig.
	Context, User string
	// Cluster and Region are those that flags name.
	Cluster, Region string
	// Environment is that of the shell.
	Environment func(name string) string
	Now         func() time.Time
	// Given is the caller where it is known beforehand.
	Given *trace.Caller
	// Offline asks nobody.
	Offline bool
	// Agreed asks a person whether a program of the kubeconfig may run.
	Agreed func(command string) bool
	// File is the map of a file, nil for the live one.
	File     *manifest.File
	Document *manifest.Document
	// Entries are the access entries of a file or of AWS; the reader is nil where the cluster can't be asked.
	Entries func(context.Context, *Subject, *live.Reader, *rest.Config) (trace.Doors, error)
	// Progress gets what is done next.
	Progress func(what string)

	subject Subject
}

// Subject is what has become known on the way.
type Subject struct {
	// Context, ClusterEntry and UserName are the names in the kubeconfig.
	Context, ClusterEntry, UserName string
	server                          *clientcmdapi.Cluster
	user                            *clientcmdapi.AuthInfo
	// Login is nil where the user does not sign in by IAM.
	Login *login.Login
	// Cluster and Region are those of the EKS cluster, empty where they are not known.
	Cluster, Region string
	// Caller is nil where it is not known.
	Caller *trace.Caller
	// shell is the ARN that the shell's own credentials have.
	shell string
	// token is what the plugin made.
	token string
	// letIn is nil where the server was not asked.
	letIn *bool
	// username and groups are those that the server knows the caller by.
	username string
	groups   []string
	reader   *live.Reader
	config   *rest.Config
	trace    *trace.Trace
}

// Run goes the way. After a certain cause it looks at nothing that rests on it.
func (e *Examination) Run(ctx context.Context) *Report {
	s := &e.subject
	kubeconfig := e.kubeconfig()
	identity := e.identity(ctx)
	r := &Report{Steps: []*Step{identity, kubeconfig}}
	stopped := identity.certain() != nil || kubeconfig.certain() != nil
	for _, next := range []struct {
		name string
		look func(context.Context, *Step)
		// anyway is set for what can be seen without the steps before.
		anyway bool
	}{
		{"the token", e.tokenStep, false}, {"the server", e.serverStep, false}, {"the doors", e.doorsStep, e.Document != nil}, {"your rights", e.rightsStep, false},
	} {
		step := newStep(next.name)
		r.Steps = append(r.Steps, step)
		if stopped && !next.anyway {
			step.State = Unknown
			step.saw("not looked at: first deal with what is wrong above")
			continue
		}
		e.tell(next.name)
		next.look(ctx, step)
		stopped = stopped || step.certain() != nil
	}
	if s.Caller != nil {
		r.Caller = s.Caller.ARN
	}
	r.judge(s.letIn != nil && *s.letIn)
	return r
}

func (e *Examination) tell(what string) {
	if e.Progress != nil {
		e.Progress(what)
	}
}
