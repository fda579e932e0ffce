package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/live"
	"github.com/aws-auth-guard/aws-auth-guard/internal/rbac"
	"github.com/aws-auth-guard/aws-auth-guard/internal/trace"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// doorsStep looks for the caller in the access entries and in the map.
func (e *Examination) doorsStep(ctx context.Context, step *Step) {
	s := &e.subject
	if s.Caller == nil {
		step.unknown("who you are, so no list can be searched for you")
		return
	}
	var known trace.Doors
	if e.Entries != nil {
		var err error
		if known, err = e.Entries(ctx, s, s.reader, s.config); err != nil {
			step.unknown("the access entries: %s", text.OneLine(err.Error()))
		}
	}
	f, d, unread := e.theMap(ctx)
	if unread != nil {
		// The access entries may tell all the same.
		f = manifest.Shown(live.Name, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata: {}\n")
		d = f.Documents[0]
	}
	t := trace.New(*s.Caller, f, d)
	t.Open(known)
	s.trace = t
	switch {
	case known.View != nil:
		step.saw("mode %s, as of %s ago", known.View.Mode(), known.View.Age())
	case known.Unknown != "":
		step.unknown("the access entries: %s", text.OneLine(known.Unknown))
	case e.Offline:
		step.unknown("the access entries: give --access-snapshot")
	default:
		step.unknown("the access entries: give --access-snapshot, or --cluster-name and --region to ask EKS")
	}
	decided := t.Door == string(access.ByEntry) || known.View.Mode() == snapshot.API
	if unread != nil && !decided {
		step.unknown("the map: %s", text.OneLine(unread.Error()))
		step.saw("somebody who is in can tell: kubectl aws-auth whoami %s", text.Name(s.Caller.ARN))
		if s.letIn != nil && !*s.letIn {
			e.leftOver(step)
		}
		return
	}
	if t.LetIn() {
		step.saw("%s lets %s in as %s, groups %s", e.doorName(t), s.Caller.ARN, text.Name(t.Username), text.List(t.Groups))
		e.compareDoors(step, t)
		if s.letIn != nil && !*s.letIn {
			e.leftOver(step)
		}
		return
	}
	if s.letIn != nil && *s.letIn && !t.Mapped {
		step.saw("neither list lets %s in, and yet you are in: the creator of the cluster is in no list", s.Caller.ARN)
		return
	}
	e.keptOut(ctx, step, t, known.View)
}

// theMap is that of the file, or the live one.
func (e *Examination) theMap(ctx context.Context) (*manifest.File, *manifest.Document, error) {
	if e.Document != nil {
		return e.File, e.Document, nil
	}
	if e.subject.reader == nil {
		return nil, nil, errors.New("the cluster does not let you in, or was not asked; give the map of a colleague with -f FILE")
	}
	f, d, _, err := e.subject.reader.File(ctx)
	return f, d, err
}

func (e *Examination) doorName(t *trace.Trace) string {
	if t.Door == string(access.ByEntry) {
		return "an access entry"
	}
	return fmt.Sprintf("%s[%d] of the map", t.Section, *t.Entry)
}

// compareDoors says what the other door would have given.
func (e *Examination) compareDoors(step *Step, t *trace.Trace) {
	if o := t.Other; o != nil && t.Door == string(access.ByEntry) {
		step.maybe("entry-hides-map", fmt.Sprintf("the map would give username %s, groups %s: %s", text.Name(o.Username), text.List(o.Groups), o.Because),
			"give the access entry the same: aws eks update-access-entry")
	}
	if t.Door == string(access.ByEntry) && t.EntryGivesNothing() {
		step.wrong("entry-without-rights", "the access entry has no access policy and no groups: you are in, and may do nothing",
			"aws eks associate-access-policy --cluster-name "+e.clusterName()+" --principal-arn "+text.Name(t.EntryARN())+" --policy-arn arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy --access-scope type=cluster")
	}
}

func (e *Examination) clusterName() string { return text.Name(orElse(e.subject.Cluster, "CLUSTER")) }

// keptOut says why no door opens, and what would open one.
func (e *Examination) keptOut(ctx context.Context, step *Step, t *trace.Trace, v *snapshot.View) {
	do := t.Remedy()
	if who := e.editors(ctx); who != "" {
		do = append(do, who)
	}
	switch because := t.Because(); {
	case v.Mode() == snapshot.API && t.Mapped:
		step.wrong("mode", "the map has you, and nobody reads it: "+t.Reason, do...)
	case because != "" && t.StaleEntry():
		step.wrong("entry-stale", because, "aws eks delete-access-entry --cluster-name "+e.clusterName()+" --principal-arn "+text.Name(t.EntryARN()),
			"aws eks create-access-entry --cluster-name "+e.clusterName()+" --principal-arn "+text.Name(t.EntryARN()))
	case because != "" && t.EntryARN() != "":
		step.unknown("%s", because)
		step.maybe("entry-new", because, "try again in a minute")
	case len(t.Lost) > 0:
		step.wrong("map-broken", fmt.Sprintf("EKS reads nothing of %s: line %d: %s", t.Lost[0].Section, t.Lost[0].Line, t.Lost[0].Message), do...)
	case t.Entry != nil:
		step.wrong("template", t.Reason, append([]string{"give the entry a username without this template: kubectl aws-auth set ARN --username NAME"}, do...)...)
	case len(t.Nearest) > 0 && e.foreign(step, t):
	case len(t.Nearest) > 0:
		step.wrong("nearly-mapped", "an entry comes close: "+t.Nearest[0].Why, append([]string{"fix that entry; or, if another one is wanted:"}, do...)...)
	case strings.Contains(e.subject.Caller.Note, "EC2 instance"):
		step.wrong("node-not-mapped", t.Reason, do...)
	default:
		step.wrong("not-mapped", t.Reason, do...)
		step.maybe("creator", "the cluster's creator is in no list and gets in all the same: if you take yourself for it, another identity made the cluster (a role, a pipeline)", e.creator(v)...)
	}
}

// foreign deals with an entry for the same name in another account or partition: that entry is right, and the caller is not the one
// that it is for.
func (e *Examination) foreign(step *Step, t *trace.Trace) bool {
	mine, err := arn.Canonicalize(e.subject.Caller.ARN)
	if err != nil {
		return false
	}
	caller, err := arn.ParsePrincipal(mine)
	near, badEntry := arn.ParsePrincipal(t.Nearest[0].ARN)
	if err != nil || badEntry != nil {
		return false
	}
	switch {
	case caller.Partition != near.Partition:
		step.wrong("partition", fmt.Sprintf("an entry names this role or user in the partition %s, and you are of %s: no caller of another partition gets in", text.Name(near.Partition), text.Name(caller.Partition)),
			"sign in with credentials of the partition "+text.Name(near.Partition)+"; leave the entry as it is")
	case caller.Account != near.Account:
		step.wrong("other-account", fmt.Sprintf("an entry names this role or user in the account %s, and you are of %s", text.Name(near.Account), text.Name(caller.Account)),
			append([]string{"sign in with credentials of the account " + text.Name(near.Account) + "; or leave the entry as it is, and:"}, t.Remedy()...)...)
	default:
		return false
	}
	return true
}

// creator says how the creator is found.
func (e *Examination) creator(v *snapshot.View) []string {
	if v != nil && v.Mode() != snapshot.ConfigMap {
		return []string{"aws eks list-access-entries --cluster-name " + e.clusterName() + ": the creator has an entry there, unless it was made without or the entry was deleted",
			"if CloudTrail's CreateCluster event (of the last 90 days) names a role that is gone, it can be created again by the same name"}
	}
	return []string{"where the authenticator's log is on (aws eks describe-cluster --name " + e.clusterName() + " --query cluster.logging), run in CloudWatch Logs Insights on /aws/eks/" + e.clusterName() + "/cluster:\n" + trace.CreatorQuery}
}

// leftOver says what may keep somebody out whom the lists let in.
func (e *Examination) leftOver(step *Step) {
	step.maybe("reason-in-the-log", "the server answers 401, and its authenticator's log alone says why",
		"where it is on (aws eks describe-cluster --name "+e.clusterName()+" --query cluster.logging), run in CloudWatch Logs Insights on /aws/eks/"+e.clusterName()+"/cluster:\n"+
			"fields @timestamp, @message | filter @logStream like /^authenticator/ and @message like /access denied/ | sort @timestamp desc",
		"where it is off, turn on `authenticator`: it does not tell of what was before")
}

// editors says who may make the edit, as far as the cluster tells.
func (e *Examination) editors(ctx context.Context) string {
	const ask = "whoever may edit the map makes this edit: kubectl edit configmap aws-auth -n kube-system; whoever may call eks:CreateAccessEntry, the access entry"
	r := e.subject.reader
	if r == nil {
		return ask
	}
	x, _ := r.RBAC(ctx)
	if x == nil {
		return ask
	}
	var names []string
	for _, p := range x.Who(rbac.Question{Resource: "configmaps", Namespace: awsauth.Namespace, Name: awsauth.Name, Verbs: []string{"update", "patch"}}) {
		names = append(names, p.Grant.Words())
	}
	if len(names) == 0 {
		return ask
	}
	return "whoever may edit the map makes this edit: system:masters, and " + text.Some(names, 5)
}

// rightsStep says what the caller may do once it is in.
func (e *Examination) rightsStep(ctx context.Context, step *Step) {
	s := &e.subject
	if s.letIn == nil || !*s.letIn {
		if s.trace != nil && s.trace.LetIn() && s.letIn == nil {
			step.unknown("what RBAC gives to %s, groups %s: the cluster was not asked", text.Name(s.trace.Username), text.List(s.trace.Groups))
			return
		}
		step.unknown("you are not in")
		return
	}
	_, err := s.reader.Client.CoreV1().Services(e.namespace()).List(ctx, listOne())
	switch {
	case err == nil:
		step.saw("kubectl get svc -n %s: works", text.Name(e.namespace()))
	case apierrors.IsForbidden(err):
		step.saw("kubectl get svc -n %s: forbidden", text.Name(e.namespace()))
	default:
		step.unknown("kubectl get svc: %s", text.OneLine(err.Error()))
	}
	rules, unread := e.mayDo(ctx)
	switch {
	case unread != nil:
		step.unknown("what you may do: %s", text.OneLine(unread.Error()))
	case len(rules) == 0 && err != nil:
		groups := "no group"
		if len(s.groups) > 0 {
			groups = "the groups " + text.List(s.groups)
		}
		step.wrong("nothing-bound", fmt.Sprintf("you are in, but may do nothing in the namespace %s: no binding gives rights there to the user %s or %s", text.Name(e.namespace()), text.Name(s.username), groups),
			"in others: kubectl auth can-i --list -n NAMESPACE",
			"whoever is an administrator binds a role: kubectl create rolebinding NAME -n NAMESPACE --clusterrole=view --user="+text.Name(s.username))
	case len(rules) == 0:
		step.saw("RBAC gives nothing in the namespace %s, so an access policy of EKS allows it", text.Name(e.namespace()))
	default:
		step.saw("you may: %s", text.Some(rules, 8))
	}
}

func (e *Examination) namespace() string {
	return orElse(e.Config.Contexts[e.subject.Context].Namespace, "default")
}
