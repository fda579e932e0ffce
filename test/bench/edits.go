package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/test/figures"
)

// The names of the rows.
const (
	rowNothing    = "no webhook"
	rowNoop       = "a webhook that does nothing"
	rowNoopBoth   = "two webhooks that do nothing, mutating and validating"
	rowValidate   = "aws-auth-guard, validate only"
	rowBoth       = "aws-auth-guard, mutate and validate"
	rowPolicy     = "its companion, a ValidatingAdmissionPolicy"
	rowGatekeeper = "Gatekeeper v3.23.1"
	rowKyverno    = "Kyverno v1.19.1"
)

// size is a map to edit, and how often each variant edits it.
type size struct{ entries, cycles int }

const (
	// warmUp cycles do not count.
	warmUp = 20
	// writers edit at once where throughput is measured, in rounds of each variant.
	writers     = 8
	rounds      = 3
	roundLength = 1500 * time.Millisecond
)

// mapOf is a map with so many entries after so many edits. Each gives the last one another role and group, so that no text comes
// twice: what the guard remembers of a text must not make it look faster than it is.
func mapOf(entries, edits int) string {
	var b strings.Builder
	b.WriteString("- rolearn: arn:aws:iam::111122223333:role/nodes\n  username: system:node:{{EC2PrivateDNSName}}\n  groups:\n  - system:bootstrappers\n  - system:nodes\n")
	b.WriteString("- rolearn: arn:aws:iam::111122223333:role/admin\n  username: admin:{{SessionName}}\n  groups:\n  - system:masters\n")
	for i := range entries - 3 {
		fmt.Fprintf(&b, "- rolearn: arn:aws:iam::111122223333:role/team-%05d\n  username: team-%05d:{{SessionName}}\n  groups:\n  - developers\n  - viewers\n", i, i)
	}
	fmt.Fprintf(&b, "- rolearn: arn:aws:iam::111122223333:role/last-%d\n  username: last:{{SessionName}}\n  groups:\n  - %s\n", edits, [2]string{"developers", "viewers"}[edits%2])
	return b.String()
}

// edit writes mapRoles as a person does.
func (v *variant) edit(ctx context.Context, mapRoles string, dry bool) error {
	patch, err := json.Marshal(map[string]any{"data": map[string]string{"mapRoles": mapRoles}})
	if err != nil {
		return err
	}
	options := metav1.PatchOptions{FieldManager: "kubectl-edit"}
	if dry {
		options.DryRun = []string{metav1.DryRunAll}
	}
	_, err = v.client.CoreV1().ConfigMaps(awsauth.Namespace).Patch(ctx, awsauth.Name, types.MergePatchType, patch, options)
	return err
}

// present are the variants that can be measured.
func (l *lab) present() []*variant {
	return slices.DeleteFunc(slices.Clone(l.variants), func(v *variant) bool { return v.absent != nil })
}

// measureEdits lets the variants edit a map of one size: first one edit after the other, each variant once a cycle in a
// new order; then many at once, as dry runs, since what is stored would only make them wait for each other.
func (l *lab) measureEdits(ctx context.Context, s size) error {
	present := l.present()
	for _, v := range present {
		v.times[s.entries] = &times{}
	}
	var edits atomic.Int64
	text := func() string { return mapOf(s.entries, int(edits.Add(1))) }
	if err := present[0].edit(ctx, text(), false); err != nil {
		return err
	}
	for cycle := range warmUp + s.cycles {
		for _, i := range rand.Perm(len(present)) {
			v := present[i]
			next := text()
			start := time.Now()
			if err := v.edit(ctx, next, false); err != nil {
				return fmt.Errorf("%s: %w", v.name, err)
			}
			if took := time.Since(start); cycle >= warmUp {
				v.times[s.entries].alone = append(v.times[s.entries].alone, took)
			}
		}
	}
	for range rounds {
		for _, i := range rand.Perm(len(present)) {
			if err := present[i].flood(ctx, text, present[i].times[s.entries]); err != nil {
				return fmt.Errorf("%s: %w", present[i].name, err)
			}
		}
	}
	return l.checkAsked(ctx)
}

// flood makes as many edits as it can.
func (v *variant) flood(ctx context.Context, text func() string, t *times) error {
	var done atomic.Int64
	problems := make(chan error, writers)
	var group sync.WaitGroup
	start := time.Now()
	for range writers {
		group.Go(func() {
			for time.Since(start) < roundLength {
				if err := v.edit(ctx, text(), true); err != nil {
					problems <- err
					return
				}
				done.Add(1)
			}
		})
	}
	group.Wait()
	t.done += int(done.Load())
	t.spent += time.Since(start)
	close(problems)
	return <-problems
}

// checkAsked makes sure that what is measured is the work: that each variant's webhooks were asked about its edits.
func (l *lab) checkAsked(ctx context.Context) error {
	text, err := l.admin.Discovery().RESTClient().Get().AbsPath("/metrics").DoRaw(ctx)
	if err != nil {
		return err
	}
	asked := map[string]float64{}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		rest, ok := strings.CutPrefix(lines.Text(), "apiserver_admission_webhook_request_total{")
		if !ok {
			continue
		}
		_, rest, _ = strings.Cut(rest, `name="`)
		hook, rest, _ := strings.Cut(rest, `"`)
		value, err := strconv.ParseFloat(rest[strings.LastIndexByte(rest, ' ')+1:], 64)
		if err != nil {
			return fmt.Errorf("a metric of the API server: %w", err)
		}
		asked[hook] += value
	}
	for _, v := range l.present() {
		edits := 0
		for _, t := range v.times {
			edits += len(t.alone) + t.done
		}
		for _, hook := range v.hooks {
			if asked[hook] < float64(edits) {
				return fmt.Errorf("%s: %d edits were made, and the webhook %s was asked %v times", v.name, edits, hook, asked[hook])
			}
		}
	}
	return nil
}

// nothing is the variant that does nothing in as many calls.
func (l *lab) nothing(v *variant) *variant {
	wanted := rowNoop
	if v.name == rowBoth || v.name == rowNoopBoth {
		wanted = rowNoopBoth
	}
	return l.variants[slices.IndexFunc(l.variants, func(o *variant) bool { return o.name == wanted })]
}

// editTable shows the edits of maps of one size.
func (l *lab) editTable(s size) *figures.Table {
	t := &figures.Table{
		Title:  fmt.Sprintf("An edit of a map of %d entries, through the API server", s.entries),
		Header: []string{"asked about the edit", "p50", "p99", "p50 ÷ no-op", "p99 ÷ no-op", "edits a second", "÷ no-op"},
		Note:   fmt.Sprintf("%d edits of each, one at a time and taking turns; then %d writers at once (dry runs). ÷ no-op: compared with as many webhooks that do nothing.", s.cycles, writers),
	}
	rate := func(t *times) float64 { return float64(t.done) / t.spent.Seconds() }
	for _, v := range l.present() {
		slices.Sort(v.times[s.entries].alone)
	}
	for _, v := range l.variants {
		if v.absentFrom(t) {
			continue
		}
		m := v.times[s.entries]
		compared := l.nothing(v).times[s.entries]
		p50, p99 := figures.Quantile(m.alone, 0.5), figures.Quantile(m.alone, 0.99)
		t.Add(v.name, figures.Round(p50), figures.Round(p99), figures.Ratio(p50, figures.Quantile(compared.alone, 0.5)),
			figures.Ratio(p99, figures.Quantile(compared.alone, 0.99)), fmt.Sprintf("%.0f", rate(m)), fmt.Sprintf("%.2f", rate(m)/rate(compared)))
	}
	return t
}
