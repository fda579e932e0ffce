package eksctl

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kris-nova/logger"
	"github.com/weaveworks/eksctl/pkg/authconfigmap"
	"github.com/weaveworks/eksctl/pkg/iam"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	v1 "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/edit"
	"github.com/aws-auth-guard/aws-auth-guard/test/cases"
	"github.com/aws-auth-guard/aws-auth-guard/test/oracle/authenticator"
)

var update = flag.Bool("update", false, "write the figures into docs/moving.md") //nolint:gochecknoglobals // A flag.

// edits is how many random edits are compared.
const edits = 5000

// operation is what is to be done to a map.
type operation struct {
	// verb is add, remove or remove-all.
	verb string
	key  awsauth.Key
	// name is an ARN or the number of an account.
	name, username string
	groups         []string
}

func (o *operation) String() string { return o.verb + " in " + string(o.key) }

// randomOperation is mostly about somebody who is in the map where it removes, as people mean it.
func randomOperation(r *rand.Rand, data map[string]string) *operation {
	o := &operation{verb: anyOf(r, "add", "add", "remove", "remove", "remove --all"), key: awsauth.MapRoles}
	n := r.IntN(principals + 3)
	o.name, o.username = roleARN(n), fmt.Sprintf("name-%d", n)
	for range 1 + r.IntN(2) {
		if g := fmt.Sprintf("group-%d", r.IntN(4)); !slices.Contains(o.groups, g) {
			o.groups = append(o.groups, g)
		}
	}
	switch r.IntN(10) {
	case 0, 1, 2:
		o.key, o.name = awsauth.MapUsers, userARN(n)
	case 3, 4:
		o.key, o.name = awsauth.MapAccounts, accountID(n)
		if o.verb == "remove --all" {
			o.verb = "remove"
		}
	}
	if there := namesIn(data, o.key); o.verb != "add" && len(there) > 0 && chance(r, 80) {
		o.name = there[r.IntN(len(there))]
	}
	return o
}

func namesIn(data map[string]string, key awsauth.Key) []string {
	var names []string
	section := awsauth.Read(data).Section(key)
	for _, e := range section.Entries {
		names = append(names, e.ARN)
	}
	for _, a := range section.Accounts {
		names = append(names, a.Value)
	}
	return names
}

// storage is where eksctl saves the map.
type storage struct {
	v1.ConfigMapInterface
	saved *corev1.ConfigMap
}

func (s *storage) Update(_ context.Context, cm *corev1.ConfigMap, _ metav1.UpdateOptions) (*corev1.ConfigMap, error) {
	s.saved = cm.DeepCopy()
	return cm, nil
}

// theirs makes the edit as eksctl's commands do.
func (o *operation) theirs(data map[string]string) (map[string]string, error) {
	s := &storage{}
	acm := authconfigmap.New(s, &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: authconfigmap.ObjectNamespace, Name: authconfigmap.ObjectName, UID: "u"}, Data: maps.Clone(data),
	})
	if err := o.change(acm); err != nil {
		return nil, err
	}
	if err := acm.Save(); err != nil {
		return nil, err
	}
	return s.saved.Data, nil
}

func (o *operation) change(acm *authconfigmap.AuthConfigMap) error {
	switch {
	case o.key == awsauth.MapAccounts && o.verb == "add":
		return acm.AddAccount(o.name)
	case o.key == awsauth.MapAccounts:
		return acm.RemoveAccount(o.name)
	case o.verb == "add":
		identity, err := iam.NewIdentity(o.name, o.username, o.groups)
		if err != nil {
			return err
		}
		return acm.AddIdentity(identity)
	}
	return acm.RemoveIdentity(o.name, o.verb == "remove --all")
}

// ours makes the edit as our commands do.
func (o *operation) ours(data map[string]string) (map[string]string, error) {
	doc := awsauth.Read(data)
	result, err := o.edit(doc)
	if err != nil {
		return nil, err
	}
	return result.Doc.Data(), nil
}

func (o *operation) edit(doc *awsauth.Document) (*edit.Result, error) {
	switch {
	case o.key == awsauth.MapAccounts && o.verb == "add":
		return edit.AddAccount(doc, o.name)
	case o.key == awsauth.MapAccounts:
		return edit.RemoveAccount(doc, o.name)
	case o.verb == "add":
		return edit.Add(doc, o.key, edit.Entry{ARN: o.name, Username: o.username, Groups: o.groups})
	}
	found := edit.Find(doc, o.name, "")
	if len(found) == 0 {
		return nil, fmt.Errorf("there is no entry for %s", o.name)
	}
	if len(found) > 1 && o.verb == "remove" {
		return nil, fmt.Errorf("there are several entries for %s", o.name)
	}
	var at []int
	for _, e := range found {
		at = append(at, e.Index)
	}
	return edit.RemoveItems(doc, o.key, at)
}

// TestBesideEksctl makes 5,000 random edits of random maps with both. Where both make one, the real authenticator must let
// the same callers in with the same groups, and ours must have changed no other byte. docs/moving.md shows the counts.
func TestBesideEksctl(t *testing.T) {
	logger.Level = 0
	real := authenticator.Start(t)
	count := &figures{onlyTheirs: map[string]int{}, onlyOurs: map[string]int{}}
	for seed := range uint64(edits) {
		r := rand.New(rand.NewPCG(seed, 17))
		data := randomMap(r)
		o := randomOperation(r, data)
		theirs, theirErr := o.theirs(data)
		ours, ourErr := o.ours(data)
		switch {
		case theirErr != nil && ourErr != nil:
			count.neither++
			continue
		case theirErr != nil:
			count.onlyOurs[o.verb+": "+kind(theirErr)]++
			continue
		case ourErr != nil:
			count.onlyTheirs[o.verb+": "+kind(ourErr)]++
			continue
		}
		count.both++
		if err := untouched(o, data, ours); err != nil {
			t.Errorf("seed %d, %s %s: %v\n%q\nbecame\n%q", seed, o, o.name, err, data, ours)
		}
		count.compare(o, data, theirs, ours)
		callers := callersOf(o, data)
		a, err := outcomes(real, theirs, callers)
		if err != nil {
			t.Fatal(err)
		}
		b, err := outcomes(real, ours, callers)
		if err != nil {
			t.Fatal(err)
		}
		twice := o.key == awsauth.MapAccounts && o.verb == "remove" && times(data, o.name) > 1
		for i, c := range callers {
			if twice && strings.Contains(c.ARN, o.name) {
				// eksctl takes the first one away, ours all.
				count.stays++
				continue
			}
			if !slices.EqualFunc(a[i], b[i], func(x, y cases.Outcome) bool { return x.String() == y.String() }) {
				t.Errorf("seed %d, %s %s: %s gets %v with eksctl's edit, %v with ours\n%q\nbecame\n%q\nand\n%q", seed, o, o.name, c.ARN, a[i], b[i], data, theirs, ours)
			}
		}
	}
	if count.both < edits/4 {
		t.Errorf("both make only %d edits: the maps say too little", count.both)
	}
	onThePage(t, count.table())
}

func times(data map[string]string, account string) int {
	return len(slices.DeleteFunc(accounts(data), func(id string) bool { return id != account }))
}

// callersOf are those whom the map before or after may let in.
func callersOf(o *operation, data map[string]string) []cases.Caller {
	roles, users, accounts, _ := authenticator.Parse(data)
	names := map[string]bool{"arn:aws:iam::" + accountID(principals+5) + ":user/nobody": true}
	for _, m := range roles {
		names[m.RoleARN] = true
	}
	for _, m := range users {
		names[m.UserARN] = true
	}
	for _, id := range accounts {
		names["arn:aws:iam::"+id+":user/anybody"] = true
	}
	if o.key == awsauth.MapAccounts {
		names["arn:aws:iam::"+o.name+":user/anybody"] = true
	} else {
		names[o.name] = true
	}
	var callers []cases.Caller
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if before, role, ok := strings.Cut(name, ":iam::"); ok && strings.Contains(role, ":role/") {
			account, role, _ := strings.Cut(role, ":role/")
			callers = append(callers, cases.Caller{ARN: before + ":sts::" + account + ":assumed-role/" + role + "/alice", SessionName: "alice"})
			continue
		}
		callers = append(callers, cases.Caller{ARN: name})
	}
	return callers
}

func outcomes(real *authenticator.Authenticator, data map[string]string, callers []cases.Caller) ([][]cases.Outcome, error) {
	if err := real.Load(data); err != nil {
		return nil, err
	}
	all := make([][]cases.Outcome, 0, len(callers))
	for _, c := range callers {
		got, err := real.Outcomes(c)
		if err != nil {
			return nil, err
		}
		all = append(all, got)
	}
	return all, nil
}

// untouched fails where our edit changed more than it had to.
func untouched(o *operation, before, after map[string]string) error {
	for _, key := range []awsauth.Key{awsauth.MapRoles, awsauth.MapUsers, awsauth.MapAccounts} {
		was, is := before[string(key)], after[string(key)]
		if key != o.key {
			if was != is {
				return fmt.Errorf("%s changed", key)
			}
			continue
		}
		// What is added stands among the old bytes, what is left is of the old bytes; brackets come and go with the first
		// and the last item.
		longer, shorter := is, was
		if o.verb != "add" {
			longer, shorter = was, is
		}
		if !within(longer, shorter) && !within(longer, strings.NewReplacer("[]", "", "[ ]", "").Replace(shorter)) {
			return fmt.Errorf("%s changed elsewhere", key)
		}
	}
	return nil
}

// within reports that a text is another one from which lines, or parts of its one line, were taken.
func within(longer, shorter string) bool {
	at := 0
	for part := range strings.SplitAfterSeq(shorter, "\n") {
		i := strings.Index(longer[at:], part)
		if i < 0 {
			return bytesWithin(longer[at:], shorter[strings.LastIndex(shorter, part):])
		}
		at += i + len(part)
	}
	return true
}

func bytesWithin(longer, shorter string) bool {
	at := 0
	for i := range len(shorter) {
		j := strings.IndexByte(longer[at:], shorter[i])
		if j < 0 {
			return false
		}
		at += j + 1
	}
	return true
}

const begin, end = "<!-- eksctl: begin -->\n", "<!-- eksctl: end -->\n"

// onThePage holds the figures of docs/moving.md to those that were counted.
func onThePage(t *testing.T, table string) {
	t.Helper()
	path := filepath.Join("..", "..", "docs", "moving.md")
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), begin)
	shown, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no place for the figures", path)
	}
	if shown == table {
		return
	}
	if !*update {
		t.Fatalf("%s shows\n%s\nand counted are\n%s\nWrite them with -update", path, shown, table)
	}
	if err := os.WriteFile(path, []byte(before+begin+table+end+after), 0o600); err != nil {
		t.Fatal(err)
	}
}
