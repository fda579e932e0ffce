package snapshot

import (
	"bytes"
	"compress/gzip"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
)

const good = `{
  "apiVersion": "aws-auth-guard.dev/v1alpha1", "kind": "AccessSnapshot",
  "cluster": {"name": "blue", "arn": "arn:aws:eks:eu-west-1:111122223333:cluster/blue", "authenticationMode": "API_AND_CONFIG_MAP"},
  "takenAt": "2026-03-01T12:00:00Z",
  "entries": [
    {"principalArn": "arn:aws:iam::111122223333:role/team/dev", "type": "STANDARD", "username": "dev", "groups": ["devs"],
     "policies": [{"arn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy", "scope": {"type": "namespace", "namespaces": ["dev-*"]}}],
     "createdAt": "2026-02-01T12:00:00Z", "principalCreatedAt": "2025-01-01T00:00:00Z"},
    {"principalArn": "arn:aws:iam::111122223333:role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS", "type": "STANDARD",
     "username": "eks:managed", "createdAt": "2026-02-01T12:00:00Z"},
    {"principalArn": "arn:aws:iam::111122223333:root", "type": "STANDARD", "username": "root", "createdAt": "2026-02-01T12:00:00Z"}
  ]
}`

func TestRead(t *testing.T) {
	s, err := Read([]byte(good))
	if err != nil {
		t.Fatal(err)
	}
	if s.Cluster.Account() != "111122223333" || len(s.Entries) != 3 || s.Entries[0].Policies[0].Name() != "AmazonEKSViewPolicy" {
		t.Errorf("read as %+v", s)
	}
	packed, err := s.Compress()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Read(packed)
	if err != nil {
		t.Fatal(err)
	}
	one, _ := s.Write()
	two, _ := again.Write()
	if !bytes.Equal(one, two) {
		t.Errorf("written again it differs:\n%s\n%s", one, two)
	}
}

func TestWhatCantBeUsedIsRefusedWhole(t *testing.T) {
	for name, tt := range map[string]struct{ old, new, want string }{
		"a cut-off text":                     {`"entries": [`, ``, "no JSON from line 6, column 5 on, where \"{\" stands; `kubectl aws-auth access-entries snapshot` takes one"},
		"a list for a text":                  {`"takenAt"`, `"kind": [], "takenAt"`, "kind in line 4 is a list, and a text is wanted"},
		"a word for a time":                  {`"2026-03-01T12:00:00Z"`, `"soon"`, `"soon" in line `},
		"an unknown field":                   {`"takenAt"`, `"extra": 1, "takenAt"`, `unknown field "extra"`},
		"a field in another case":            {`"takenAt"`, `"TakenAt"`, `unknown field "TakenAt"`},
		"a field twice":                      {`"username": "dev"`, `"username": "dev", "username": "root"`, "duplicate field"},
		"another kind":                       {`"AccessSnapshot"`, `"GuardPolicy"`, "kind"},
		"another version":                    {`v1alpha1`, `v2`, "apiVersion"},
		"no time":                            {`"takenAt": "2026-03-01T12:00:00Z",`, ``, "takenAt is missing"},
		"an unknown mode":                    {`"API_AND_CONFIG_MAP"`, `"EITHER"`, "authenticationMode"},
		"no mode":                            {`, "authenticationMode": "API_AND_CONFIG_MAP"`, ``, "authenticationMode"},
		"entries in a mode without any":      {`"API_AND_CONFIG_MAP"`, `"CONFIG_MAP"`, "has none"},
		"an unknown type":                    {`"STANDARD", "username": "dev"`, `"ROBOT", "username": "dev"`, "type"},
		"a session instead of a role":        {`iam::111122223333:role/team/dev`, `sts::111122223333:assumed-role/dev/x`, "neither a role nor a user"},
		"no ARN":                             {`arn:aws:iam::111122223333:role/team/dev`, `dev`, "principalArn"},
		"another cluster's ARN":              {`cluster/blue`, `cluster/green`, "not the ARN of the EKS cluster blue"},
		"a policy of IAM":                    {`arn:aws:eks::aws:cluster-access-policy/`, `arn:aws:iam::aws:policy/`, "not that of an access policy"},
		"a scope without namespaces":         {`, "namespaces": ["dev-*"]`, ``, "namespaces is missing"},
		"a scope of the cluster and of more": {`"type": "namespace"`, `"type": "cluster"`, "the whole cluster"},
		"the same role twice":                {`role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS`, `role/Dev`, "the same principal"},
		"a node type for another account":    {`"arn:aws:iam::111122223333:role/team/dev", "type": "STANDARD"`, `"arn:aws:iam::999922223333:role/team/dev", "type": "EC2_LINUX"`, "the cluster's account alone"},
		"no entries":                         {`"entries"`, `"items"`, `unknown field "items"`},
		"an entry without its age":           {`"createdAt": "2026-02-01T12:00:00Z", "principalCreatedAt"`, `"principalCreatedAt"`, "createdAt is missing"},
		"a hash that is none":                {`"authenticationMode"`, `"caHash": "sha256:abc", "authenticationMode"`, "caHash"},
		"text after the end":                 {"\n}", "\n} {}", "its JSON ends before line 13, column 3"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(good, tt.old, tt.new, 1)
			if text == good {
				t.Fatal("the case changes nothing")
			}
			if s, err := Read([]byte(text)); err == nil || s != nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("snapshot %v, error %v; want one about %q", s, err, tt.want)
			}
		})
	}
}

// TestNoPrefixIsASnapshot holds that a file that was cut off anywhere is refused.
func TestNoPrefixIsASnapshot(t *testing.T) {
	s, err := Read([]byte(good))
	if err != nil {
		t.Fatal(err)
	}
	packed, err := s.Compress()
	if err != nil {
		t.Fatal(err)
	}
	for name, whole := range map[string][]byte{"JSON": []byte(strings.TrimSpace(good)), "gzip": packed} {
		for n := range whole {
			if _, err := Read(whole[:n]); err == nil {
				t.Errorf("%s cut off after %d of %d bytes is accepted", name, n, len(whole))
			}
		}
	}
}

func TestABombIsNotUnpacked(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	blank := bytes.Repeat([]byte(" "), 1<<20)
	for range MaxSize>>20 + 1 {
		if _, err := z.Write(blank); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(b.Bytes()); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("error %v", err)
	}
}

// TestALargeClusterFitsAConfigMap holds what compression is there for.
func TestALargeClusterFitsAConfigMap(t *testing.T) {
	s, err := Read([]byte(good))
	if err != nil {
		t.Fatal(err)
	}
	one := s.Entries[0]
	s.Entries = nil
	for i := range 3_000 {
		e := one
		e.PrincipalARN = fmt.Sprintf("arn:aws:iam::111122223333:role/teams/some/longer/path/application-%d-deployer", i)
		e.Username = fmt.Sprintf("application-%d:{{SessionName}}", i)
		e.CreatedAt = e.CreatedAt.Add(time.Duration(i) * 7919 * time.Second)
		s.Entries = append(s.Entries, e)
	}
	packed, err := s.Compress()
	if err != nil {
		t.Fatal(err)
	}
	if plain, _ := s.Write(); len(plain) < 1<<20 {
		t.Fatalf("%d bytes of JSON would fit as they are", len(plain))
	}
	if len(packed) > 256<<10 {
		t.Errorf("%d bytes", len(packed))
	}
}

func TestBinding(t *testing.T) {
	at := time.Date(2026, 2, 1, 12, 0, 0, 400e6, time.UTC)
	for name, tt := range map[string]struct {
		principal time.Time
		known     bool
		want      Binding
	}{
		"not known":       {want: Unknown},
		"older":           {principal: at.Add(-time.Hour), known: true, want: Bound},
		"created again":   {principal: at.Add(time.Hour), known: true, want: Stale},
		"the same second": {principal: at.Truncate(time.Second), known: true, want: Unknown},
		"a second before": {principal: at.Truncate(time.Second).Add(-time.Second), known: true, want: Bound},
		"a second after":  {principal: at.Truncate(time.Second).Add(time.Second), known: true, want: Stale},
	} {
		t.Run(name, func(t *testing.T) {
			e := Entry{CreatedAt: at}
			if tt.known {
				e.PrincipalCreatedAt = &tt.principal
			}
			if got := e.Binding(); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

func TestBindingOfWhoIsGoneAndOfTheRootUser(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		entry Entry
		want  Binding
	}{
		"gone":      {Entry{PrincipalARN: "arn:aws:iam::111122223333:role/dev", CreatedAt: at, PrincipalGone: true}, Stale},
		"not known": {Entry{PrincipalARN: "arn:aws:iam::111122223333:role/dev", CreatedAt: at}, Unknown},
		"root":      {Entry{PrincipalARN: "arn:aws:iam::111122223333:root", CreatedAt: at}, Bound},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tt.entry.Binding(); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

func TestWhatCountsWhen(t *testing.T) {
	for name, tt := range map[string]struct {
		mode    Mode
		age     time.Duration
		want    Mode
		trouble string
	}{
		"fresh":                        {mode: Both, age: time.Minute, want: Both},
		"at the limit":                 {mode: Both, age: time.Hour, want: Both},
		"too old":                      {mode: Both, age: time.Hour + time.Second, want: "", trouble: "is 60 min old, and the policy lets one count for 60 min"},
		"days old":                     {mode: ConfigMap, age: 80 * time.Hour, want: "", trouble: "is 3 days old"},
		"too old, and there is no way": {mode: API, age: 1000 * time.Hour, want: API, trouble: "is 41 days old"},
		"clocks that differ a little":  {mode: Both, age: -30 * time.Second, want: Both},
		"from the future":              {mode: Both, age: -2 * time.Minute, want: "", trouble: "in the future"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Read([]byte(good))
			if err != nil {
				t.Fatal(err)
			}
			s.Cluster.AuthenticationMode = tt.mode
			v := s.At(s.TakenAt.Add(tt.age), time.Hour)
			if v.Mode() != tt.want || (v.Trouble == "") != (tt.trouble == "") || !strings.Contains(v.Trouble, tt.trouble) {
				t.Errorf("mode %q, trouble %q; want %q, %q", v.Mode(), v.Trouble, tt.want, tt.trouble)
			}
		})
	}
	var none *View
	if none.Mode() != "" || (*Snapshot)(nil).At(time.Now(), time.Hour) != nil {
		t.Error("no snapshot says something")
	}
}

// TestAnotherClustersSnapshotSaysNothing holds that not even the mode of another cluster counts.
func TestAnotherClustersSnapshotSaysNothing(t *testing.T) {
	own, err := HashCA(certificate("own"))
	if err != nil {
		t.Fatal(err)
	}
	other, err := HashCA(certificate("other"))
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ snapshot, program, trouble string }{
		"its own":                    {own, own, ""},
		"another":                    {other, own, "of another cluster"},
		"one that does not say":      {"", own, "can't be held against"},
		"a program that can't tell":  {own, "", "can't be held against"},
		"neither of the two can say": {"", "", "can't be held against"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Read([]byte(good))
			if err != nil {
				t.Fatal(err)
			}
			s.Cluster.CAHash, s.Cluster.AuthenticationMode = tt.snapshot, API
			v := s.At(s.TakenAt, time.Hour).Of(tt.program)
			if !strings.Contains(v.Trouble, tt.trouble) || (v.Trouble == "") != (tt.trouble == "") || (v.Mode() == API) != (tt.trouble == "") {
				t.Errorf("mode %q, trouble %q", v.Mode(), v.Trouble)
			}
		})
	}
	if _, err := HashCA([]byte("no certificate")); err == nil {
		t.Error("what is no certificate has a hash")
	}
}

func certificate(content string) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte(content)})
}

func TestFind(t *testing.T) {
	s, err := Read([]byte(good))
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		arn  string
		want string
	}{
		"a mapping leaves the path out": {"arn:aws:iam::111122223333:role/dev", "arn:aws:iam::111122223333:role/team/dev"},
		"in another case":               {"arn:aws:iam::111122223333:role/DEV", "arn:aws:iam::111122223333:role/team/dev"},
		"another path":                  {"arn:aws:iam::111122223333:role/x/dev", "arn:aws:iam::111122223333:role/team/dev"},
		"another account":               {"arn:aws:iam::999922223333:role/dev", ""},
		"a user of that name":           {"arn:aws:iam::111122223333:user/dev", ""},
		"the root user":                 {"arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:root"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := arn.ParsePrincipal(tt.arn)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if e := s.Find(p); e != nil {
				got = e.PrincipalARN
			}
			if got != tt.want {
				t.Errorf("found %q, want %q", got, tt.want)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(good))
	s, err := Read([]byte(good))
	if err != nil {
		f.Fatal(err)
	}
	packed, err := s.Compress()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed)
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := Read(raw)
		if err != nil {
			return
		}
		written, err := s.Write()
		if err != nil {
			t.Fatalf("what was read can't be written: %v", err)
		}
		again, err := Read(written)
		if err != nil {
			t.Fatalf("what was written can't be read: %v\n%s", err, written)
		}
		if twice, _ := again.Write(); !bytes.Equal(written, twice) {
			t.Errorf("written again it differs:\n%s\n%s", written, twice)
		}
	})
}
