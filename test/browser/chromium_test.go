package browser

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/mutate"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// chromium is the path of a browser.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no Chromium on PATH: install one (Debian: apt-get install chromium) to test the HTML report")
	return ""
}

// write makes the HTML report of files, by their names, and returns its address.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	p := policy.Default()
	b := &report.Builder{Action: p.Action, Maps: true}
	for name, text := range files {
		f := manifest.Read(name, text)
		b.File(f)
		for _, d := range f.Documents {
			doc := awsauth.ReadAll(d.Data, d.BinaryData)
			b.Document(f, d, mutate.Vet(doc, validate.Check(doc, p.Options()), p.Options()))
			b.Map(f, d, doc)
		}
	}
	r := b.Report()
	r.Version, r.Profile, r.Time = "v1.2.3", p.Profile, time.Date(2026, time.March, 4, 5, 6, 7, 0, time.UTC)
	var out bytes.Buffer
	if err := report.HTML(&out, r); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()
}

// tab is a tab of a browser that keeps account of what goes wrong in it.
type tab struct {
	context.Context
	t *testing.T

	mu     sync.Mutex
	events []string
	home   string
}

// open opens an address in a browser of its own, after the steps.
func open(t *testing.T, address string, before ...step) *tab {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium(t)),
		// The pages are ours, and containers seldom let a sandbox be made.
		chromedp.NoSandbox, chromedp.WindowSize(1280, 900))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &tab{Context: ctx, t: t, home: address}
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	b.do(call(network.Enable, network.EnableParams{}), call(log.Enable, cdp.Empty{}), call(runtime.Enable, cdp.Empty{}))
	b.do(before...)
	b.do(chromedp.Navigate(address))
	return b
}

// step is something done in a tab.
type step = chromedp.Action[chromedp.Void]

// call is a command of the protocol as a step.
func call[P, R any](command cdp.Command[P, R], params P) step {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, command, params)
		return err
	})
}

func (b *tab) hear(event any) {
	said := ""
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if e.Request.URL != b.home && !strings.HasPrefix(e.Request.URL, "data:") {
			said = "request: " + e.Request.URL
		}
	case *runtime.EventConsoleAPICalled:
		said = fmt.Sprintf("console.%s", e.Type)
	case *runtime.EventExceptionThrown:
		said = "exception: " + e.ExceptionDetails.Text
	case *log.EventEntryAdded:
		said = fmt.Sprintf("%s: %s", e.Entry.Level, e.Entry.Text)
	case *page.EventJavascriptDialogOpening:
		said = "dialog: " + e.Message
	}
	if said != "" {
		b.mu.Lock()
		b.events = append(b.events, said)
		b.mu.Unlock()
	}
}

// heard returns what was heard so far, and forgets it.
func (b *tab) heard() []string {
	b.t.Helper()
	// What the page did before this has been reported once an answer comes back.
	ask[int](b, "0")
	b.mu.Lock()
	defer b.mu.Unlock()
	events := b.events
	b.events = nil
	return events
}

func (b *tab) do(steps ...step) {
	b.t.Helper()
	take(b, chromedp.Steps(steps...))
}

// patience with a browser that answers no more, as behind a dialog.
const patience = time.Minute

// take does something in the tab and returns what comes of it.
func take[T any](b *tab, action chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b, patience)
	defer cancel()
	result, err := chromedp.Run(ctx, action)
	if err != nil {
		b.t.Fatal(err)
	}
	return result
}

// ask evaluates an expression in the page.
func ask[T any](b *tab, expression string) T {
	b.t.Helper()
	return take(b, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}
