package browser

import (
	"bytes"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

var screenshots = flag.String("screenshots", "", "write pictures of the page into this `folder`")

const production = `apiVersion: v1
kind: ConfigMap
metadata: {name: aws-auth, namespace: kube-system}
data:
  mapRoles: |
    - rolearn: arn:aws:iam::111122223333:role/eksctl-production-nodegroup-workers-NodeInstanceRole-1A2B3C4D5
      username: system:node:{{EC2PrivateDNSName}}
      groups: [system:bootstrappers, system:nodes]
    - rolearn: arn:aws:iam::111122223333:role/PlatformAdmin
      username: platform:{{SessionName}}
      groups: [system:masters]
    - rolearn: arn:aws:iam::111122223333:role/team/payments/developer
      username: developer
      groups: [payments-developers]
    - rolearn: arn:aws:iam::111122223333:role/AWSReservedSSO_ReadOnlyAccess_0123456789abcdef
      username: auditor
      groups: [a-group-with-a-name-that-is-longer-than-any-column-of-the-table-could-ever-be, viewers]
  mapUsers: |
    - userarn: arn:aws:iam::111122223333:user/zoe
      username: Zoe
      groups: [viewers]
    - userarn: arn:aws:iam::111122223333:user/Alice
      username: alice
      groups: [system:masters]
    - userarn: arn:aws:iam::111122223333:user/alice
      username: bob
  mapAccounts: |
    - "444455556666"
`

const staging = "mapRoles: |\n  - rolearn: arn:aws:iam::111122223333:role/staging\n    username: stage\n    groups: [x]\nmapUsers: |\n  - x: [\n"

func maps() map[string]string {
	return map[string]string{"production.yaml": production, "staging.yaml": staging, "chart.yaml": "mapRoles: |\n  {{- range .x }}\n"}
}

// usernames are those of the rows that can be seen in the first table, in their order.
const usernames = `[...document.querySelector(".map table").tBodies[0].rows].filter((r) => r.offsetHeight > 0).map((r) => r.cells[2].textContent)`

// hits counts the rows that can be seen in all tables.
const hits = `[...document.querySelectorAll(".map tbody tr")].filter((r) => r.offsetHeight > 0).length`

// search types words into the empty search field.
func search(words string) step {
	return chromedp.Steps(chromedp.Evaluate[chromedp.Void](`document.getElementById("search").value = ""`), chromedp.SendKeys("#search", words+" "+kb.Backspace))
}

func (b *tab) want(question, got, want string) {
	b.t.Helper()
	if got != want {
		b.t.Errorf("%s: got %q, want %q", question, got, want)
	}
}

func TestQuiet(t *testing.T) {
	b := open(t, write(t, maps()))
	b.do(search("alice"), chromedp.Click(".map:first-of-type th:first-child button"))
	if heard := b.heard(); len(heard) != 0 {
		t.Errorf("the page is not quiet: %q", heard)
	}
	if n := ask[int](b, `performance.getEntriesByType("resource").length`); n != 0 {
		t.Errorf("the page loads %d things", n)
	}
}

// TestPolicy asks for what the page must never get, so that the policy is seen to hold, and the test to hear.
func TestPolicy(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	t.Cleanup(server.Close)
	for name, try := range map[string]string{
		"image":  `document.body.append(Object.assign(new Image(), {src: URL}))`,
		"fetch":  `fetch(URL).catch(() => 0)`,
		"style":  `document.head.append(Object.assign(document.createElement("link"), {rel: "stylesheet", href: URL}))`,
		"script": `document.body.append(Object.assign(document.createElement("script"), {textContent: "window.broken = true"}))`,
		"event":  `document.body.insertAdjacentHTML("beforeend", "<p onclick='window.broken = true' id=inline>x</p>"), document.getElementById("inline").click()`,
		"frame":  `document.body.append(Object.assign(document.createElement("iframe"), {src: URL}))`,
	} {
		b := open(t, write(t, maps()))
		violated := `new Promise((resolve) => { document.addEventListener("securitypolicyviolation", (e) => resolve(e.effectiveDirective), {once: true}); ` +
			strings.ReplaceAll(try, "URL", `"`+server.URL+`"`) + `; })`
		directive := ask[string](b, violated)
		if directive == "" || ask[bool](b, `"broken" in window`) {
			t.Errorf("%s: %q stopped it", name, directive)
		}
		if len(b.heard()) == 0 {
			t.Errorf("%s: nothing was heard", name)
		}
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("%d requests went out", n)
	}
}

func TestHostile(t *testing.T) {
	username := `</code></td><img src=x onerror=alert(1)>'"`
	b := open(t, write(t, map[string]string{"\"><script>alert(2)</script>.yaml": strings.Join([]string{
		"mapRoles: |",
		"  - rolearn: arn:aws:iam::111122223333:role/dev",
		`    username: "` + strings.ReplaceAll(username, `"`, `\"`) + `"`,
		`    groups: ["<script>alert(3)</script>", "</style><svg/onload=alert(4)>"]`,
		"  - rolearn: arn:aws:iam::111122223333:role/x</script><script>alert(5)</script>",
		"    username: X</pre><iframe src=javascript:alert(6)>", "",
	}, "\n")}))
	if heard := b.heard(); len(heard) != 0 {
		t.Errorf("the page is not quiet: %q", heard)
	}
	b.want("username", strings.Join(ask[[]string](b, usernames), "|"), username)
	if n := ask[int](b, `document.querySelectorAll("img, svg, iframe, script:not(body > script:last-of-type)").length`); n != 0 {
		t.Errorf("%d elements came out of the map", n)
	}
}

func TestSearch(t *testing.T) {
	b := open(t, write(t, maps()))
	all := ask[int](b, hits)
	for _, tt := range []struct {
		words string
		want  int
	}{{"PLATFORMADMIN", 1}, {"viewers", 2}, {"viewers zoe", 1}, {"nobody-has-this", 0}, {"staging", 1}, {"444455556666", 1}} {
		b.do(search(tt.words))
		if n := ask[int](b, hits); n != tt.want {
			t.Errorf("%q: %d rows, want %d", tt.words, n, tt.want)
		}
		shown := ask[string](b, `document.getElementById("matches").textContent`)
		if want := ask[string](b, "`${"+hits+"} of `"); !strings.HasPrefix(shown, want) {
			t.Errorf("%q: says %q", tt.words, shown)
		}
	}
	if n := ask[int](b, `[...document.querySelectorAll(".map")].filter((m) => m.offsetHeight > 0).length`); n != 1 {
		t.Errorf("%d maps are shown where one has a match", n)
	}
	b.do(search(""))
	if n := ask[int](b, hits); n != all || all != 7 {
		t.Errorf("%d rows after the search was cleared, %d before", n, all)
	}
	b.want("heard", strings.Join(b.heard(), "; "), "")
}

func TestSort(t *testing.T) {
	b := open(t, write(t, maps()))
	order := func() []string { return ask[[]string](b, usernames) }
	sorts := func() string {
		return ask[string](b, `[...document.querySelectorAll(".map:first-of-type thead th")].map((h) => h.getAttribute("aria-sort") ?? "").join()`)
	}
	written := order()
	b.want("before", sorts(), ",,,,,")
	b.do(chromedp.Click(".map thead th:nth-child(3) button"))
	b.want("ascending", sorts(), ",,ascending,,,")
	up := order()
	if !slices.IsSortedFunc(up, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) }) || slices.Equal(up, written) {
		t.Errorf("ascending: %q, as written %q", up, written)
	}
	// By the keyboard as well.
	b.do(chromedp.Focus(".map thead th:nth-child(3) button"), chromedp.KeyEvent(kb.Enter))
	b.want("descending", sorts(), ",,descending,,,")
	down := order()
	slices.Reverse(down)
	if !slices.Equal(down, up) {
		t.Errorf("descending: %q", down)
	}
	b.do(chromedp.Click(".map thead th:nth-child(6) button"))
	b.want("by place", sorts(), ",,,,,ascending")
	if got := order(); !slices.Equal(got, written) {
		t.Errorf("by place: %q, want %q", got, written)
	}
	b.want("heard", strings.Join(b.heard(), "; "), "")
}

// TestWithoutScript wants a plain table with everybody in it.
func TestWithoutScript(t *testing.T) {
	b := open(t, write(t, maps()), call(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
	if n := ask[int](b, hits); n != 7 {
		t.Errorf("%d rows", n)
	}
	if n := ask[int](b, `[...document.querySelectorAll("button, input")].filter((e) => e.offsetHeight > 0).length`); n != 0 {
		t.Errorf("%d controls that do nothing", n)
	}
}

// lowContrast lists texts whose contrast is below 4.5:1 (WCAG 2.2, 1.4.3) by the colors that the browser computes.
const lowContrast = `(() => {
  const channels = (color) => color.match(/[\d.]+/g).map(Number);
  const light = (color) => {
    const [r, g, b] = channels(color).map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const color = getComputedStyle(e).backgroundColor;
      if ((channels(color)[3] ?? 1) > 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const bad = new Set();
  for (const e of document.body.querySelectorAll("*")) {
    if (e.offsetHeight === 0 || e.closest("script") || ![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
    const [a, b] = [light(getComputedStyle(e).color), light(behind(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) bad.add(e.tagName + "." + e.className + " " + ratio.toFixed(2));
  }
  return [...bad];
})()`

// look sets the color scheme that the reader prefers, and the medium, "" for the screen.
func look(scheme, medium string) step {
	return call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Media: medium, Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
}

func TestSchemes(t *testing.T) {
	b := open(t, write(t, maps()))
	backgrounds := map[string]bool{}
	for _, name := range []string{"light", "dark"} {
		b.do(look(name, ""))
		backgrounds[ask[string](b, `getComputedStyle(document.body).backgroundColor`)] = true
		if bad := ask[[]string](b, lowContrast); len(bad) != 0 {
			t.Errorf("%s: too little contrast: %q", name, bad)
		}
		b.picture(name + ".png")
	}
	if len(backgrounds) != 2 {
		t.Errorf("one background for both schemes: %v", backgrounds)
	}
	ask[string](b, `document.body.style.color = "#888", document.body.style.background = "#999"`)
	if len(ask[[]string](b, lowContrast)) == 0 {
		t.Error("gray on gray passes for readable")
	}
}

// TestNarrow wants no page wider than the window; 320 pixels are what WCAG 2.2, 1.4.10 asks for.
func TestNarrow(t *testing.T) {
	b := open(t, write(t, maps()))
	for _, width := range []int64{320, 400, 640, 900, 960, 1280} {
		b.do(chromedp.EmulateViewport(width, 800))
		if got := ask[int64](b, `document.documentElement.scrollWidth`); got > width {
			t.Errorf("the page is %d wide in a window of %d", got, width)
		}
		outside := ask[[]string](b, `[...document.querySelectorAll("td, th, h3, .message, .badge, .group")].filter((e) => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== "inline").map((e) => e.tagName + " " + e.textContent)`)
		if len(outside) != 0 {
			t.Errorf("width %d: texts stick out: %q", width, outside)
		}
		if width == 400 {
			b.picture("narrow.png")
		}
	}
}

func TestPrint(t *testing.T) {
	b := open(t, write(t, maps()), look("dark", ""))
	b.do(search("staging"))
	pdf := take(b, chromedp.PrintToPDF(chromedp.PDFPrintBackground()))
	if !bytes.HasPrefix(pdf, []byte("%PDF-")) || !bytes.Contains(pdf, []byte("%%EOF")) {
		t.Errorf("not a PDF: %.20q", pdf)
	}
	b.do(look("dark", "print"))
	if n := ask[int](b, hits); n != 7 {
		t.Errorf("%d rows on paper, whatever was searched for", n)
	}
	b.want("paper", ask[string](b, `getComputedStyle(document.body).backgroundColor`), "rgb(255, 255, 255)")
	if bad := ask[[]string](b, lowContrast); len(bad) != 0 {
		t.Errorf("too little contrast on paper: %q", bad)
	}
	b.want("on paper", ask[string](b, `[...document.querySelectorAll("nav, .tools")].filter((e) => e.offsetHeight > 0).map((e) => e.tagName).join()`), "")
}

// TestStructure wants what screen readers go by.
func TestStructure(t *testing.T) {
	b := open(t, write(t, maps()))
	for question, want := range map[string]string{
		`["main", "header", "nav[aria-label]", "h1"].map((s) => document.querySelectorAll(s).length).join()`:                                                                                   "1,1,1,1",
		`[...document.querySelectorAll("th")].filter((e) => !["row", "col"].includes(e.scope)).length + ""`:                                                                                    "0",
		`[...document.querySelectorAll("table")].filter((e) => !e.caption?.textContent).length + ""`:                                                                                           "0",
		`document.getElementById("search").labels.length + ""`:                                                                                                                                 "1",
		`(() => { const ids = [...document.querySelectorAll("[id]")].map((e) => e.id); return ids.length - new Set(ids).size + ""; })()`:                                                       "0",
		`[...document.querySelectorAll("[aria-labelledby], a[href^='#']")].filter((e) => !document.getElementById(e.getAttribute("aria-labelledby") ?? e.hash.slice(1))).length + ""`:          "0",
		`(() => { const levels = [...document.querySelectorAll("h1, h2, h3, h4")].map((e) => +e.tagName[1]); return levels.filter((l, i) => i > 0 && l > levels[i - 1] + 1).length + ""; })()`: "0",
		`document.documentElement.lang`: "en",
	} {
		b.want(question, ask[string](b, question), want)
	}
	b.do(chromedp.Focus("thead button"), chromedp.KeyEvent(kb.Tab))
	if style := ask[string](b, `getComputedStyle(document.activeElement).outlineStyle`); style != "solid" {
		t.Errorf("the focus can't be seen: outline %s", style)
	}
}

// picture is for people to look at: go test -screenshots FOLDER.
func (b *tab) picture(name string) {
	b.t.Helper()
	if *screenshots == "" {
		return
	}
	png := take(b, chromedp.FullScreenshot(100))
	if err := os.WriteFile(filepath.Join(*screenshots, name), png, 0o600); err != nil {
		b.t.Fatal(err)
	}
}
