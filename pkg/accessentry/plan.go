package accessentry

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// Status says what becomes of a mapping.
type Status string

// The statuses.
const (
	// Ready mappings have an access entry that keeps what they do.
	Ready Status = "ready"
	// Attention is needed: there is no such access entry, or it would do something else than the mapping does.
	Attention Status = "attention"
	// Covered mappings do nothing today that another one does not do in their place: they need no access entry.
	Covered Status = "covered"
)

// Entry is an access entry.
type Entry struct {
	// PrincipalARN is the role or user. Where Lookup is set, it lacks the role's path.
	PrincipalARN string `json:"principalArn"`
	// Lookup is the name of a role whose path the map does not tell: its ARN must be asked from IAM.
	Lookup string        `json:"lookup,omitempty"`
	Type   snapshot.Type `json:"type"`
	// Username is empty where EKS is to set it.
	Username string   `json:"username,omitempty"`
	Groups   []string `json:"kubernetesGroups,omitempty"`
	// Policy is the ARN of an access policy to associate for the whole cluster, or empty.
	Policy string `json:"accessPolicy,omitempty"`
}

// Item is one mapping and what becomes of it.
type Item struct {
	Section awsauth.Key
	// Index counts from 0; -1 stands for the whole section.
	Index int
	// Span is its range in the text of the section.
	Span awsauth.Span
	// File, Line and Column say where it stands, from 1; the caller of Make sets them.
	File         string
	Line, Column int
	// ARN as written; of an item of mapAccounts, its number.
	ARN      string
	Username string
	Groups   []string
	Status   Status
	// Entry is the access entry, where there can be one. Of an item that needs attention it is only a proposal: it
	// does something else than the mapping.
	Entry *Entry
	// Notes explain, Todo says what a person has to do.
	Notes []string
	Todo  []string
}

// Name of the mapping: mapRoles[0].
func (it *Item) Name() string {
	if it.Index < 0 {
		return string(it.Section)
	}
	return fmt.Sprintf("%s[%d]", it.Section, it.Index)
}

// Heading names the mapping with its place, principal and status, in one line.
func (it *Item) Heading() string {
	var b strings.Builder
	if it.File != "" {
		fmt.Fprintf(&b, "%s:%d:%d: ", text.Name(it.File), it.Line, it.Column)
	}
	b.WriteString(it.Name())
	if it.ARN != "" {
		b.WriteString(" " + text.Name(it.ARN))
	}
	return b.String() + ": " + statusWords[it.Status]
}

var statusWords = map[Status]string{Ready: "ready", Attention: "needs attention", Covered: "needs nothing"}

func (it *Item) note(format string, args ...any) {
	it.Notes = append(it.Notes, fmt.Sprintf(format, args...))
}

// attend marks the item as one that a person has to decide on.
func (it *Item) attend(todo, format string, args ...any) {
	it.Status = Attention
	it.note(format, args...)
	if !slices.Contains(it.Todo, todo) {
		it.Todo = append(it.Todo, todo)
	}
}

// Options are what is known beside the map.
type Options struct {
	// Cluster is the name of the EKS cluster, Region its region or empty.
	Cluster, Region string
	// SSORegion is the region of IAM Identity Center, which the path of its roles holds; empty where it is not known.
	SSORegion string
	// Unrendered reports whether a value is still to be filled in by another tool; nil means never.
	Unrendered func(string) bool
}

func (o *Options) unrendered(values ...string) bool {
	return o.Unrendered != nil && slices.ContainsFunc(values, o.Unrendered)
}

// Plan is what becomes of a map.
type Plan struct {
	Cluster, Region string
	// Items are all mappings in the order of the document.
	Items []Item
}

// limited is the plan with hinder asked about each ready access entry, a copy that it may put down as needing attention.
func (p *Plan) limited(hinder func(*Item)) *Plan {
	limited := *p
	limited.Items = slices.Clone(p.Items)
	for i := range limited.Items {
		it := &limited.Items[i]
		if it.Status == Ready && it.Entry != nil {
			it.Notes = slices.Clone(it.Notes)
			hinder(it)
		}
	}
	return &limited
}

// Count gives the number of items of a status.
func (p *Plan) Count(s Status) int {
	n := 0
	for i := range p.Items {
		if p.Items[i].Status == s {
			n++
		}
	}
	return n
}

var (
	clusterName = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z_-]{0,99}$`)
	regionName  = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-[0-9]+$`)
)

// IsClusterName reports whether EKS allows the name: EKS API reference, CreateCluster.
func IsClusterName(s string) bool { return clusterName.MatchString(s) }

// IsRegion reports whether s has the form of an AWS region.
func IsRegion(s string) bool { return regionName.MatchString(s) }
