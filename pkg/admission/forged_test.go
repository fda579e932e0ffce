package admission

import (
	"testing"

	"github.com/go-logr/logr"
)

// believer notes what the handler hands on.
type believer struct{ overridden, admitted []string }

func (b *believer) Overridden(r *Request, rules []string, _ string) {
	b.overridden = append(b.overridden, r.User.Username+" "+rules[0])
}

func (b *believer) Admitted(r *Request, d *Decision) {
	b.admitted = append(b.admitted, r.User.Username+" "+string(d.Result))
}

// TestAReviewIsBelievedWhoeverSendsIt shows what is not stopped: the guard can't tell an API server from anybody else who
// reaches its port. A forged review changes nothing in the cluster, but it can make the guard note an edit and tell of an
// override that never were.
func TestAReviewIsBelievedWhoeverSendsIt(t *testing.T) {
	o, _ := options(logr.Discard())
	b := &believer{}
	o.Recorder, o.Ledger = b, b
	overriding := `{"metadata":{"name":"aws-auth","namespace":"kube-system","annotations":{"` + OverrideAnnotation + `":"arn-kind: forged"}},"data":{"mapRoles":"` +
		`- rolearn: arn:aws:sts::111122223333:assumed-role/qa/session\n  username: qa\n"}}`
	answer := serve(t, NewValidate(o), review(configMapFields, `"operation":"CREATE"`, `"userInfo":{"username":"nobody"}`, `"object":`+overriding))
	if !answer.Allowed || len(b.overridden) != 1 || b.overridden[0] != "nobody arn-kind" || len(b.admitted) != 1 || b.admitted[0] != "nobody warned" {
		t.Errorf("allowed %v, told of %q, noted %q", answer.Allowed, b.overridden, b.admitted)
	}
	exempt := serve(t, NewValidate(o), review(configMapFields, `"operation":"CREATE"`, `"userInfo":{"username":"eks:anybody"}`, `"object":`+object("aws-auth", mapRoles(kind))))
	if !exempt.Allowed || exempt.AuditAnnotations[AnnotationExempt] != "true" {
		t.Errorf("whoever may be eks:* is not refused: %+v", exempt)
	}
}
