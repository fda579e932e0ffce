package cli

import (
	"bytes"
	"encoding/pem"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/test/eks"
)

// TestPartitionsAndCase takes one map from plan to verify in every partition, with an administrator, nodes, a user and a role that
// stands there twice in another case: the later entry counts, and nothing is of another partition. Then the snapshot is of another
// time.
func TestPartitionsAndCase(t *testing.T) {
	for partition, region := range map[string]string{"aws": "eu-west-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"} {
		t.Run(partition, func(t *testing.T) {
			account := "arn:" + partition + ":iam::111122223333:"
			server, err := eks.Start(eks.Options{Partition: partition, Region: region, Now: func() time.Time { return time.Now().Add(-5 * time.Minute) }})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = server.Stop() })
			server.SetCluster("blue", "API_AND_CONFIG_MAP", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("blue")}))
			for _, name := range []string{"role/admin", "role/Dev", "role/nodes", "user/bob"} {
				server.SetPrincipal(account+name, time.Now().AddDate(-1, 0, 0))
			}
			for _, e := range server.Environment() {
				name, value, _ := strings.Cut(e, "=")
				t.Setenv(name, value)
			}
			t.Setenv("KUBECONFIG", "none")
			t.Chdir(t.TempDir())
			roles := "    - rolearn: " + account + "role/admin\n      username: admin\n      groups: [system:masters]\n" +
				"    - rolearn: " + account + "role/dev\n      username: dev\n      groups: [devs]\n" +
				"    - rolearn: " + account + "role/nodes\n      username: system:node:{{EC2PrivateDNSName}}\n      groups: [system:bootstrappers, system:nodes]\n" +
				"    - rolearn: " + strings.ToUpper(account) + "ROLE/DEV\n      username: later\n      groups: [devs, ops]\n"
			text := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapRoles: |\n" + roles +
				"  mapUsers: |\n    - userarn: " + account + "user/bob\n      username: bob\n      groups: [devs]\n"
			if err := os.WriteFile("map.yaml", []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			run := func(want int, line string) string {
				t.Helper()
				var out, errs bytes.Buffer
				if code := Run(strings.Fields("access-entries "+line), Streams{In: strings.NewReader(""), Out: &out, Err: &errs}); code != want {
					t.Fatalf("%s: exit %d, want %d\n%s%s", line, code, want, out.String(), errs.String())
				}
				return out.String() + errs.String()
			}
			foreign := regexp.MustCompile(`(?i)\barn:(?:aws|aws-cn|aws-us-gov):`)
			own := func(how, said string) {
				t.Helper()
				for _, arn := range foreign.FindAllString(said, -1) {
					if !strings.EqualFold(arn, "arn:"+partition+":") {
						t.Errorf("%s: %s in the partition %s:\n%s", how, arn, partition, said)
						return
					}
				}
			}
			for _, format := range []string{"text", "cli", "cloudformation", "terraform", "eksctl", "json"} {
				own("plan -o "+format, run(exitOK, "plan map.yaml --cluster blue --region "+region+" -o "+format))
			}
			applied := run(exitOK, "apply --cluster blue -f map.yaml --yes --region "+region)
			own("apply", applied)
			dev := server.LetsIn("blue", account+"role/Dev")
			if dev == nil || dev.Username != "later" || strings.Join(dev.Groups, " ") != "devs ops" {
				t.Errorf("the role that stands there twice becomes %+v\n%s", dev, applied)
			}
			if again := run(exitOK, "apply --cluster blue -f map.yaml --yes --region "+region); !strings.Contains(again, "0 to make") {
				t.Errorf("once more:\n%s", again)
			}
			run(exitOK, "snapshot --cluster blue --region "+region+" -o access.json")
			verified := run(exitOK, "verify -f map.yaml --snapshot access.json")
			own("verify", verified)
			if !strings.Contains(verified, "safe to switch to API: yes") {
				t.Error(verified)
			}
			taken, err := os.ReadFile("access.json")
			if err != nil {
				t.Fatal(err)
			}
			at := regexp.MustCompile(`"takenAt": "[^"]*"`)
			for name, tt := range map[string]struct {
				takenAt string
				code    int
				said    string
			}{
				"now, in another zone":    {time.Now().In(time.FixedZone("", 5*3600+1800)).Format(`"2006-01-02T15:04:05-07:00"`), exitOK, "safe to switch to API: yes"},
				"two hours ago":           {time.Now().UTC().Add(-2 * time.Hour).Format(`"2006-01-02T15:04:05Z"`), exitFindings, "safe to switch to API: no"},
				"in an hour":              {time.Now().UTC().Add(time.Hour).Format(`"2006-01-02T15:04:05Z"`), exitFindings, "safe to switch to API: no"},
				"in a hundred years":      {`"2126-03-01T12:00:00Z"`, exitFindings, "safe to switch to API: no"},
				"the year 1":              {`"0001-01-01T00:00:00Z"`, exitUnreadable, "takenAt is missing"},
				"nothing":                 {`""`, exitUnreadable, "is no time"},
				"null":                    {`null`, exitUnreadable, "takenAt is missing"},
				"seconds since 1970":      {`1772366400`, exitUnreadable, "a time that is not in quotes"},
				"a day without a time":    {`"2026-03-01"`, exitUnreadable, `"2026-03-01" in line `},
				"a time without its zone": {`"2026-03-01T12:00:00"`, exitUnreadable, `"2026-03-01T12:00:00" in line `},
			} {
				if err := os.WriteFile("other.json", at.ReplaceAll(taken, []byte(`"takenAt": `+tt.takenAt)), 0o600); err != nil {
					t.Fatal(err)
				}
				said := run(tt.code, "verify -f map.yaml --snapshot other.json")
				if !strings.Contains(said, tt.said) {
					t.Errorf("taken %s: %q is missing in\n%s", name, tt.said, said)
				}
				if tt.code != exitOK && strings.Contains(said, "API: yes") {
					t.Errorf("taken %s: %s", name, said)
				}
			}
		})
	}
}
