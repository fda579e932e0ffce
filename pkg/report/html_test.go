package report

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// cluster is a map with one of each kind that the page tells apart.
func cluster() *Report {
	r := build(validate.Standard,
		manifest.Read("production.yaml", strings.Join([]string{
			"data:", "  mapRoles: |",
			"    - rolearn: arn:aws:iam::111122223333:role/nodes", "      username: system:node:{{EC2PrivateDNSName}}",
			"      groups: [system:bootstrappers, system:nodes]",
			"    - rolearn: arn:aws:iam::111122223333:role/admin", "      username: admin", "      groups: [system:masters]",
			"    - rolearn: arn:aws:iam::111122223333:role/team/dev", "      username: dev",
			"  mapUsers: |",
			"    - userarn: arn:aws:iam::111122223333:user/Alice", "      username: alice", "      groups: [system:masters]",
			"    - userarn: arn:aws:iam::111122223333:user/alice", "      username: alice-ro", "      groups: [viewers]",
			"  mapAccounts: |", "    - \"444455556666\"", "",
		}, "\n")),
		manifest.Read("lost.yaml", "mapRoles: |\n  - x: [\n"),
	)
	r.Version, r.Profile, r.Policy = "v1.2.3", validate.Standard, "policy<b>.yaml"
	r.Cluster = "https://eks.example/<b>\u202e"
	r.Time = time.Date(2026, time.March, 4, 5, 6, 7, 0, time.FixedZone("", 3600))
	return r
}

// hostilePage has the hostile texts where the page shows them: whom the map lets in, and files.
func hostilePage() *Report {
	return build(validate.Standard, manifest.Read("\"><script>alert(1)</script>.yaml", strings.Join([]string{
		"mapRoles: |",
		"  - rolearn: arn:aws:iam::111122223333:role/dev",
		"    username: \"</code></td><img src=x onerror=alert(1)>\\u202E'\\\"`\\0\"",
		"    groups: [\"<script>alert(1)</script>\", \"a, b\", \"\", \"system:masters\", \"</style>]]>-->\"]",
		"  - rolearn: arn:aws:iam::111122223333:role/dev</script><svg/onload=alert(1)>",
		"    username: X</pre><iframe src=javascript:alert(1)>",
		"mapUsers: |", "  - userarn: \"</title>", "",
	}, "\n")), manifest.Read("javascript:alert(1)", "mapRoles: |\n  {{- <script> }}\n"))
}

var (
	assets = regexp.MustCompile(`(?s)(<style>).*(</style>)|(<script>).*(</script>)`)
	hashes = regexp.MustCompile(`sha256-[^;]*;`)
)

func TestGoldenHTML(t *testing.T) {
	noted := build(validate.Standard, manifest.Read("t.yaml", "mapRoles: |\n  {{- range .x }}\n"), manifest.Read("clean.yaml", "mapRoles: '[]'\n"))
	for name, r := range map[string]*Report{"cluster": cluster(), "noted": noted, "hostile": hostilePage(), "nothing": build(validate.Standard)} {
		page := assets.ReplaceAllString(render(t, HTML, r), "$1$2$3$4")
		golden(t, name+".html", []byte(hashes.ReplaceAllString(page, "sha256-…;")))
	}
}

// TestHTMLHolds wants nothing of a map to become an element, an attribute or an address of the page.
func TestHTMLHolds(t *testing.T) {
	elements := func(r *Report) map[string]int {
		count := map[string]int{}
		z := html.NewTokenizer(strings.NewReader(render(t, HTML, r)))
		for kind := z.Next(); kind != html.ErrorToken; kind = z.Next() {
			if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
				continue
			}
			token := z.Token()
			count[token.Data]++
			for _, a := range token.Attr {
				switch {
				case strings.HasPrefix(a.Key, "on"), a.Key == "src", a.Key == "style":
					t.Errorf("attribute %s=%q", a.Key, a.Val)
				case a.Key == "href" && a.Val != "data:," && !strings.HasPrefix(a.Val, "#") && !strings.HasPrefix(a.Val, validate.DocsURL("")[:len(project)]):
					t.Errorf("address %q", a.Val)
				}
			}
		}
		return count
	}
	if r := hostilePage(); len(r.Maps) == 0 || len(r.Maps[0].Principals) != 1 || len(r.Findings) < 5 || len(r.Notes) != 1 {
		t.Fatalf("the hostile map is not in the page: %+v", r)
	}
	known := elements(cluster())
	for name, r := range map[string]*Report{"hostile": hostile(), "hostile page": hostilePage()} {
		for element, n := range elements(r) {
			if known[element] == 0 && element != "ul" || (element == "script" || element == "style" || element == "link") && n != 1 {
				t.Errorf("%s: %d elements %s", name, n, element)
			}
		}
	}
}

// TestHTMLPolicy wants the policy to allow the page's own style and script and nothing else.
func TestHTMLPolicy(t *testing.T) {
	page := render(t, HTML, hostilePage())
	content := regexp.MustCompile(`http-equiv="Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(page)
	if content == nil {
		t.Fatal("the page has no policy")
	}
	policy := html.UnescapeString(content[1])
	between := func(from, to string) string {
		_, rest, _ := strings.Cut(page, from)
		text, _, _ := strings.Cut(rest, to)
		return text
	}
	want := "default-src 'none'; style-src '" + sourceHash(between("<style>", "</style>")) +
		"'; script-src '" + sourceHash(between("<script>", "</script>")) + "'; img-src data:; base-uri 'none'; form-action 'none'"
	if policy != want {
		t.Errorf("policy\n%s\nwant\n%s", policy, want)
	}
}

// TestMaps wants the places of whom a map lets in, and nobody where nobody asked.
func TestMaps(t *testing.T) {
	r := cluster()
	var got []string
	for _, m := range r.Maps {
		for i := range m.Principals {
			p := newPagePrincipal(m.File, &m.Principals[i])
			got = append(got, strings.Join([]string{p.Entry, p.Place, p.ARN}, " "))
		}
	}
	want := []string{
		"mapRoles[0] production.yaml:3:7 arn:aws:iam::111122223333:role/nodes",
		"mapRoles[1] production.yaml:6:7 arn:aws:iam::111122223333:role/admin",
		"mapUsers[1] production.yaml:15:7 arn:aws:iam::111122223333:user/alice",
		"mapAccounts[0] production.yaml:19:7 444455556666",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if p := newPage(r); len(p.Admins) != 2 || !p.Admins[1].Random || p.Nodes != 1 || p.Maps[1].Idle() != 2 {
		t.Errorf("admins %+v, %d nodes, %d idle", p.Admins, p.Nodes, p.Maps[1].Idle())
	}
	unasked := &Builder{Action: func(string) validate.Action { return validate.Warn }}
	f := manifest.Read("x.yaml", "mapRoles: '[]'\n")
	unasked.Map(f, f.Documents[0], nil)
	if maps := unasked.Report().Maps; len(maps) != 0 {
		t.Errorf("maps that nobody asked for: %+v", maps)
	}
}

// TestHTMLOfMany folds many findings by rule, the gravest first, and shows them before the tables.
func TestHTMLOfMany(t *testing.T) {
	var text strings.Builder
	text.WriteString("mapRoles: |\n")
	for i := range 150 {
		fmt.Fprintf(&text, "  - rolearn: arn:aws:iam::111122223333:role/team/r%d\n    username: r%d\n    groups: [system:masters]\n", i, i)
	}
	r := build(validate.Standard, manifest.Read("many.yaml", text.String()))
	if len(r.Findings) < 300 {
		t.Fatalf("%d findings", len(r.Findings))
	}
	p := newPage(r)
	if len(p.Groups) != 2 || p.Groups[0].Level != "error" || p.Groups[1].Level != "warning" || len(p.Groups[0].Findings) != 150 || p.Groups[0].Open || p.Groups[1].Open {
		t.Errorf("groups: %+v", p.Groups)
	}
	page := render(t, HTML, r)
	if strings.Index(page, `id="findings"`) > strings.Index(page, `id="admins"`) {
		t.Error("the tables come before the findings")
	}
	for _, want := range []string{`<details class="findings">`, `id="finding-search"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	few := newPage(build(validate.Standard, manifest.Read("few.yaml", "mapRoles: |\n  - rolearn: arn:aws:iam::111122223333:role/team/r\n    username: r\n")))
	if len(few.Groups) != 1 || !few.Groups[0].Open {
		t.Errorf("one finding is folded: %+v", few.Groups)
	}
	if empty := render(t, HTML, build(validate.Standard, manifest.Read("x.yaml", "kind: Namespace\n"))); !strings.Contains(empty, "No aws-auth map found") || strings.Contains(empty, "Nothing found") {
		t.Error("a page without a map says that nothing was found")
	}
}

// TestHTMLKnowsBothDoors has whom an access entry lets in beside whom the map does, and nobody of a map that EKS does not read.
func TestHTMLKnowsBothDoors(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	born := now.AddDate(-1, 0, 0)
	f := manifest.Read("map.yaml", "mapRoles: |\n  - rolearn: arn:aws:iam::111122223333:role/dev\n    username: dev\n  - rolearn: arn:aws:iam::111122223333:role/ops\n    username: ops\n")
	for mode, want := range map[snapshot.Mode][]string{
		snapshot.Both: {"1 let in by 2 entries, 1 by access entries; 1 lets nobody in", "AmazonEKSClusterAdminPolicy", "mode API_AND_CONFIG_MAP"},
		snapshot.API:  {"0 let in by 2 entries, 1 by access entries; 2 let nobody in", "nobody reads this map"},
	} {
		taken := &snapshot.Snapshot{TakenAt: now, Cluster: snapshot.Cluster{Name: "blue", AuthenticationMode: mode}, Entries: []snapshot.Entry{{
			PrincipalARN: "arn:aws:iam::111122223333:role/dev", Type: snapshot.Standard, Username: "boss", CreatedAt: now.AddDate(0, -1, 0), PrincipalCreatedAt: &born,
			Policies: []snapshot.Policy{{ARN: "arn:aws:eks::aws:cluster-access-policy/" + snapshot.ClusterAdmin, Scope: snapshot.Scope{Type: snapshot.ScopeCluster}}},
		}}}
		b := &Builder{Action: policy.Default().Action, Maps: true, Entries: taken.At(now, time.Hour)}
		b.File(f)
		for _, d := range f.Documents {
			b.Document(f, d, nil)
			b.Map(f, d, awsauth.ReadAll(d.Data, d.BinaryData))
		}
		var out strings.Builder
		if err := HTML(&out, b.Report()); err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(out.String(), w) {
				t.Errorf("%s: no %q in the page", mode, w)
			}
		}
		if strings.Contains(out.String(), `>dev</code>`) {
			t.Errorf("%s: the mapping that is overruled is shown", mode)
		}
	}
}
