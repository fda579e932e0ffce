package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/test/figures"
)

// decision is a row of what test/oracle/bench measures.
type decision struct {
	Entries, Bytes int
	Style          string
	// Each in nanoseconds, bytes and numbers of allocations for one map.
	ParseMap, Read, Decide cost
}

type cost struct{ Time, Bytes, Allocations int64 }

// decisionTable compares the guard's engine with the authenticator's own reader, which lives in a module of its own.
func decisionTable(ctx context.Context) (*figures.Table, error) {
	command := exec.CommandContext(ctx, "go", "run", "./bench")
	command.Dir = filepath.Join("..", "oracle")
	var problems bytes.Buffer
	command.Stderr = &problems
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("test/oracle/bench: %w\n%s", err, problems.String())
	}
	var rows []decision
	if err := json.Unmarshal(output, &rows); err != nil {
		return nil, fmt.Errorf("test/oracle/bench: %w", err)
	}
	t := &figures.Table{
		Title:  "Reading and judging a map, against the authenticator's ParseMap",
		Header: []string{"entries", "bytes", "style", "ParseMap", "read", "read and judge", "÷ ParseMap", "allocated ÷ ParseMap", "allocations ÷ ParseMap"},
		Note:   "Processor time of one map with all rules, on one thread, taking turns. Aim: 1.50 at most.",
	}
	for _, r := range rows {
		t.Add(r.Entries, r.Bytes, r.Style, duration(r.ParseMap), duration(r.Read), duration(r.Decide), quotient(r.Decide.Time, r.ParseMap.Time),
			quotient(r.Decide.Bytes, r.ParseMap.Bytes), quotient(r.Decide.Allocations, r.ParseMap.Allocations))
	}
	return t, nil
}

func duration(c cost) string { return figures.Round(time.Duration(c.Time)) }

func quotient(a, b int64) string { return fmt.Sprintf("%.2f", float64(a)/float64(max(b, 1))) }
