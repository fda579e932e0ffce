package admission

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/go-logr/logr"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
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
// reaches its port. A forged review changes nothing in the cluster, but it can make the guard note an edit and report an
// override that never were.
func TestAReviewIsBelievedWhoeverSendsIt(t *testing.T) {
	o, _ := options(logr.Discard())
	b := &believer{}
	o.Recorder, o.AdmissionLog = b, b
	overriding := `{"metadata":{"name":"aws-auth","namespace":"kube-system","annotations":{"` + policy.OverrideAnnotation + `":"arn-kind: forged"}},"data":{"mapRoles":"` +
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

// keeper notes the longest texts that it is handed.
type keeper struct{ texts []string }

func (k *keeper) Overridden(r *Request, rules []string, reason string) {
	w := r.Told()
	k.texts = append(append(k.texts, w.User, w.ARN, w.FieldManager, reason), rules...)
}

// TestTextsOfAReviewAreShortWhereTheyAreKept puts a megabyte of what a terminal obeys into every text of a review.
func TestTextsOfAReviewAreShortWhereTheyAreKept(t *testing.T) {
	raw, err := json.Marshal(strings.Repeat("\x1b[2K\u202e\n::error::", 60_000))
	if err != nil {
		t.Fatal(err)
	}
	long := string(raw)
	reason := "\"arn-kind: " + long[1:]
	annotated := func(value string) string {
		return `{"metadata":{"name":"aws-auth","namespace":"kube-system","uid":` + long + `,"resourceVersion":` + long + `,"annotations":{"` + policy.OverrideAnnotation + `":` + value + `}},"data":` +
			`{"mapRoles":"- rolearn: arn:aws:sts::111122223333:assumed-role/qa/session\n  username: qa\n"}}`
	}
	plain := annotated(`"arn-kind: x"`)
	for name, fields := range map[string][]string{
		"the uid":             {`"operation":"CREATE","uid":` + long, `"object":` + plain},
		"the username":        {`"operation":"CREATE","userInfo":{"username":` + long + `}`, `"object":` + plain},
		"the groups":          {`"operation":"CREATE","userInfo":{"groups":[` + long + `]}`, `"object":` + plain},
		"the ARN":             {`"operation":"CREATE","userInfo":{"extra":{"arn":[` + long + `]}}`, `"object":` + plain},
		"another extra":       {`"operation":"CREATE","userInfo":{"extra":{` + long + `:[` + long + `]}}`, `"object":` + plain},
		"the field manager":   {`"operation":"CREATE","options":{"fieldManager":` + long + `}`, `"object":` + plain},
		"the reason":          {`"operation":"CREATE"`, `"object":` + annotated(reason)},
		"the rules":           {`"operation":"CREATE"`, `"object":` + annotated(long)},
		"the object's name":   {`"operation":"CREATE","name":` + long, `"object":` + strings.Replace(plain, `"aws-auth"`, long, 1)},
		"the operation":       {`"operation":` + long, `"object":` + plain},
		"the options":         {`"operation":"CREATE","options":` + long, `"object":` + plain},
		"the kind of object":  {`"operation":"CREATE"`, `"object":{"kind":1,"data":` + long + `}`},
		"the key of the data": {`"operation":"CREATE"`, `"object":` + strings.Replace(plain, `"mapRoles"`, `"mapRole":"","a`+long[1:]+`:"","mapRoles"`, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			var log strings.Builder
			logger := logr.FromSlogHandler(slog.NewJSONHandler(&log, nil))
			o, registry := options(logger)
			k := &keeper{}
			o.RateLimitedLog, o.Recorder = logger, k
			for _, h := range []*Handler{NewMutate(o), NewValidate(o)} {
				answer := serve(t, h, review(append([]string{configMapFields}, fields...)...))
				for _, w := range answer.Warnings {
					k.texts = append(k.texts, w)
				}
				for _, value := range answer.AuditAnnotations {
					k.texts = append(k.texts, value)
				}
				if answer.Result != nil {
					for _, line := range strings.Split(answer.Result.Message, "\n") {
						k.texts = append(k.texts, line)
					}
				}
			}
			for _, kept := range k.texts {
				if len(kept) > 2<<10 || text.Visible(kept) != kept {
					t.Errorf("%d bytes are kept or shown: %.300q", len(kept), kept)
				}
			}
			if log.Len() > 8<<10 || strings.Contains(log.String(), `[2K\n`) || strings.Contains(log.String(), "\u202e") {
				t.Errorf("%d bytes of log: %.1000s", log.Len(), log.String())
			}
			families, err := registry.Gather()
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range families {
				for _, m := range f.GetMetric() {
					for _, l := range m.GetLabel() {
						if len(l.GetValue()) > 40 {
							t.Errorf("%s has a label %.100q", f.GetName(), l.GetValue())
						}
					}
				}
			}
		})
	}
}
