package report

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
)

// lineWord is a line of a data value as messages name it, with the section where that is another one than the
// message is about: "line 3", "mapUsers[1] (line 3)", "mapRoles names it on line 3". Quoted text comes first, to be left alone.
var lineWord = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|(?:\b(mapRoles|mapUsers|mapAccounts)(?:\[\d+\] \(| names it on ))?\bline (\d+)\b`)

// FileLines turns the lines that a message about a section of a document names into lines of the file: the rules know
// the value alone.
func FileLines(message string, f *manifest.File, d *manifest.Document, section awsauth.Key) string {
	if !strings.Contains(message, "line ") {
		return message
	}
	return lineWord.ReplaceAllStringFunc(message, func(match string) string {
		m := lineWord.FindStringSubmatch(match)
		if m[2] == "" {
			return match
		}
		key := string(section)
		if m[1] != "" {
			key = m[1]
		}
		line, err := strconv.Atoi(m[2])
		if err != nil {
			return match
		}
		at, ok := d.Line(key, line)
		if !ok {
			return match
		}
		return strings.TrimSuffix(match, m[2]) + strconv.Itoa(f.Position(at).Line)
	})
}
