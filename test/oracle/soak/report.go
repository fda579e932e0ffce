package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/test/figures"
)

// shownBreaks is how many breaks of one promise are shown.
const shownBreaks = 10

// tables are what a run is reported by.
func (e *evidence) tables() []*figures.Table {
	return []*figures.Table{e.promiseTable(), e.editTable(), e.faultTable(), e.numberTable()}
}

func (e *evidence) promiseTable() *figures.Table {
	t := &figures.Table{Header: []string{"promise", "kept", "broken"}}
	for _, i := range e.invariants() {
		kept := "yes"
		if len(i.breaks) > 0 {
			kept = "NO"
		}
		t.Add(i.promise, kept, len(i.breaks))
	}
	return t
}

func (e *evidence) editTable() *figures.Table {
	t := &figures.Table{Header: []string{"edits", "sent", "stored as sent", "repaired", "refused", "conflict", "excused: killed replica", "excused: no API server", "else"}}
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
		t.Add(g.name, sent, n[stored], n[rewritten], n[refused], n[conflict], n[4], n[5], n[6])
	}
	return t
}

func (e *evidence) faultTable() *figures.Table {
	t := &figures.Table{Header: []string{"fault", "times", "edits meanwhile", "of them failed", "median", "slowest tried once", "slowest"}}
	row := func(name string, times int, in func(*record) bool) {
		var took []time.Duration
		failed, once := 0, time.Duration(0)
		for i := range e.records {
			if r := &e.records[i]; in(r) {
				took = append(took, r.end.Sub(r.begun))
				if r.once {
					once = max(once, r.end.Sub(r.begun))
				}
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
		t.Add(name, times, len(took), failed, figures.Round(median), figures.Round(once), figures.Round(slowest))
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

func (e *evidence) numberTable() *figures.Table {
	t := &figures.Table{Header: []string{"number", "value"}}
	t.Add("edits", len(e.records))
	t.Add("versions stored, read and judged", e.versions)
	t.Add("bad versions", len(e.bad))
	t.Add("watches resumed", e.resumed)
	t.Add("connections passed on to replicas", e.connections.passed)
	t.Add("connections refused by a replica, all of them killed", len(e.connections.refused))
	t.Add("connections that found no ready replica", len(e.connections.homeless))
	return t
}

// breaks writes what broke promises, and reports whether anything did.
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
