package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// shownBreaks is how many breaks of one promise are shown.
const shownBreaks = 10

// table is a table of the report.
type table struct {
	header []string
	rows   [][]string
}

func (t *table) add(cells ...any) {
	row := make([]string, len(cells))
	for i, c := range cells {
		row[i] = fmt.Sprint(c)
	}
	t.rows = append(t.rows, row)
}

// text writes the table for a terminal.
func (t *table) text(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{t.header}, t.rows...) {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	_ = w.Flush()
	fmt.Fprintln(out)
}

// markdown writes it for a page.
func (t *table) markdown(out io.Writer) {
	rule := slices.Repeat([]string{"---"}, len(t.header))
	for _, row := range append([][]string{t.header, rule}, t.rows...) {
		fmt.Fprintf(out, "| %s |\n", strings.Join(row, " | "))
	}
	fmt.Fprintln(out)
}

// tables are what a run is reported by.
func (e *evidence) tables() []*table {
	return []*table{e.promiseTable(), e.editTable(), e.faultTable(), e.numberTable()}
}

func (e *evidence) promiseTable() *table {
	t := &table{header: []string{"promise", "kept", "broken"}}
	for _, i := range e.invariants() {
		kept := "yes"
		if len(i.breaks) > 0 {
			kept = "NO"
		}
		t.add(i.promise, kept, len(i.breaks))
	}
	return t
}

func (e *evidence) editTable() *table {
	t := &table{header: []string{"edits", "sent", "stored as sent", "repaired", "refused", "conflict", "excused: killed replica", "excused: no API server", "else"}}
	groups := []struct {
		name string
		in   func(*record) bool
	}{
		{"good", func(r *record) bool { return r.edit.verdict == store }},
		{"repairable, by people", func(r *record) bool { return r.edit.verdict == repair && r.person }},
		{"repairable, by pipelines", func(r *record) bool { return r.edit.verdict == repair && !r.person }},
		{"bad", func(r *record) bool { return r.edit.verdict == refuse }},
	}
	for _, g := range groups {
		var n [7]int
		sent := 0
		for i := range e.records {
			r := &e.records[i]
			if !g.in(r) {
				continue
			}
			sent++
			excuse := e.excused(r)
			switch {
			case excuse != nil && excuse.excuse == brokenConnection:
				n[4]++
			case excuse != nil:
				n[5]++
			case r.outcome <= conflict:
				n[r.outcome]++
			default:
				n[6]++
			}
		}
		t.add(g.name, sent, n[stored], n[rewritten], n[refused], n[conflict], n[4], n[5], n[6])
	}
	return t
}

func (e *evidence) faultTable() *table {
	t := &table{header: []string{"fault", "times", "edits meanwhile", "of them failed", "median", "slowest"}}
	row := func(name string, times int, in func(*record) bool) {
		var took []time.Duration
		failed := 0
		for i := range e.records {
			if r := &e.records[i]; in(r) {
				took = append(took, r.end.Sub(r.begun))
				if !r.meets() {
					failed++
				}
			}
		}
		slices.Sort(took)
		median, slowest := time.Duration(0), time.Duration(0)
		if len(took) > 0 {
			median, slowest = took[len(took)/2], took[len(took)-1]
		}
		t.add(name, times, len(took), failed, round(median), round(slowest))
	}
	for i := range faults {
		var of []*window
		for _, w := range e.windows {
			if w.fault == &faults[i] {
				of = append(of, w)
			}
		}
		row(faults[i].name, len(of), func(r *record) bool { return slices.ContainsFunc(of, func(w *window) bool { return w.covers(r) }) })
	}
	row("none", 1, func(r *record) bool {
		return !slices.ContainsFunc(e.windows, func(w *window) bool { return w.covers(r) })
	})
	return t
}

func (e *evidence) numberTable() *table {
	t := &table{header: []string{"number", "value"}}
	t.add("edits", len(e.records))
	t.add("versions stored, read and judged", e.versions)
	t.add("bad versions", len(e.bad))
	t.add("watches resumed", e.resumed)
	t.add("connections passed on to replicas", e.connections.passed)
	t.add("connections refused by a replica, all of them killed", len(e.connections.refused))
	t.add("connections that found no ready replica", len(e.connections.homeless))
	return t
}

func round(d time.Duration) string { return d.Round(100 * time.Microsecond).String() }

// breaks writes what broke promises, and tells whether anything did.
func (e *evidence) breaks(out io.Writer) bool {
	any := false
	for _, i := range e.invariants() {
		if len(i.breaks) == 0 {
			continue
		}
		any = true
		fmt.Fprintf(out, "BROKEN: %s (%d times)\n", i.promise, len(i.breaks))
		for _, b := range i.breaks[:min(len(i.breaks), shownBreaks)] {
			fmt.Fprintf(out, "  %s\n", strings.ReplaceAll(b, "\n", "\n    "))
		}
	}
	return any
}
