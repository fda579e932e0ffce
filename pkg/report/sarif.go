package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/ruledoc"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

const (
	sarifVersion = "2.1.0"
	sarifSchema  = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	project      = "https://github.com/aws-auth-guard/aws-auth-guard"
	// sourceRoot is the base that code scanning takes for the root of the repository.
	sourceRoot = "%SRCROOT%"
	// fingerprintName is followed by a version: where the fingerprint is made in another way, the version rises.
	fingerprintName = "awsAuthGuard/v1"
)

// SARIF writes the report as SARIF 2.1.0 (OASIS), for code scanning. Columns count code points; the end of a region lies
// after its last character.
func SARIF(w io.Writer, r *Report) error {
	run := sarifRun{
		Tool:        sarifTool{Driver: sarifDriver{Name: "aws-auth-guard", SemanticVersion: semantic(r.Version), InformationURI: project, Rules: []sarifRule{}}},
		Results:     []sarifResult{},
		ColumnKind:  "unicodeCodePoints",
		Invocations: []sarifInvocation{{Successful: true}},
	}
	for _, n := range r.Notes {
		run.Invocations[0].Notifications = append(run.Invocations[0].Notifications, sarifNotification{
			Level: "note", Message: sarifText{Text: n.Message},
			Locations: []sarifLocation{{Physical: sarifPhysical{Artifact: r.artifact(n.File), Region: noteRegion(n)}}},
		})
	}
	if r.Audit != nil {
		run.Properties = &sarifRunProperties{r.Audit.sarif()}
		run.Invocations[0].Successful = r.Audit.Unread == ""
	}
	rules := map[string]int{}
	run.Invocations[0].Notifications = append(run.Invocations[0].Notifications, r.Audit.notifications()...)
	seen := map[string]int{}
	add := func(f *Finding, suppressions []sarifSuppression) {
		index, known := rules[f.Rule]
		if !known {
			index = len(rules)
			rules[f.Rule] = index
			rule := newSARIFRule(f)
			if r.say != nil {
				rule.Help.Markdown = r.say(rule.Help.Markdown)
			}
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, rule)
		}
		result := r.result(f, index, seen)
		result.Suppressions = suppressions
		run.Results = append(run.Results, result)
	}
	// Where one result says whether it is suppressed, all must.
	var none []sarifSuppression
	if len(r.Ignored) > 0 {
		none = []sarifSuppression{}
	}
	for i := range r.Findings {
		add(&r.Findings[i], none)
	}
	for i := range r.Ignored {
		add(&r.Ignored[i].Finding, []sarifSuppression{{Kind: "inSource", Justification: r.Ignored[i].Reason}})
	}
	return text.WriteJSON(w, sarifLog{Schema: sarifSchema, Version: sarifVersion, Runs: []sarifRun{run}})
}

func (r *Report) result(f *Finding, ruleIndex int, seen map[string]int) sarifResult {
	at := region(f.Start, f.End)
	if f.Start == (manifest.Position{}) {
		at = region(firstLine, firstLine) // Code scanning shows nothing without a line.
	}
	if marked := f.Excerpt.Text[f.Excerpt.Marked.Start:f.Excerpt.Marked.End]; f.Start.Line == f.End.Line && utf8.RuneCountInString(marked) == f.End.Column-f.Start.Column {
		at.Snippet = &sarifText{Text: marked}
	}
	result := sarifResult{
		RuleID: f.Rule, RuleIndex: ruleIndex, Level: string(f.Level), Message: sarifText{Text: f.Message},
		Locations:    []sarifLocation{{Physical: sarifPhysical{Artifact: r.artifact(f.File), Region: &at}}},
		Fingerprints: map[string]string{fingerprintName: fingerprint(f, seen)},
	}
	if f.Fix != nil && len(f.Fix.Edits) > 0 {
		change := sarifChange{Artifact: r.artifact(f.File)}
		for _, e := range f.Fix.Edits {
			change.Replacements = append(change.Replacements, sarifReplacement{
				Deleted: region(e.Start, e.End), Inserted: sarifText{Text: e.New},
			})
		}
		result.Fixes = []sarifFix{{
			Description: sarifText{Text: fmt.Sprintf("%s (%s)", f.Fix.Summary, f.Fix.Applicability)}, Changes: []sarifChange{change},
		}}
	}
	return result
}

func (r *Report) artifact(file string) sarifArtifact {
	path, inside := relative(r.Root, file)
	a := sarifArtifact{URI: uri(path, inside)}
	if inside {
		a.Base = sourceRoot
	}
	return a
}

// noteRegion is nil where the note is about the file as a whole.
func noteRegion(n Note) *sarifRegion {
	if n.Start == (manifest.Position{}) {
		return nil
	}
	at := region(n.Start, n.Start)
	return &at
}

func region(start, end manifest.Position) sarifRegion {
	return sarifRegion{StartLine: start.Line, StartColumn: start.Column, EndLine: end.Line, EndColumn: end.Column}
}

// fingerprint is the same wherever the line is in the file: it is made of the rule, the section and the text of the
// line, with a number where they are not the only such.
func fingerprint(f *Finding, seen map[string]int) string {
	marked := f.Excerpt.Text[f.Excerpt.Marked.Start:f.Excerpt.Marked.End]
	parts := []string{f.Rule, string(f.Section), strings.TrimSpace(f.Excerpt.Text), marked}
	if f.Start == (manifest.Position{}) {
		parts = append(parts, f.Message)
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	hash := hex.EncodeToString(sum[:16])
	seen[f.File+"\x00"+hash]++
	return fmt.Sprintf("%s:%d", hash, seen[f.File+"\x00"+hash])
}

// securityScores place our severities on the scale that GitHub takes from CVSS: above 9 critical, from 7 high, from 4 medium.
var securityScores = map[validate.Severity]string{validate.Critical: "9.5", validate.High: "8.0", validate.Medium: "5.5", validate.Low: "2.0"}

func newSARIFRule(f *Finding) sarifRule {
	rule := sarifRule{
		ID: f.Rule, Name: pascal(f.Rule), Short: sarifText{Text: f.Rule}, Full: sarifText{Text: f.Rule},
		Help: sarifHelp{Text: f.Docs, Markdown: f.Docs}, HelpURI: f.Docs,
		Configuration: sarifConfiguration{Level: string(f.Level)},
		Properties:    sarifProperties{Tags: []string{"security", "kubernetes", "eks"}},
	}
	v := validate.Lookup(f.Rule)
	if v == nil {
		return rule
	}
	rule.Short.Text, rule.Full.Text, rule.Help.Text = v.Title, v.Rationale, v.Rationale
	rule.Help.Markdown = strings.TrimPrefix(ruledoc.Page(v), ruledoc.Header)
	if level := v.Standard.Level(); level != validate.None {
		rule.Configuration.Level = string(level)
	}
	for _, c := range v.Controls {
		rule.Properties.Tags = append(rule.Properties.Tags, c.Name())
	}
	rule.Properties.Score = securityScores[v.Severity]
	return rule
}

// pascal writes role-path as RolePath, the form that SARIF wants of a rule's name.
func pascal(name string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(name, "-") {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

var semverPattern = regexp.MustCompile(`^v?(\d+\.\d+\.\d+(?:[-+].*)?)$`)

// semantic is the version without its v, "" for what is no semantic version.
func semantic(version string) string {
	if m := semverPattern.FindStringSubmatch(version); m != nil {
		return m[1]
	}
	return ""
}
