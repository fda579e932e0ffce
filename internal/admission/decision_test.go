package admission

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

const (
	node = "- rolearn: arn:aws:iam::111122223333:role/nodes\n  username: system:node:{{EC2PrivateDNSName}}\n  groups:\n  - system:bootstrappers\n  - system:nodes\n"
	dev  = "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups: [devs]\n"
	// path is repaired, kind can't be, masters is warned about.
	path    = "- rolearn: arn:aws:iam::111122223333:role/team/eng/ops\n  username: ops\n  groups: [ops]\n"
	pathNow = "- rolearn: arn:aws:iam::111122223333:role/ops\n  username: ops\n  groups: [ops]\n"
	kind    = "- rolearn: arn:aws:sts::111122223333:assumed-role/qa/session\n  username: qa\n  groups: [qa]\n"
	masters = "- rolearn: arn:aws:iam::111122223333:role/root\n  username: root\n  groups:\n  - system:masters\n"
)

func awsAuth(mapRoles string) *corev1.ConfigMap {
	return withData(map[string]string{"mapRoles": mapRoles})
}

func withData(data map[string]string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: awsauth.Namespace, Name: awsauth.Name}, Data: data}
}

// request makes the write of a user with a field manager; an empty old text means CREATE.
func request(user, writer, old, updated string) *Request {
	r := &Request{Operation: admissionv1.Create, User: authenticationv1.UserInfo{Username: user}, FieldManager: writer, New: awsAuth(updated)}
	if old != "" {
		r.Operation, r.Old = admissionv1.Update, awsAuth(old)
	}
	return r
}

func parsePolicy(t *testing.T, text string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse([]byte("apiVersion: aws-auth-guard.dev/v1alpha1\nkind: GuardPolicy\n" + text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const (
	person    = "kubectl-edit"
	terraform = "Terraform"
	alice     = "alice"
	eks       = "eks:node-manager"
)

func TestWhatBecomesOfAWrite(t *testing.T) {
	for _, tt := range []struct {
		profile, user, writer, old, updated string
		mutate, validate                    Result
	}{
		// nothing wrong
		{"standard", alice, person, "", node + dev, Unchanged, Allowed},
		{"standard", alice, terraform, node, node + dev, Unchanged, Allowed},
		// a repair, by who writes
		{"standard", alice, person, node, node + path, Repaired, Allowed},
		{"standard", alice, person, "", path, Repaired, Allowed},
		{"standard", alice, terraform, node, node + path, Unchanged, Refused},
		{"standard", alice, terraform, "", path, Unchanged, Refused},
		{"standard", alice, "", node, node + path, Unchanged, Refused},
		{"standard", eks, person, node, node + path, Unchanged, Warned},
		{"standard", eks, terraform, node, node + path, Unchanged, Warned},
		{"strict", alice, person, node, node + path, Repaired, Allowed},
		{"strict", alice, terraform, node, node + path, Unchanged, Refused},
		{"strict", eks, terraform, node, node + path, Unchanged, Warned},
		{"audit", alice, person, node, node + path, Unchanged, Warned},
		{"audit", alice, terraform, "", path, Unchanged, Warned},
		// a refusal, by who writes
		{"standard", alice, person, node, node + kind, Unchanged, Refused},
		{"standard", alice, terraform, "", kind, Unchanged, Refused},
		{"standard", eks, person, node, node + kind, Unchanged, Warned},
		{"strict", alice, person, node, node + kind, Unchanged, Refused},
		{"audit", alice, person, node, node + kind, Unchanged, Warned},
		// a warning
		{"standard", alice, person, node, node + masters, Unchanged, Warned},
		{"standard", alice, terraform, "", masters, Unchanged, Warned},
		{"strict", alice, person, node, node + masters, Unchanged, Refused},
		{"strict", eks, person, node, node + masters, Unchanged, Warned},
		{"audit", alice, person, node, node + masters, Unchanged, Warned},
		// what was there before is left alone, and no reason to refuse
		{"standard", alice, person, path, path + dev, Unchanged, Warned},
		{"standard", alice, terraform, path, path + dev, Unchanged, Warned},
		{"standard", alice, person, kind, kind + dev, Unchanged, Warned},
		{"strict", alice, terraform, kind + masters, dev + kind + masters, Unchanged, Warned},
		{"standard", alice, person, kind, kind + path, Repaired, Warned},
		{"standard", alice, terraform, kind, kind + path, Unchanged, Refused},
		{"strict", alice, person, "- broken: [\n", node, Unchanged, Allowed},
		{"standard", alice, terraform, kind + path, dev, Unchanged, Allowed},
		// an edit that leaves the data alone says nothing
		{"strict", alice, terraform, kind, kind, Unchanged, Allowed},
		// both at once: the repair is made, and the rest refused
		{"standard", alice, person, node, node + path + kind, Repaired, Refused},
	} {
		t.Run(fmt.Sprintf("%s %s %s %q to %q", tt.profile, tt.user, tt.writer, tt.old, tt.updated), func(t *testing.T) {
			p := parsePolicy(t, "profile: "+tt.profile+"\n")
			r := request(tt.user, tt.writer, tt.old, tt.updated)
			m := mutateNow(p, r)
			if m.Result != tt.mutate {
				t.Errorf("Mutate: %s, want %s", m.Result, tt.mutate)
			}
			maps.Copy(r.New.Data, m.Data)
			if again := mutateNow(p, r); again.Result != Unchanged {
				t.Errorf("Mutate of the repaired map: %s, want %s", again.Result, Unchanged)
			}
			v := validateNow(p, r)
			if v.Result != tt.validate {
				t.Errorf("Validate: %s, want %s\n%s\n%s", v.Result, tt.validate, v.Message, strings.Join(v.Warnings, "\n"))
			}
			if (v.Result == Refused) != (len(v.Causes) > 0 && v.Message != "") {
				t.Errorf("%s with the causes %v and the message %q", v.Result, v.Causes, v.Message)
			}
			if (v.Result == Warned) != (len(v.Warnings) > 0) && v.Result != Refused {
				t.Errorf("%s with the warnings %q", v.Result, v.Warnings)
			}
		})
	}
}

func TestARepairTellsTheOldTextAndTheNew(t *testing.T) {
	text := node + `- rolearn: arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Ops_0123456789abcdef
  username: Ops
  groups: [ops]
- rolearn: arn:aws:iam::111122223333:role/ci
  username: {{SessionName}}-ci
`
	r := request(alice, person, node, text)
	c := r.change()
	c.Facts.Bindings = &validate.BindingFacts{}
	d := Mutate(policy.Default(), r, c)
	want := []string{
		`repaired mapRoles 10:13: {{SessionName}}-ci -> "{{SessionName}}-ci" [unquoted-template]`,
		`repaired mapRoles[1].rolearn 6:12: arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Ops_0123456789abcdef -> arn:aws:iam::111122223333:role/AWSReservedSSO_Ops_0123456789abcdef [sso-role-path]`,
		`repaired mapRoles[1].username 7:13: Ops -> ops [username-uppercase]`,
	}
	if !slices.Equal(d.Warnings, want) {
		t.Errorf("warnings:\n%s\nwant\n%s", strings.Join(d.Warnings, "\n"), strings.Join(want, "\n"))
	}
	if got := d.Annotations[AnnotationFixed]; got != "sso-role-path=1,unquoted-template=1,username-uppercase=1" {
		t.Errorf("annotation %s = %q", AnnotationFixed, got)
	}
}

func TestARefusalSaysAllInEachCause(t *testing.T) {
	d := validateNow(policy.Default(), request(alice, terraform, node, node+kind+path))
	want := []metav1.StatusCause{
		{
			Type: "arn-kind", Field: "data.mapRoles[1].rolearn",
			Message: "6:12: EKS would never match this ARN: it names an assumed-role session; map the role: arn:aws:iam::111122223333:role/NAME lets all of its sessions in [arn-kind]",
		},
		{
			Type: "role-path", Field: "data.mapRoles[2].rolearn",
			Message: "9:12: this role ARN has the path team/eng/: callers arrive without it, so EKS would never match it; write arn:aws:iam::111122223333:role/ops [role-path]\n" +
				`mapRoles corrected in 1 place as far as possible (1 problem to fix by hand); fix this in Terraform: correct the resource that writes aws-auth (kubernetes_config_map_v1_data, or aws_auth_roles and aws_auth_users of the EKS module):` +
				"\n" + node + kind + pathNow,
		},
	}
	if !slices.Equal(d.Causes, want) {
		t.Errorf("causes:\n%+v\nwant\n%+v", d.Causes, want)
	}
	if !strings.HasPrefix(d.Message, "edit rejected: it introduces 2 problems (profile standard)\n* data.mapRoles[1].rolearn: 6:12: ") ||
		!strings.HasSuffix(d.Message, node+kind+pathNow) {
		t.Errorf("message:\n%s", d.Message)
	}
	if d.Annotations[AnnotationRefused] != "arn-kind,role-path" || d.Annotations[AnnotationDecision] != "refused" || d.Annotations[AnnotationWriter] != terraform {
		t.Errorf("annotations: %v", d.Annotations)
	}
}

func TestAPersonWithoutTheMutatingWebhookIsRefusedWithTheWayToWriteIt(t *testing.T) {
	d := validateNow(policy.Default(), request(alice, person, node, node+path))
	if d.Result != Refused || len(d.Causes) != 1 || strings.Contains(d.Causes[0].Message, "\n") || !strings.Contains(d.Causes[0].Message, "write arn:aws:iam::111122223333:role/ops [role-path]") {
		t.Errorf("%s: %+v", d.Result, d.Causes)
	}
}

func TestARefusalIsBounded(t *testing.T) {
	var b strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&b, "- rolearn: arn:aws:iam::111122223333:role/team/r%d\n  username: r%d\n", i, i)
	}
	d := validateNow(policy.Default(), request(alice, terraform, node, node+b.String()))
	if n := len(d.Causes); n != maxCauses+1 || d.Causes[maxCauses].Message != "+2975 more: run kubectl aws-auth lint" {
		t.Errorf("%d causes, the last: %+v", n, d.Causes[n-1])
	}
	if len(d.Message) > 20<<10 || !strings.Contains(d.Message, "\n(cut here, after line ") || !strings.Contains(d.Message, " of 6005: kubectl aws-auth fix writes all of it)") {
		t.Errorf("%d bytes of message, which end in %q", len(d.Message), d.Message[len(d.Message)-200:])
	}
}

func TestCutEndsWithALine(t *testing.T) {
	if text := strings.Repeat("x", maxCorrected); cut(text) != text {
		t.Error("a text at the limit is cut")
	}
	got := cut(strings.Repeat("123456\n", maxCorrected/7) + "abcdefghijkl\n")
	if want := strings.Repeat("123456\n", maxCorrected/7) + "(cut here, after line 1170 of 1171: kubectl aws-auth fix writes all of it)"; got != want {
		t.Errorf("got …%q", got[len(got)-100:])
	}
	got = cut(strings.Repeat("ü", maxCorrected))
	if !strings.HasPrefix(got, strings.Repeat("ü", maxCorrected/2)+"\n(cut here, after line 1 of 1") {
		t.Errorf("got …%q", got[len(got)-100:])
	}
}

func TestExemptUsersAreToldAndRecorded(t *testing.T) {
	r := request(eks, person, node, node+path+masters)
	if d := mutateNow(policy.Default(), r); len(d.Data) != 0 || d.Annotations[AnnotationExempt] != "true" {
		t.Errorf("Mutate: %+v", d)
	}
	d := validateNow(policy.Default(), r)
	if len(d.Warnings) != 2 || !strings.HasPrefix(d.Warnings[0], "not refused because the writer is exempt: mapRoles[1].rolearn 6:12: this role ARN has the path") ||
		!strings.HasPrefix(d.Warnings[1], "mapRoles[2].groups[0] 12:5: THIS EDIT GRANTS system:masters") {
		t.Errorf("warnings: %q", d.Warnings)
	}
	if d.Annotations[AnnotationExempt] != "true" || d.Annotations[AnnotationRules] != "role-path,system-masters" {
		t.Errorf("annotations: %v", d.Annotations)
	}
}

func TestADeleteIsRefusedUnlessItIsOverridden(t *testing.T) {
	r := &Request{Operation: admissionv1.Delete, Old: awsAuth(kind)}
	if d := mutateNow(policy.Default(), r); d.Result != Unchanged || len(d.Warnings) > 0 {
		t.Errorf("%+v", d)
	}
	refused := func(want string) {
		t.Helper()
		d := validateNow(policy.Default(), r)
		if d.Result != Refused || len(d.Causes) != 1 || !strings.Contains(d.Causes[0].Message, want) {
			t.Errorf("%s %+v, want %q", d.Result, d.Causes, want)
		}
	}
	refused(`empty aws-auth first in an edit that adds aws-auth-guard.dev/override: "map-deleted: <reason>", then delete it [map-deleted]`)
	// It was there before, so it does nothing.
	r.Old.Annotations = map[string]string{policy.OverrideAnnotation: "map-deleted: access entries from now on"}
	refused("empty aws-auth first")

	empty := &Request{Operation: admissionv1.Update, Old: awsAuth(kind), New: awsAuth("[]")}
	if d := validateNow(policy.Default(), empty); d.Result != Refused || !strings.Contains(d.Message, "annotate aws-auth in the same edit with") {
		t.Errorf("%s %s", d.Result, d.Message)
	}
	empty.New.Annotations = r.Old.Annotations
	if d := validateNow(policy.Default(), empty); d.Result != Warned {
		t.Errorf("%s %s", d.Result, d.Message)
	}
	if d := validateNow(policy.Default(), &Request{Operation: admissionv1.Delete, Old: empty.New}); d.Result != Allowed {
		t.Errorf("the delete of the empty map: %s %s", d.Result, d.Message)
	}

	yes := true
	r.Old.Immutable = &yes
	d := validateNow(policy.Default(), r)
	if d.Result != Warned || !strings.HasPrefix(d.Warnings[0], "overridden (access entries from now on): ") {
		t.Errorf("%s %q", d.Result, d.Warnings)
	}
	if d.Annotations[AnnotationOverride] != "map-deleted" || d.Annotations[AnnotationOverrideReason] != "access entries from now on" {
		t.Errorf("annotations: %v", d.Annotations)
	}
	r.Old.Annotations = nil
	refused(`annotate aws-auth first with aws-auth-guard.dev/override: "map-deleted: <reason>" [map-deleted]`)
}

func TestOverridesOfAnEdit(t *testing.T) {
	edit := func(text string, old, updated string) *Request {
		r := request(alice, person, old, updated)
		r.New.Annotations = map[string]string{policy.OverrideAnnotation: text}
		return r
	}
	upper := strings.ReplaceAll(dev, "username: dev", "username: Dev")
	for name, tt := range map[string]struct {
		policy string
		r      *Request
		result Result
		says   string
	}{
		"the rule":            {"", edit("arn-kind: wait for IAM", node, node+kind), Warned, "overridden (wait for IAM): mapRoles[1].rolearn"},
		"another rule":        {"", edit("role-path: x", node, node+kind), Refused, ""},
		"unknown rule":        {"", edit("arn-kinds: x", node, node), Refused, "did you mean arn-kind?"},
		"no reason":           {"", edit("arn-kind", node, node+kind), Refused, "gives no reason"},
		"no reason, in audit": {"profile: audit\n", edit("arn-kind", node, node+kind), Warned, "override ignored"},
		"not allowed to":      {"override: {groups: [admins]}\n", edit("arn-kind: x", node, node+kind), Refused, "does not let \"alice\" override"},
		"allowed to":          {"override: {users: [ali*]}\n", edit("arn-kind: x", node, node+kind), Warned, "overridden (x)"},
		"a repair not wanted": {"", edit("username-uppercase: legacy", node, node+upper), Warned, "overridden (legacy)"},
	} {
		t.Run(name, func(t *testing.T) {
			p := parsePolicy(t, tt.policy)
			if m := mutateNow(p, tt.r); m.Result != Unchanged {
				t.Errorf("repaired: %v", m.Repairs)
			}
			d := validateNow(p, tt.r)
			said := strings.Join(d.Warnings, "\n") + d.Message
			if d.Result != tt.result || !strings.Contains(said, tt.says) {
				t.Errorf("%s, want %s: %s", d.Result, tt.result, said)
			}
		})
	}
}

func TestNearMissesOfTheKeysAreRefused(t *testing.T) {
	for name, c := range map[string]*corev1.ConfigMap{
		"maproles": withData(map[string]string{"maproles": node}),
		"binary":   {ObjectMeta: withData(nil).ObjectMeta, BinaryData: map[string][]byte{"mapRoles": []byte(node)}},
	} {
		d := validateNow(policy.Default(), &Request{Operation: admissionv1.Create, New: c})
		if d.Result != Refused || len(d.Causes) != 1 || !strings.HasSuffix(d.Causes[0].Message, "[unknown-data-key]") {
			t.Errorf("%s: %s %+v", name, d.Result, d.Causes)
		}
	}
}

func TestOddMapsAreDecidedWithoutPanic(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	for name, text := range map[string]string{
		"empty": "", "invalid UTF-8": "- rolearn: \xff\xfe\n  username: \xc3\x28\n", "NUL": "- \x00", "1 MiB of one word": long,
		"1 MiB of brackets": strings.Repeat("[", 1<<20), "1 MiB of lines": strings.Repeat("\n", 1<<20), "1 MiB of tabs": strings.Repeat("\t", 1<<20),
		"1 MiB of entries": strings.Repeat(dev, 1<<20/len(dev)), "deep": strings.Repeat("- ", 10000), "BOM": "\ufeff" + path, "CRLF": strings.ReplaceAll(path, "\n", "\r\n"),
		"aliases": "- &a [x, x]\n- &b [*a, *a, *a]\n- &c [*b, *b, *b, *b]\n- [*c, *c, *c, *c]\n",
	} {
		t.Run(name, func(t *testing.T) {
			for _, writer := range []string{person, terraform} {
				for _, old := range []string{"", node, text} {
					r := request(alice, writer, old, text)
					d := mutateNow(policy.Default(), r)
					maps.Copy(r.New.Data, d.Data)
					checkLimits(t, d)
					checkLimits(t, validateNow(policy.Default(), r))
				}
			}
		})
	}
}

// mutateNow and validateNow decide without asking a cluster.
func mutateNow(p *policy.Policy, r *Request) *Decision   { return Mutate(p, r, r.change()) }
func validateNow(p *policy.Policy, r *Request) *Decision { return Validate(p, r, r.change()) }
