package companion

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/test/await"
	"github.com/aws-auth-guard/aws-auth-guard/test/controlplane"
)

// site is a cluster with the companion policy and no webhook at all.
type site struct {
	*controlplane.ControlPlane
	admin kubernetes.Interface
	// eks puts the map into the state that a test begins with; the policy does not apply to it.
	eks kubernetes.Interface
}

// shared starts the cluster when a test first asks for it: fuzzing needs none.
var shared = sync.OnceValues(func() (*site, error) { //nolint:gochecknoglobals // Starting it takes too long to do it for each test.
	c, err := controlplane.Start(context.Background(), controlplane.Options{Progress: os.Stderr})
	if err != nil {
		return nil, err
	}
	stop = c.Stop
	eks, _, err := c.Impersonate(rest.ImpersonationConfig{UserName: "eks:addon-manager", Groups: []string{"system:masters"}})
	if err != nil {
		return nil, err
	}
	s := &site{ControlPlane: c, admin: kubernetes.NewForConfigOrDie(c.AdminConfig), eks: kubernetes.NewForConfigOrDie(eks)}
	specs, err := Specs()
	if err != nil {
		return nil, err
	}
	// As the chart renders webhook.breakGlass.
	specs.AddConditions(
		admissionregistrationv1.MatchCondition{Name: "break-glass-users", Expression: `!has(request.userInfo.username) || !(request.userInfo.username in ["alice"])`},
		admissionregistrationv1.MatchCondition{
			Name: "break-glass-groups", Expression: `!has(request.userInfo.groups) || !request.userInfo.groups.exists(g, g in ["break-glass"])`,
		})
	return s, Install(context.Background(), s.admin, specs)
})

var stop = func() error { return nil } //nolint:gochecknoglobals // Belongs to shared.

func TestMain(m *testing.M) {
	code := m.Run()
	if err := stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

func cluster(t *testing.T) *site {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *site) put(t *testing.T, c *corev1.ConfigMap) {
	t.Helper()
	maps := s.eks.CoreV1().ConfigMaps(awsauth.Namespace)
	if c == nil {
		if err := maps.Delete(t.Context(), awsauth.Name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			t.Fatal(err)
		}
		return
	}
	_, err := maps.Update(t.Context(), c, metav1.UpdateOptions{})
	if apierrors.IsInvalid(err) || apierrors.IsForbidden(err) {
		// It is immutable.
		s.put(t, nil)
	}
	if err != nil {
		_, err = maps.Create(t.Context(), c, metav1.CreateOptions{})
	}
	if err != nil {
		t.Fatalf("%v: %q", err, c.Data)
	}
}

// try makes an edit as a dry run and gives the policy's answer; errors of others end the test.
func (s *site) try(t *testing.T, client kubernetes.Interface, made *edit) error {
	t.Helper()
	s.put(t, made.Old)
	maps := client.CoreV1().ConfigMaps(awsauth.Namespace)
	dry := []string{metav1.DryRunAll}
	var err error
	switch {
	case made.New == nil:
		err = maps.Delete(t.Context(), awsauth.Name, metav1.DeleteOptions{DryRun: dry})
	case made.Old == nil:
		_, err = maps.Create(t.Context(), made.New, metav1.CreateOptions{DryRun: dry})
	default:
		_, err = maps.Update(t.Context(), made.New, metav1.UpdateOptions{DryRun: dry})
	}
	if err != nil && !refusedByPolicy(err) {
		t.Fatalf("%v\n%s", err, made)
	}
	return err
}

func refusedByPolicy(err error) bool {
	return apierrors.IsInvalid(err) && strings.Contains(err.Error(), "ValidatingAdmissionPolicy '"+Name) && strings.HasSuffix(err.Error(), "]")
}

func TestRefusesWithoutAnyWebhook(t *testing.T) {
	s := cluster(t)
	both := map[string]string{"mapRoles": nodes, "mapUsers": "- userarn: arn:aws:iam::111122223333:user/bob\n  username: bob\n"}
	old := configMap(both, "")
	check := func(what string, err error, want string) {
		t.Run(what, func(t *testing.T) {
			if !refusedByPolicy(err) || !strings.Contains(err.Error(), want) {
				t.Errorf("the answer is %v, want %q in it", err, want)
			}
			if stored, err := s.admin.CoreV1().ConfigMaps(awsauth.Namespace).Get(t.Context(), awsauth.Name, metav1.GetOptions{}); err != nil || stored.Data["mapRoles"] != nodes {
				t.Errorf("the stored map is %v, %v", stored, err)
			}
		})
	}
	s.put(t, old)
	maps := s.admin.CoreV1().ConfigMaps(awsauth.Namespace)
	check("a delete", maps.Delete(t.Context(), awsauth.Name, metav1.DeleteOptions{}), `empty aws-auth first in an edit that adds aws-auth-guard.dev/override: "map-deleted: <reason>", then delete it [map-deleted]`)
	check("a delete of the collection", maps.DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{}), "[map-deleted]")
	for _, nothing := range nothings() {
		_, err := maps.Update(t.Context(), configMap(map[string]string{"mapRoles": nothing, "mapUsers": both["mapUsers"]}, ""), metav1.UpdateOptions{})
		check(fmt.Sprintf("mapRoles %q", nothing), err, "removes everything under mapRoles: nodes turn NotReady")
	}
	for what, c := range map[string]struct {
		data map[string]string
		want string
	}{
		"no data":                {nil, "removes everything under mapRoles and mapUsers"},
		"mapRoles dropped":       {map[string]string{"mapUsers": both["mapUsers"]}, "removes everything under mapRoles"},
		"mapUsers dropped":       {map[string]string{"mapRoles": nodes}, "under mapUsers: everybody in it"},
		"mapRoles a mapping":     {map[string]string{"mapRoles": "{}", "mapUsers": both["mapUsers"]}, "mapRoles would be {}, a mapping and not a list"},
		"a key in another case":  {map[string]string{"mapRoles": nodes, "mapUsers": both["mapUsers"], "mapaccounts": "[]"}, "EKS does not read mapaccounts"},
		"the section is renamed": {map[string]string{"maproles": nodes, "mapUsers": both["mapUsers"]}, "removes everything under mapRoles"},
	} {
		_, err := maps.Update(t.Context(), configMap(c.data, ""), metav1.UpdateOptions{})
		check(what, err, c.want)
	}
	binary := configMap(map[string]string{"mapUsers": both["mapUsers"]}, "not-a-list,map-deleted: a test")
	binary.BinaryData = map[string][]byte{"mapRoles": []byte(nodes)}
	_, err := maps.Update(t.Context(), binary, metav1.UpdateOptions{})
	check("binaryData", err, "EKS does not read mapRoles: it reads")
	t.Run("kubectl", func(t *testing.T) {
		for _, arguments := range [][]string{{"delete", "configmap", "aws-auth", "-n", "kube-system"}, {"delete", "configmaps", "--all", "-n", "kube-system"}} {
			r, err := s.Kubectl(t.Context(), controlplane.Call{Arguments: arguments})
			if err != nil {
				t.Fatal(err)
			}
			if r.ExitCode == 0 || !strings.Contains(r.Errors, "deleting aws-auth removes every mapping at once: nodes turn NotReady and people are locked out") {
				t.Errorf("kubectl %s: exit %d\n%s%s", strings.Join(arguments, " "), r.ExitCode, r.Output, r.Errors)
			}
		}
	})
	t.Run("other ConfigMaps are nobody's business", func(t *testing.T) {
		other := configMap(map[string]string{"maproles": "{}"}, "")
		other.Name = "other"
		if _, err := maps.Create(t.Context(), other, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := maps.Delete(t.Context(), other.Name, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		other.Name, other.Namespace = awsauth.Name, "default"
		if _, err := s.admin.CoreV1().ConfigMaps("default").Create(t.Context(), other, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := s.admin.CoreV1().ConfigMaps("default").Delete(t.Context(), awsauth.Name, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestNobodyIsExemptByAccident(t *testing.T) {
	s := cluster(t)
	_, err := s.admin.RbacV1().ClusterRoleBindings().Create(t.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "root"}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects: []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: "root"}},
	}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
	anything := rbacv1.PolicyRule{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"*"}}
	if err := await.Rights(t.Context(), s.admin, "root", nil, "", anything); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		user   string
		groups []string
		exempt bool
	}{
		"cluster-admin":                   {"root", nil, false},
		"a member of system:masters":      {"kubernetes-admin", []string{"system:masters"}, false},
		"the cluster's creator":           {"kubernetes-admin", []string{"system:masters", "system:authenticated"}, false},
		"a service account with a prefix": {"system:serviceaccount:kube-system:eks", []string{"system:masters"}, false},
		"somebody who looks like EKS":     {"not-eks:me", []string{"system:masters", "eks:me"}, false},
		"EKS":                             {"eks:node-manager", []string{"system:masters"}, true},
		"a break-glass user":              {"alice", []string{"system:masters"}, true},
		"a member of a break-glass group": {"bob", []string{"system:masters", "break-glass"}, true},
		"somebody named after that group": {"break-glass", []string{"system:masters", "alice"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			config, _, err := s.Impersonate(rest.ImpersonationConfig{UserName: c.user, Groups: c.groups})
			if err != nil {
				t.Fatal(err)
			}
			client := kubernetes.NewForConfigOrDie(config)
			made := &edit{Old: configMap(roles(nodes), "")}
			for deadline := time.Now().Add(await.Patience); ; time.Sleep(100 * time.Millisecond) {
				// RBAC takes a moment to follow.
				s.put(t, made.Old)
				err = client.CoreV1().ConfigMaps(awsauth.Namespace).Delete(t.Context(), awsauth.Name, metav1.DeleteOptions{DryRun: []string{metav1.DryRunAll}})
				if !apierrors.IsForbidden(err) || time.Now().After(deadline) {
					break
				}
			}
			if c.exempt && err != nil || !c.exempt && !refusedByPolicy(err) {
				t.Errorf("a delete: %v", err)
			}
		})
	}
}

func TestOverrides(t *testing.T) {
	s := cluster(t)
	const why = "map-deleted: moving to access entries"
	plain := configMap(roles(nodes), "")
	withRoles := func(text, override string) *corev1.ConfigMap { return configMap(roles(text), override) }
	for name, c := range map[string]struct {
		made *edit
		pass bool
	}{
		"added in the edit":               {&edit{Old: plain, New: withRoles("[]", why)}, true},
		"changed in the edit":             {&edit{Old: withRoles(nodes, "map-deleted: before"), New: withRoles("[]", why)}, true},
		"there before":                    {&edit{Old: withRoles(nodes, why), New: withRoles("[]", why)}, false},
		"there before, with other blanks": {&edit{Old: withRoles(nodes, why), New: withRoles("[]", "\n"+why+"\u00a0")}, false},
		"taken away in the edit":          {&edit{Old: withRoles(nodes, why), New: withRoles("[]", "")}, false},
		"on the object, for a delete":     {&edit{Old: withRoles(nodes, why)}, false},
		"on an empty object":              {&edit{Old: withRoles("[]", why)}, true},
		"none on an empty object":         {&edit{Old: withRoles("[]", "")}, true},
		"on an immutable object":          {&edit{Old: immutable(withRoles(nodes, why))}, true},
		"none on an immutable object":     {&edit{Old: immutable(plain)}, false},
		"of another rule, immutable":      {&edit{Old: immutable(withRoles(nodes, "self-lockout: why"))}, false},
		"of several rules":                {&edit{Old: plain, New: withRoles("[]", "self-lockout , map-deleted: why")}, true},
		"of another rule":                 {&edit{Old: plain, New: withRoles("[]", "self-lockout: why")}, false},
		"of a rule that there is not":     {&edit{Old: plain, New: withRoles("[]", "map-deleted,maps-deleted: why")}, false},
		"without a reason":                {&edit{Old: plain, New: withRoles("[]", "map-deleted:  ")}, false},
		"without a colon":                 {&edit{Old: plain, New: withRoles("[]", "map-deleted")}, false},
		"for a mapping, of another rule":  {&edit{Old: plain, New: withRoles("{}", why)}, false},
		"for a mapping, of that rule":     {&edit{Old: plain, New: withRoles("{}", "not-a-list: why")}, true},
		"to make it immutable":            {&edit{Old: plain, New: immutable(withRoles(nodes, "map-immutable: why"))}, true},
		"to make it immutable, left":      {&edit{Old: withRoles(nodes, "map-immutable: why"), New: immutable(withRoles(nodes, "map-immutable: why"))}, false},
		"made immutable":                  {&edit{Old: plain, New: immutable(plain)}, false},
		"created immutable":               {&edit{New: immutable(plain)}, false},
		"immutable before":                {&edit{Old: immutable(plain), New: immutable(withRoles(nodes, "self-lockout: a note"))}, true},
		"for a key that nobody reads":     {&edit{New: configMap(map[string]string{"maproles": nodes}, "unknown-data-key: why")}, true},
		"of the greatest possible length": {&edit{Old: plain, New: withRoles("[]", strings.Repeat(",", 200_000)+": "+strings.Repeat("x", 50_000))}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if err := s.try(t, s.admin, c.made); (err == nil) != c.pass {
				t.Errorf("the answer is %v", err)
			}
		})
	}
}

func TestTheAuditLogTells(t *testing.T) {
	s := cluster(t)
	s.put(t, configMap(roles(nodes), ""))
	maps := s.admin.CoreV1().ConfigMaps(awsauth.Namespace)
	if _, err := maps.Update(t.Context(), configMap(roles("[]"), "map-deleted: audited"), metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(await.Patience); ; time.Sleep(100 * time.Millisecond) {
		events, err := s.AuditEvents()
		if err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(events, func(e controlplane.AuditEvent) bool {
			return e.Annotations[Name+"/override"] == "map-deleted: audited" && e.Annotations[Name+"/loses"] == "mapRoles"
		}) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("no event has the annotations")
		}
	}
}

// TestLegalMapsPass holds on the API server that no map is refused for what it is, nor for its size.
func TestLegalMapsPass(t *testing.T) {
	s, e := cluster(t), newEvaluator(t)
	for _, data := range knownMaps(t) {
		made := &edit{New: configMap(data, "")}
		err := s.try(t, s.admin, made)
		s.put(t, configMap(map[string]string{}, ""))
		if refused := e.refusals(t, made); (err != nil) != (len(refused) > 0) {
			t.Errorf("the API server says %v, the evaluator %q:\n%s", err, refused, made)
		}
		s.put(t, nil)
	}
}

// TestTheAPIServerAgrees tries generated edits on the API server: it must answer as the evaluator does.
func TestTheAPIServerAgrees(t *testing.T) {
	s, e, j := cluster(t), newEvaluator(t), newJudge()
	for seed := range uint64(700) {
		made := generate(seed + 1_000_000)
		if made.Old != nil && disjoint(made.Old) != nil || made.New != nil && disjoint(made.New) != nil {
			continue
		}
		if made.Old == nil {
			s.put(t, nil)
		}
		want := e.refusals(t, made)
		err := s.try(t, s.admin, made)
		if (err != nil) != (len(want) > 0) || err != nil && !strings.HasSuffix(err.Error(), "["+want[0]+"]") {
			t.Fatalf("seed %d: the API server says %v, the evaluator %q:\n%s", seed, err, want, made)
		}
		sound(t, e, j, made)
	}
}

var errBoth = errors.New("a key stands under data and under binaryData")

// disjoint says whether the API server takes a map: no key may stand under both.
func disjoint(c *corev1.ConfigMap) error {
	for k := range c.BinaryData {
		if _, ok := c.Data[k]; ok {
			return errBoth
		}
	}
	return nil
}

func TestTheAnnotationIsThatOfTheGuard(t *testing.T) {
	specs, err := Specs()
	if err != nil {
		t.Fatal(err)
	}
	messages := map[string]string{}
	for _, v := range specs.Main.Variables {
		messages["variables."+v.Name] = v.Expression
	}
	for _, v := range slices.Concat(specs.Main.Validations, specs.Delete.Validations) {
		if !strings.Contains(v.MessageExpression+messages[v.MessageExpression], policy.OverrideAnnotation) {
			t.Errorf("the message does not say how to override: %s", v.MessageExpression)
		}
	}
}
