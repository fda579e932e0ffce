package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	File     string      `xml:"file,attr,omitempty"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string       `xml:"name,attr"`
	Class   string       `xml:"classname,attr"`
	Error   *junitResult `xml:"error"`
	Failure *junitResult `xml:"failure"`
	Skipped *junitResult `xml:"skipped"`
	// Out is what else there is to say of a case.
	Out string `xml:"system-out,omitempty"`
}

type junitResult struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",cdata"`
}

// JUnit writes the report for CI servers: each file that was checked is a suite, and each rule a case. Errors are failures;
// what only warns and what could not be checked is skipped, which CI servers show and let pass.
func JUnit(w io.Writer, r *Report) error {
	suites := junitSuites{Name: "aws-auth"}
	byFile := map[string][]*Finding{}
	for i := range r.Findings {
		f := &r.Findings[i]
		byFile[f.File] = append(byFile[f.File], f)
	}
	for _, file := range r.Checked {
		suites.add(r.suite(file, byFile[file]))
	}
	for i := range r.Ignored {
		f := &r.Ignored[i]
		suites.skip(r, f.File, f.Rule+" ignored", f.Reason, f.String())
	}
	for _, n := range r.Notes {
		suites.skip(r, n.File, "not checked", n.Message, n.String())
	}
	if r.Audit != nil {
		r.Audit.junit(&suites)
	}
	encoded, err := xml.MarshalIndent(suites, "", "  ")
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, xml.Header+text.XML(string(encoded))+"\n")
	return err
}

func (s *junitSuites) add(suite junitSuite) {
	s.Suites = append(s.Suites, suite)
	s.Tests += suite.Tests
	s.Failures += suite.Failures
	s.Errors += suite.Errors
	s.Skipped += suite.Skipped
}

// skip adds a case that is skipped to the suite of its file.
func (s *junitSuites) skip(r *Report, file, name, message, line string) {
	path, _ := relative(r.Root, file)
	i := slices.IndexFunc(s.Suites, func(suite junitSuite) bool { return suite.File == path })
	if i < 0 {
		i = len(s.Suites)
		s.Suites = append(s.Suites, junitSuite{Name: path, File: path})
	}
	suite := &s.Suites[i]
	suite.Cases = append(suite.Cases, junitCase{
		Name: name, Class: path, Skipped: &junitResult{Message: text.Visible(message), Text: xmlText(line)},
	})
	suite.Tests++
	suite.Skipped++
	s.Tests++
	s.Skipped++
}

func (r *Report) suite(file string, findings []*Finding) junitSuite {
	byRule := map[string][]*Finding{}
	rules := slices.Clone(r.Rules)
	for _, f := range findings {
		byRule[f.Rule] = append(byRule[f.Rule], f)
		if !slices.Contains(rules, f.Rule) {
			rules = append(rules, f.Rule)
		}
	}
	path, _ := relative(r.Root, file)
	suite := junitSuite{Name: path, File: path, Tests: len(rules)}
	for _, rule := range rules {
		c := junitCase{Name: rule, Class: path}
		switch result := junitOf(byRule[rule]); {
		case result == nil:
		case result.Type == string(validate.Error):
			c.Failure = result
			suite.Failures++
		default:
			c.Skipped = result
			suite.Skipped++
		}
		suite.Cases = append(suite.Cases, c)
	}
	return suite
}

// junitOf sums up what one rule found in one file, nil where it found nothing. All findings of a rule have one level.
func junitOf(findings []*Finding) *junitResult {
	if len(findings) == 0 {
		return nil
	}
	message := text.Visible(findings[0].Message)
	if more := len(findings) - 1; more > 0 {
		message = fmt.Sprintf("%s (and %d more)", message, more)
	}
	var b strings.Builder
	b.WriteByte('\n')
	for _, f := range findings {
		f.text(&b, plain)
	}
	b.WriteString(findings[0].Docs + "\n")
	return &junitResult{Message: message, Type: string(findings[0].Level), Text: xmlText(b.String())}
}

// xmlText drops the two code points that no XML may hold and that can be written nowhere; other such are made visible before.
func xmlText(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\ufffe' || r == '\uffff' {
			return '\ufffd'
		}
		return r
	}, text)
}
