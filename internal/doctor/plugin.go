package doctor

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/aws-auth-guard/aws-auth-guard/internal/trace"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// tokenStep runs the plugin, after a question, and looks at what it makes.
func (e *Examination) tokenStep(ctx context.Context, step *Step) {
	s := &e.subject
	switch {
	case s.user == nil || s.user.Exec == nil:
		step.saw("none: the user does not sign in by a plugin")
		return
	case e.Offline:
		step.unknown("the plugin was not run")
		return
	case e.Agreed == nil || !e.Agreed(strings.Join(append([]string{s.user.Exec.Command}, s.user.Exec.Args...), " ")):
		step.unknown("the plugin was not run, because nobody agreed; --yes does")
		return
	}
	token, ok := e.mint(ctx, step)
	if !ok {
		return
	}
	s.token = token
	if s.Login == nil {
		step.saw("the plugin makes a token")
		return
	}
	t, err := Decode(token, e.Now())
	e.show(step, t)
	if fault, ok := errors.AsType[*Fault](err); ok {
		step.wrong(fault.Cause, "EKS does not take this token: "+fault.What, e.remedy(fault.Cause)...)
		return
	}
	step.saw("the name of the cluster is only in the signature, and can't be read back: the kubeconfig says %s", text.Name(s.Login.Cluster))
	if p := partitionOf(s.Region); s.Region != "" && p != t.Partition {
		step.wrong("partition", fmt.Sprintf("the token is of the partition %s, and the cluster of %s: EKS does not take it", t.Partition, p), e.update())
		return
	}
	if t.Region == "" {
		step.maybe("global-sts", "the token is for the global STS: sessions of it do not work in regions that an account has to opt in to", "export AWS_STS_REGIONAL_ENDPOINTS=regional")
	}
	if at, err := time.Parse(time.RFC3339, e.variable("AWS_CREDENTIAL_EXPIRATION")); err == nil && at.Before(t.Date.Add(tokenLife-time.Minute)) {
		step.maybe("credentials-die-first", fmt.Sprintf("the credentials end at %s, before the token says that it does: programs that keep it get 401 then", at.Format(time.RFC3339)), "renew the credentials earlier")
	}
	e.verify(ctx, step, token, t)
}

// show says what is in the token, without what lets anybody in.
func (e *Examination) show(step *Step, t *Token) {
	if t.Date.IsZero() {
		step.saw("%d characters", t.Length)
		return
	}
	kind, session := "a long-lived key", "no session token"
	if strings.HasPrefix(t.KeyID, "ASIA") {
		kind = "a session's key"
	}
	if t.Session {
		session = "a session token"
	}
	step.saw("%d characters, for %s (partition %s), signed at %s by %s (%s), with %s", t.Length, text.Name(t.Host), t.Partition, t.Date.Format(time.RFC3339), text.Name(t.KeyID), kind, session)
}

func (e *Examination) remedy(cause string) []string {
	switch cause {
	case "token-large":
		return []string{"sign in with fewer session tags or policies, or as a role that has none"}
	case "endpoint-url":
		return []string{"unset AWS_ENDPOINT_URL AWS_ENDPOINT_URL_STS, and remove endpoint_url from the profile"}
	case "token-old":
		return []string{"let the plugin make a token for each login, instead of a saved one; and check this machine's clock: timedatectl"}
	}
	return []string{"let the plugin make it: " + e.update()}
}

// mint runs the plugin as kubectl does.
func (e *Examination) mint(ctx context.Context, step *Step) (string, bool) {
	x := e.subject.user.Exec
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c := exec.CommandContext(ctx, x.Command, x.Args...)
	c.Env = c.Environ()
	for _, v := range x.Env {
		c.Env = append(c.Env, v.Name+"="+v.Value)
	}
	info, err := json.Marshal(map[string]any{"kind": "ExecCredential", "apiVersion": x.APIVersion, "spec": map[string]any{"interactive": false}})
	if err != nil {
		step.unknown("the plugin was not run: %s", err)
		return "", false
	}
	c.Env = append(c.Env, "KUBERNETES_EXEC_INFO="+string(info))
	out, said, err := run(c)
	if err != nil {
		said = cmp.Or(said, err.Error())
		found := e.classify(said)
		step.saw("the plugin fails (%v): %s", err, text.Cut(text.OneLine(said), maxSaid))
		step.wrong(found.name, found.what, found.do...)
		return "", false
	}
	var answer struct {
		Kind, APIVersion string
		Status           struct{ Token string }
	}
	switch err := yaml.Unmarshal([]byte(out), &answer); {
	case err != nil || answer.Kind != "ExecCredential":
		step.wrong("output-format", "the plugin prints what kubectl can't read: the AWS CLI's output is set to text or table, or it prints nothing", e.update(), "it has to have --output json in its arguments")
	case answer.APIVersion != x.APIVersion:
		step.wrong("exec-version", fmt.Sprintf("the kubeconfig asks for %s, and the plugin answers %s", text.Name(x.APIVersion), text.Name(answer.APIVersion)), "update the AWS CLI, then: "+e.update())
	case answer.Status.Token == "":
		step.wrong("plugin-fails", "the plugin prints no token", "run it by hand, as `kubectl config view --minify` shows it")
	default:
		return answer.Status.Token, true
	}
	return "", false
}

// verify asks STS who the token is of, as EKS does.
func (e *Examination) verify(ctx context.Context, step *Step, token string, t *Token) {
	s := &e.subject
	answer, err := askSTS(ctx, token, s.Login.Cluster)
	if err != nil {
		step.unknown("STS was not asked who the token is of: %s", text.OneLine(err.Error()))
		return
	}
	if skew := t.Date.Sub(answer.at); !answer.at.IsZero() && (skew > tokenLife/3 || skew < -tokenLife/3) {
		step.maybe("clock", fmt.Sprintf("this machine's clock is off by %s", skew.Round(time.Second)), "set it by NTP: timedatectl set-ntp true")
	}
	if answer.arn == "" {
		step.saw("STS answers: %s", text.Cut(text.OneLine(answer.said), maxSaid))
		found := e.classify(answer.said)
		if found.name == "plugin-fails" {
			step.unknown("STS does not say who the token is of (HTTP %d)", answer.status)
			return
		}
		step.wrong(found.name, "STS does not take the token: "+found.what, found.do...)
		return
	}
	step.saw("STS takes it, signed for the cluster %s: it is of %s", text.Name(s.Login.Cluster), answer.arn)
	who, err := trace.CallerOf(answer.arn)
	if err != nil {
		step.unknown("STS gives an ARN that can't be read: %s", err)
		return
	}
	who.Cluster = s.Cluster
	s.Caller = &who
}
