package audit

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/live"
	"github.com/aws-auth-guard/aws-auth-guard/internal/rbac"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

var update = flag.Bool("update", false, "update the expected outputs")

// seen is a look at a cluster with a map of this text.
func seen(t *testing.T, context, text string, change ...func(*Input)) Look {
	t.Helper()
	a := &Cluster{Target: Target{Context: context, Server: "https://" + context}, Unread: []live.Gap{}}
	e := evaluate(t, text, change...)
	if v := e.AccessEntries; v != nil {
		a.AccessEntries = accessEntries(v)
	}
	a.take(e, e.Map)
	return Look{Context: context, Cluster: a}
}

// unseen is one that could not be had.
func unseen(context, why string) Look { return Look{Context: context, Err: errors.New(why)} }

func matrix(looks ...Look) *Matrix {
	return NewMatrix(moment, PolicyUsed{Profile: validate.Standard}, looks)
}

// binds is a cluster in which developers may look around, and all roles are known.
func binds(in *Input) {
	in.Index = rbac.NewIndex(&rbac.Objects{
		ClusterRoles: []*rbacv1.ClusterRole{{ObjectMeta: metav1.ObjectMeta{Name: "view"}}},
		RoleBindings: []*rbacv1.RoleBinding{{
			ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "developers"}, Subjects: []rbacv1.Subject{{Kind: rbacv1.GroupKind, Name: "developers"}},
			RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: "view"},
		}},
	}, true)
}

// noMap is a cluster whose map may not be read.
func noMap(in *Input) { in.Map, in.MapUnread = nil, "the map could not be read (403)" }

// unbinds is a cluster without bindings.
func unbinds(in *Input) { in.Index = rbac.NewIndex(&rbac.Objects{}, true) }

func noRoles(in *Input) { in.Index = nil }

const (
	devRole   = "arn:aws:iam::111122223333:role/dev"
	adminRole = "arn:aws:iam::111122223333:role/admin"
	nodeRole  = "arn:aws:iam::111122223333:role/nodes"
)

// devAdmin makes the developers administrators.
var devAdmin = strings.Replace(devs, "developers", "system:masters", 1)

func TestMatrix(t *testing.T) {
	both := func(entries ...snapshot.Entry) func(*Input) { return doors(snapshot.Both, entries...) }
	for name, c := range map[string]struct {
		looks []Look
		who   string
		// cells are what is said of each cluster, outliers "context kind".
		cells, outliers []string
	}{
		"an administrator in one, and less in the others": {
			looks: []Look{seen(t, "a", devs, binds), seen(t, "b", devAdmin, binds), seen(t, "c", devs, binds)}, who: devRole,
			cells: []string{"ClusterRole view in team", "administrator", "ClusterRole view in team"}, outliers: []string{"b admin-here"},
		},
		"an administrator in one, and something else in each other": {
			looks: []Look{seen(t, "a", devs, binds), seen(t, "b", devAdmin, binds), seen(t, "c", devs, unbinds)}, who: devRole,
			cells: []string{"ClusterRole view in team", "administrator", "in, without rights of its own"}, outliers: []string{"b admin-here"},
		},
		"an administrator in one of two": {
			looks: []Look{seen(t, "a", devs, binds), seen(t, "b", devAdmin, binds)}, who: devRole,
			cells: []string{"ClusterRole view in team", "administrator"}, outliers: []string{"b admin-here"},
		},
		"an administrator in one, and in no other": {
			looks: []Look{seen(t, "a", nodes+admin, binds, both()), seen(t, "b", nodes, binds, both())}, who: adminRole,
			cells: []string{"administrator", "not in"}, outliers: []string{"a admin-here"},
		},
		"an administrator everywhere": {
			looks: []Look{seen(t, "a", admin, binds), seen(t, "b", admin, binds)}, who: adminRole,
			cells: []string{"administrator", "administrator"},
		},
		"no administrator in one": {
			looks: []Look{seen(t, "a", devAdmin, binds), seen(t, "b", devs, binds), seen(t, "c", devAdmin, binds)}, who: devRole,
			cells: []string{"administrator", "ClusterRole view in team", "administrator"}, outliers: []string{"b differs"},
		},
		"in one alone": {
			looks: []Look{seen(t, "a", nodes, binds, both()), seen(t, "b", nodes+devs, binds, both()), seen(t, "c", nodes, binds, both())}, who: devRole,
			cells: []string{"not in", "ClusterRole view in team", "not in"}, outliers: []string{"b only-here"},
		},
		"in one alone, as far as the maps tell": {
			looks: []Look{seen(t, "a", nodes, binds), seen(t, "b", nodes+devs, binds)}, who: devRole,
			cells: []string{"not in the map", "ClusterRole view in team"}, outliers: []string{"b only-here"},
		},
		"a role of nodes is of one cluster": {
			looks: []Look{seen(t, "a", nodes, binds, both()), seen(t, "b", devs, binds, both())}, who: nodeRole,
			cells: []string{"node", "not in"},
		},
		"missing in one": {
			looks: []Look{seen(t, "a", nodes+devs, binds), seen(t, "b", nodes, binds), seen(t, "c", devs, binds)}, who: devRole,
			cells: []string{"ClusterRole view in team", "not in the map", "ClusterRole view in team"}, outliers: []string{"b differs"},
		},
		"a cluster that is not known counts for nothing": {
			looks: []Look{seen(t, "a", devAdmin, binds), unseen("b", "x")}, who: devRole,
			cells: []string{"administrator", "not known"},
		},
		"a map that could not be read": {
			looks: []Look{seen(t, "a", devAdmin, binds), seen(t, "b", "", binds, noMap)}, who: devRole,
			cells: []string{"administrator", "not known"},
		},
		"bindings that could not be read": {
			looks: []Look{seen(t, "a", devAdmin, binds), seen(t, "b", devs, noRoles), seen(t, "c", devAdmin, noRoles)}, who: devRole,
			cells: []string{"administrator", "in, rights not known", "administrator"},
		},
		"by an access entry in one, and by the map in the other": {
			looks: []Look{
				seen(t, "a", nodes, binds, both(accessEntry("dev", snapshot.Standard, snapshot.ClusterAdmin))), seen(t, "b", nodes+devs, binds, both()),
			}, who: devRole,
			cells: []string{"administrator", "ClusterRole view in team"}, outliers: []string{"a admin-here"},
		},
		"let in elsewhere too, with rights that are not known": {
			looks: []Look{seen(t, "a", devs, binds), seen(t, "b", devs, noRoles), seen(t, "c", nodes, binds)}, who: devRole,
			cells: []string{"ClusterRole view in team", "in, rights not known", "not in the map"},
		},
		"by its account": {
			looks: []Look{seen(t, "a", devs, binds), seen(t, "b", nodes, binds, func(in *Input) { in.Map.Data["mapAccounts"] = "- \"111122223333\"\n" })}, who: devRole,
			cells: []string{"ClusterRole view in team", "in by its account, rights not known"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := matrix(c.looks...)
			at := slices.IndexFunc(m.Rows, func(r MatrixMember) bool { return strings.HasSuffix(r.ARN, c.who[strings.LastIndex(c.who, "/"):]) })
			if at < 0 {
				t.Fatalf("no row of %s: %+v", c.who, m.Rows)
			}
			var cells, outliers []string
			for i := range m.Rows[at].Cells {
				cell := &m.Rows[at].Cells[i]
				cells = append(cells, cell.said)
				if unknown := strings.Contains(cell.said, "not known"); unknown != (cell.Rights == nil && cell.level == "") {
					t.Errorf("%q, but the rights are %v and the level %q", cell.said, cell.Rights, cell.level)
				}
				if cell.said == "not known" && (cell.In != nil || cell.Admin != nil) {
					t.Errorf("what is not known is %v, %v", cell.In, cell.Admin)
				}
			}
			for _, o := range m.Rows[at].Outliers {
				outliers = append(outliers, o.Context+" "+string(o.Kind))
			}
			if !slices.Equal(cells, c.cells) || !slices.Equal(outliers, c.outliers) {
				t.Errorf("cells %q, outliers %q", cells, outliers)
			}
		})
	}
}

// several is a matrix with all that there can be, and rude is a text in every place that others write to.
func several(t *testing.T, rude string) *Matrix {
	t.Helper()
	old := doors(snapshot.Both)
	prod := seen(t, "arn:aws:eks:eu-west-1:111122223333:cluster/prod", nodes+admin+devAdmin, binds, old)
	stage := seen(t, "stage"+rude, nodes+devs+"- rolearn: arn:aws:iam::111122223333:role/x\n  username: x\n  groups: [developers]\n", binds)
	stage.Cluster.Unread = append(stage.Cluster.Unread, live.Gap{What: "nodes", Why: "no" + rude})
	lost := seen(t, "dev", "", noMap, noRoles, func(in *Input) { in.Guard = nil })
	lost.Err = fmt.Errorf("the cluster lets you in, but you may not read the map%s", rude)
	return matrix(prod, stage, lost, unseen("old", "the cluster does not answer: refused"+rude))
}

func TestMatrixAsItIsWritten(t *testing.T) {
	for name, write := range map[string]func(*Matrix, *bytes.Buffer) error{
		"matrix.txt":  func(m *Matrix, b *bytes.Buffer) error { return report.Text(b, m.Written()) },
		"matrix.html": func(m *Matrix, b *bytes.Buffer) error { return report.HTML(b, m.Written()) },
		"matrix.md":   func(m *Matrix, b *bytes.Buffer) error { return report.Markdown(b, m.Written()) },
		"matrix.json": func(m *Matrix, b *bytes.Buffer) error { return m.JSON(b) },
	} {
		t.Run(name, func(t *testing.T) {
			var got bytes.Buffer
			if err := write(several(t, ""), &got); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", name)
			if *update {
				if err := os.MkdirAll("testdata", 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("%s differs (run with -update to take it):\n%s", path, got.String())
			}
		})
	}
}

// TestTheDocsShowTheMatrix holds the example of docs/operations.md.
func TestTheDocsShowTheMatrix(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := report.Text(&out, several(t, "").Written()); err != nil {
		t.Fatal(err)
	}
	_, shown, _ := strings.Cut(out.String(), "\nOUTLIERS\n")
	if !strings.Contains(string(page), "\n```text\nOUTLIERS\n"+shown+"```\n") {
		t.Errorf("docs/operations.md does not show:\n%s", shown)
	}
}

func TestNoTextBreaksOutOfTheMatrix(t *testing.T) {
	m := several(t, "\x1b[31m<script>alert(1)</script>|\n| evil\u202e `")
	for name, write := range map[string]func(*bytes.Buffer) error{
		"text":     func(b *bytes.Buffer) error { return report.Text(b, m.Written()) },
		"html":     func(b *bytes.Buffer) error { return report.HTML(b, m.Written()) },
		"markdown": func(b *bytes.Buffer) error { return report.Markdown(b, m.Written()) },
		"json":     func(b *bytes.Buffer) error { return m.JSON(b) },
	} {
		t.Run(name, func(t *testing.T) {
			var got bytes.Buffer
			if err := write(&got); err != nil {
				t.Fatal(err)
			}
			out := got.String()
			if strings.ContainsAny(out, "\x1b\u202e") || strings.Contains(out, "\n| evil") || name == "html" && strings.Contains(out, "<script>alert") {
				t.Errorf("a text breaks out:\n%s", out)
			}
			if !strings.Contains(out, "stage") {
				t.Errorf("the cluster is not named:\n%s", out)
			}
		})
	}
}

func TestTheOldestSnapshot(t *testing.T) {
	if m := matrix(seen(t, "a", nodes, binds), unseen("b", "x")); m.OldestSnapshot != nil {
		t.Errorf("%v, though none is known", m.OldestSnapshot)
	}
	older := func(in *Input) { doors(snapshot.Both)(in); in.AccessEntries.TakenAt = moment.Add(-time.Hour) }
	m := matrix(seen(t, "a", nodes, binds, doors(snapshot.Both)), seen(t, "b", nodes, binds, older))
	if m.OldestSnapshot == nil || !m.OldestSnapshot.Equal(moment.Add(-time.Hour)) {
		t.Errorf("%v", m.OldestSnapshot)
	}
}
