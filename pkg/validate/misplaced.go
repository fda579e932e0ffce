package validate

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

var (
	// mapKeyLine is a line that begins one of the three values.
	mapKeyLine = regexp.MustCompile(`(?m)^[ \t]*["']?(mapRoles|mapUsers|mapAccounts)["']?[ \t]*:`)
	// manifestLine is a line of the manifest around them.
	manifestLine = regexp.MustCompile(`(?m)^[ \t]*["']?(?:apiVersion["']?[ \t]*:[ \t]*["']?v1|kind["']?[ \t]*:[ \t]*["']?ConfigMap|metadata["']?[ \t]*:|data["']?[ \t]*:)["']?[ \t\r]*$`)
)

// misplaced finds a key of the manifest inside of a value: another value that was indented too far, the key itself, or a
// whole manifest that was pasted in. It says where that begins, what it is where that needs words, and what to write instead.
func misplaced(s *awsauth.Section) (at int, saw, remedy string, found bool) {
	if m := manifestLine.FindStringIndex(s.Text); m != nil {
		return ink(s.Text, m[0]), fmt.Sprintf("a manifest stands here, and only its list belongs in %s", s.Key),
			fmt.Sprintf("keep what is below its `%s: |`, indented as one list, and remove the other lines", s.Key), true
	}
	own := 0
	for _, m := range mapKeyLine.FindAllStringSubmatchIndex(s.Text, -1) {
		key := s.Text[m[2]:m[3]]
		if key == string(s.Key) {
			if strings.TrimSpace(withoutComments(s.Text[:m[0]])) == "" {
				return ink(s.Text, m[0]), "", fmt.Sprintf("remove the line %s inside the value", quote(strings.TrimSpace(firstLine(s.Text[m[0]:])))), true
			}
			own++
			continue
		}
		saw, remedy := keyInside(key, "inside of", s.Key)
		return ink(s.Text, m[0]), saw, remedy, true
	}
	return 0, "", "", false
}

// keyInside says that a key of the data is inside another one's value, and where to move it.
func keyInside(key, where string, outer awsauth.Key) (what, remedy string) {
	return fmt.Sprintf("%s begins here %s %s, where EKS does not look for it: it is a key of its own", key, where, outer),
		fmt.Sprintf("move this line to the left until it stands below %s, and what belongs to it as far", outer)
}

func ink(text string, at int) int {
	return at + len(text[at:]) - len(strings.TrimLeft(text[at:], " \t"))
}

// withoutComments are the lines that are no comments.
func withoutComments(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(strings.TrimSpace(line), "#") {
			b.WriteString(line)
		}
	}
	return b.String()
}
