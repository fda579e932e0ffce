package doctor

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/internal/aws"
	"github.com/aws-auth-guard/aws-auth-guard/internal/login"
	"github.com/aws-auth-guard/aws-auth-guard/internal/trace"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

const (
	// patience is how long a program or a service may take to answer.
	patience = time.Minute
	// maxOutput is how much of a program's output is kept.
	maxOutput = 1 << 20
)

// identity finds out who asks.
func (e *Examination) identity(ctx context.Context) *Step {
	step, s := newStep("who you are"), &e.subject
	switch {
	case e.Given != nil:
		step.saw("%s, as you say", e.Given.ARN)
		e.given(step, *e.Given)
		return step
	case e.Offline:
		step.unknown("nobody was asked: pipe in what `aws sts get-caller-identity` prints")
		return step
	}
	e.tell("who you are, from AWS")
	found, said, err := e.ask(ctx, true)
	if err != nil {
		e.explain(step, said, err)
		return step
	}
	s.shell = found
	step.saw("%s, says `aws sts get-caller-identity`%s", found, e.by())
	who, err := trace.CallerOf(found)
	if err != nil {
		step.unknown("STS gives an ARN that can't be read: %s", err)
		return step
	}
	if l := s.Login; l != nil && l.Role != "" {
		e.assumed(step, who)
		return step
	}
	e.caller(step, who)
	e.elsewhere(ctx, step, found)
	return step
}

// given takes the caller that a person names. Where the kubeconfig goes on to a role, that role is who EKS gets to see.
func (e *Examination) given(step *Step, who trace.Caller) {
	l := e.subject.Login
	if l != nil && l.Role != "" && !sameRole(who.ARN, l.Role) {
		e.assumed(step, who)
		return
	}
	e.caller(step, who)
	if l != nil && l.Role == "" && l.Profile != "" && l.Profile != e.Environment("AWS_PROFILE") {
		step.maybe("profile", fmt.Sprintf("kubectl signs in with the profile %s, and that may be somebody else", text.Name(l.Profile)),
			"to see who that is: aws sts get-caller-identity --profile "+text.Name(l.Profile))
	}
}

// sameRole reports whether a caller is a session of a role.
func sameRole(caller, role string) bool {
	r, err := trace.CallerOf(role)
	if err != nil {
		return false
	}
	mine, err := arn.Canonicalize(caller)
	theirs, badRole := arn.Canonicalize(r.ARN)
	return err == nil && badRole == nil && arn.Fold(mine) == arn.Fold(theirs)
}

// by says whose credentials answered.
func (e *Examination) by() string {
	if p := e.profile(); p != "" {
		return " with the profile " + text.Name(p)
	}
	return ""
}

func (e *Examination) profile() string {
	if l := e.subject.Login; l != nil && l.Profile != "" {
		return l.Profile
	}
	return e.Environment("AWS_PROFILE")
}

// caller takes somebody for the one that EKS gets to see.
func (e *Examination) caller(step *Step, who trace.Caller) {
	s := &e.subject
	who.Cluster = cmp.Or(e.Cluster, s.Cluster)
	s.Caller = &who
	if who.Note != "" {
		step.saw("%s", who.Note)
	}
	canonical, err := arn.Canonicalize(who.ARN)
	if err != nil {
		return
	}
	p, err := arn.ParsePrincipal(canonical)
	if err != nil {
		return
	}
	switch p.Kind {
	case arn.Root:
		step.maybe("root-user", "this is the root user of the account: EKS compares exactly this ARN", "sign in as a role")
	case arn.FederatedUser:
		step.maybe("root-user", "this is a federated user: EKS compares this whole ARN, and access entries can't have it", "sign in as a role")
	}
	if region := cmp.Or(e.Region, s.Region); region != "" && partitionOf(region) != p.Partition {
		step.wrong("partition", fmt.Sprintf("you are of the partition %s, and the cluster is in %s, of %s: no caller of another partition gets in", text.Name(p.Partition), text.Name(region), partitionOf(region)),
			"sign in with credentials of the partition "+partitionOf(region))
		return
	}
	if a := accountOf(s.ClusterEntry); a != "" && a != p.Account {
		step.maybe("other-account", fmt.Sprintf("you are of the account %s, and the cluster is of %s: the cluster's map has to name a role or user of your account, or you assume a role of the cluster's", p.Account, a),
			e.update("--role-arn arn:aws:iam::"+a+":role/ROLE"))
	}
}

// assumed looks at the role that the kubeconfig's user takes on.
func (e *Examination) assumed(step *Step, who trace.Caller) {
	l := e.subject.Login
	role, err := trace.CallerOf(l.Role)
	if err != nil {
		step.wrong("role", fmt.Sprintf("the kubeconfig's role %s is no ARN of a role: %v", text.Name(l.Role), err), e.update("--role-arn ARN"))
		return
	}
	step.saw("the kubeconfig then takes on the role %s: that is who EKS gets to see", text.Name(l.Role))
	mine, _ := arn.Canonicalize(who.ARN)
	theirs, err := arn.Canonicalize(role.ARN)
	if err == nil && arn.Fold(mine) == arn.Fold(theirs) {
		step.maybe("role-itself", "you are a session of this role already, and a role may take on itself only where its trust policy says so", e.update("--role-arn "))
	}
	if l.Command == login.CLI {
		if p, err := arn.ParsePrincipal(theirs); err == nil && p.Kind == arn.Role {
			p.Service, p.Resource = "sts", "assumed-role/"+p.Name+"/EKSGetTokenAuth"
			if session, err := trace.CallerOf(p.String()); err == nil {
				step.maybe("session-name", "`aws eks get-token --role-arn` always calls its session EKSGetTokenAuth: by {{SessionName}} all who take on this role are one user",
					"take on the role in a profile, with role_session_name in it: "+e.update("--role-arn ", "--profile NAME"))
				role = session
			}
		}
	}
	e.caller(step, role)
}

// isOwnRole reports that the shell signs in as the role that the kubeconfig's user takes on.
func (e *Examination) isOwnRole() bool {
	s := &e.subject
	return s.Login != nil && s.Login.Role != "" && s.shell != "" && sameRole(s.shell, s.Login.Role)
}

// elsewhere asks a second time, without what the kubeconfig sets, where that may give somebody else.
func (e *Examination) elsewhere(ctx context.Context, step *Step, found string) {
	l := e.subject.Login
	if l == nil || l.Profile == "" || l.Profile == e.Environment("AWS_PROFILE") {
		return
	}
	other, _, err := e.ask(ctx, false)
	if err != nil || other == found {
		return
	}
	step.maybe("profile", fmt.Sprintf("your shell is %s, but kubectl signs in with the profile %s: as %s", other, text.Name(l.Profile), found),
		"to sign in as your shell does: "+strings.Replace(e.update(), " --profile "+text.Name(l.Profile), "", 1), "to sign in with another profile: "+e.update("--profile NAME"))
}

// harmless are the variables of a kubeconfig that only choose among what the machine has. Others could make the AWS CLI run
// anything, so they count only for the plugin, which runs after a question.
func harmless() []string {
	return []string{"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_STS_REGIONAL_ENDPOINTS"}
}

// ask asks STS by the AWS CLI, or where there is none by the SDK; with is set to ask as the kubeconfig's user does. said is what
// was answered in the place of an ARN.
func (e *Examination) ask(ctx context.Context, with bool) (found, said string, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	l := e.subject.Login
	region := cmp.Or(e.Region, e.subject.Region)
	program, missing := exec.LookPath(login.CLI)
	if missing != nil {
		s := aws.Settings{Region: region}
		if with && l != nil {
			s.Profile = l.Profile
		}
		found, err = aws.Caller(ctx, s)
		if err != nil {
			return "", err.Error(), err
		}
		return found, "", nil
	}
	args := []string{"sts", "get-caller-identity", "--output", "json"}
	if region != "" {
		args = append(args, "--region", region)
	}
	c := exec.CommandContext(ctx, program, args...)
	c.Env = c.Environ()
	if with && l != nil {
		if l.ProfileFlag {
			c.Args = append(c.Args, "--profile", l.Profile)
		}
		for name, value := range l.Environment {
			if slices.Contains(harmless(), name) {
				c.Env = append(c.Env, name+"="+value)
			}
		}
	}
	out, said, err := run(c)
	if err != nil {
		return "", said, err
	}
	found, err = trace.Identity(out)
	return found, said, err
}

// run runs a program, and keeps what it prints.
func run(c *exec.Cmd) (out, said string, err error) {
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &limited{&stdout, maxOutput}, &limited{&stderr, maxOutput}
	c.WaitDelay = time.Second
	err = c.Run()
	return stdout.String(), strings.TrimSpace(stderr.String()), err
}

// limited keeps the beginning of what is written.
type limited struct {
	io.Writer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	kept := p[:min(len(p), l.left)]
	l.left -= len(kept)
	if _, err := l.Writer.Write(kept); err != nil {
		return 0, err
	}
	return len(p), nil
}

// explain says why AWS did not tell who asks.
func (e *Examination) explain(step *Step, said string, err error) {
	if errors.Is(err, context.DeadlineExceeded) {
		step.unknown("AWS did not answer within %s", patience)
		return
	}
	said = cmp.Or(said, err.Error())
	c := e.classify(said)
	step.saw("AWS answers: %s", text.Cut(text.OneLine(said), maxSaid))
	if c.name == "plugin-fails" || c.name == "plugin-proxy" {
		step.unknown("AWS did not tell who you are")
		return
	}
	step.wrong(c.name, c.what, c.do...)
}

// maxSaid is how much of a program's words is shown, in bytes.
const maxSaid = 400
