package plugin

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// contexts writes a kubeconfig of several contexts of the cluster: live is the administrator's, forbidden somebody's who may read
// nothing, and in gone nothing answers.
func contexts(t *testing.T) string {
	t.Helper()
	_, stranger, err := cluster.User("context-stranger")
	if err != nil {
		t.Fatal(err)
	}
	all := api.NewConfig()
	for name, path := range map[string]string{"live": cluster.AdminKubeconfig, "forbidden": stranger, "gone": cluster.AdminKubeconfig} {
		one, err := clientcmd.LoadFromFile(path)
		if err != nil {
			t.Fatal(err)
		}
		from := one.Contexts[one.CurrentContext]
		all.Clusters[name], all.AuthInfos[name] = one.Clusters[from.Cluster].DeepCopy(), one.AuthInfos[from.AuthInfo]
		all.Contexts[name] = &api.Context{Cluster: name, AuthInfo: name}
	}
	all.Clusters["gone"].Server = "https://127.0.0.1:1"
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*all, path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAuditOfSeveralClusters(t *testing.T) {
	kubeconfig := contexts(t)
	r := plugin(t, kubeconfig, "", "audit", "--contexts", "live,gone,forbidden")
	r.expect(t, 3, "not read: gone, forbidden", "not known: the cluster does not answer", "not known: the cluster lets you in, but you may not read the map")
	row := ""
	for line := range strings.Lines(r.out) {
		if strings.HasPrefix(line, "arn:aws:iam::111122223333:role/Admin ") {
			row = strings.Join(strings.Fields(line)[1:], " ")
		}
	}
	if row != "administrator not known not known" {
		t.Errorf("the row is %q:\n%s", row, r.out)
	}
	var m struct {
		Clusters []struct {
			Context string
			Error   *string
			Guard   *struct{ Installed bool }
			Admins  []any
		}
		Principals []struct {
			ARN   string
			Cells []struct {
				In, Admin *bool
				Rights    []string
			}
		}
	}
	r = plugin(t, kubeconfig, "", "audit", "--all-contexts", "-o", "json")
	r.expect(t, 3)
	if err := json.Unmarshal([]byte(r.out), &m); err != nil {
		t.Fatal(err)
	}
	if len(m.Clusters) != 3 || len(m.Principals) != 6 {
		t.Fatalf("%d clusters, %d principals:\n%s", len(m.Clusters), len(m.Principals), r.out)
	}
	for i, want := range []string{"forbidden", "gone", "live"} {
		c := m.Clusters[i]
		if read := want == "live"; c.Context != want || (c.Error == nil) != read || (c.Guard != nil) != read || (c.Admins != nil) != read {
			t.Errorf("%s: %+v", want, c)
		}
		for _, p := range m.Principals {
			if cell := p.Cells[i]; (cell.In != nil) != (want == "live") || (cell.Rights != nil) != (want == "live") {
				t.Errorf("%s of %s: %+v", want, p.ARN, cell)
			}
		}
	}
}

// TestAuditOfSeveralClustersThatAreReadEndsAsThatOfOne has the same cluster by two contexts: nobody differs.
func TestAuditOfSeveralClustersThatAreReadEndsAsThatOfOne(t *testing.T) {
	kubeconfig := contexts(t)
	for _, format := range []string{"text", "json", "html", "markdown"} {
		plugin(t, kubeconfig, "", "audit", "--contexts", "live", "-o", format).expect(t, 1, "role/Admin")
		plugin(t, kubeconfig, "", "audit", "--contexts", "live", "-o", format, "--fail-on", "never").expect(t, 0)
	}
	plugin(t, kubeconfig, "", "audit", "--contexts", "live,live").expect(t, 1, "clusters         1 (read: 1)")
}

func TestAuditOfSeveralClustersRefusesWhatIsForOne(t *testing.T) {
	kubeconfig := contexts(t)
	for _, c := range []struct {
		args string
		want string
	}{
		{"--contexts live -o sarif", "of several clusters write text, html, json or markdown"},
		{"--contexts live --all-contexts", "--contexts or --all-contexts, not both"},
		{"--contexts live --context gone", "--context: for one cluster"},
		{"--all-contexts --as ann --access-snapshot x", "--as, --access-snapshot: for one cluster"},
		{"--contexts live,other", "the kubeconfig has no context other"},
		{"--contexts=", "--contexts is empty"},
	} {
		r := plugin(t, kubeconfig, "", append([]string{"audit"}, strings.Fields(c.args)...)...)
		r.expect(t, 2, c.want)
	}
	plugin(t, t.TempDir()+"/none", "", "audit", "--all-contexts").expect(t, 3, "the kubeconfig has no context")
}
