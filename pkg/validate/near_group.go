package validate

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/typo"
)

// builtInGroups are the groups of Kubernetes and EKS that appear in aws-auth.
var builtInGroups = []string{
	awsauth.MastersGroup, awsauth.BootstrappersGroup, awsauth.NodesGroup, awsauth.ProxyGroup, "system:authenticated", "system:unauthenticated",
	"system:serviceaccounts", "system:monitoring", awsauth.WindowsProxyGroup,
}

// builtInLetters are their letters alone.
var builtInLetters = func() (letters []string) {
	for _, g := range builtInGroups {
		letters = append(letters, lettersOf(g))
	}
	return letters
}()

// serviceAccountsOf is how the groups of the service accounts of one namespace begin.
const serviceAccountsOf = "system:serviceaccounts:"

// isGlued reports an item that holds a built-in name beside other groups.
func isGlued(group string) bool { return len(gluedGroups(group)) > 1 }

// isBuiltIn reports whether Kubernetes or EKS gives a group its meaning.
func isBuiltIn(group string) bool {
	return slices.Contains(builtInGroups, group) || strings.HasPrefix(group, serviceAccountsOf) || strings.HasPrefix(group, bootstrappersOf) && !isGlued(group)
}

// nearBuiltIn is the built-in group that one which is none was meant to be, or "".
func nearBuiltIn(group string) string {
	if isBuiltIn(group) {
		return ""
	}
	return builtInMeant(group)
}

// builtInMeant is the built-in group that a name was meant to be, or "".
func builtInMeant(name string) string {
	if !mayBeNear(name) {
		return ""
	}
	if lower := strings.ToLower(plain(name)); strings.HasPrefix(lower, serviceAccountsOf) && !isGlued(name) {
		return lower
	}
	if meant := meantGroup(name); meant != "" {
		return meant
	}
	return builtInBeside(name)
}

// bootstrappersOf is how the groups begin that bootstrap tokens can have.
const bootstrappersOf = awsauth.BootstrappersGroup + ":"

// builtInBeside is the built-in group that a name holds beside other text, or "": whatever parts the two, RBAC takes all of it as
// one name. The longest counts; ecosystem:masters holds none. A proxy of nodes has two names that are no groups.
func builtInBeside(name string) string {
	lower := strings.ToLower(plain(name))
	if lower == "system:kube-proxy" || lower == "system:node-proxy" {
		return awsauth.ProxyGroup // The user of the proxy, and the ClusterRole but for its end.
	}
	held := ""
	for _, b := range builtInGroups {
		before, _, found := strings.Cut(lower, b)
		last, _ := utf8.DecodeLastRuneInString(before)
		if found && len(b) > len(held) && !unicode.IsLetter(last) && !unicode.IsDigit(last) {
			held = b
		}
	}
	return held
}

// maxNear bounds the names that are looked into, in bytes: no list of groups that somebody joined is longer.
const maxNear = 8 << 10

// mayBeNear keeps most groups from being looked into.
func mayBeNear(group string) bool {
	if len(group) > maxNear {
		return false
	}
	lower := strings.ToLower(group)
	if drawn := drawnAs(lower); strings.Contains(drawn, drawnAs("system")) || strings.Contains(drawn, drawnAs("eks")) {
		return true
	}
	return strings.Contains(lower, ":") || strings.ContainsFunc(lower, notASCII)
}

func notASCII(r rune) bool { return r >= utf8.RuneSelf }

// words match a piece of a group's name that can be the name of a group: of letters of the world, or of those alone that
// built-in names have.
var words = []*regexp.Regexp{
	regexp.MustCompile(`(?:\{\{\w+\}\}|[\pL\pM\pN_.:/@-])+`),
	regexp.MustCompile(`(?:\{\{\w+\}\}|[\w.:/@-])+`),
}

// gluedGroups are the names in an item that holds a built-in name; nil for other items.
func gluedGroups(group string) []string {
	if len(group) > maxNear {
		return nil
	}
	bare := plain(group)
	if lower := strings.ToLower(bare); !strings.Contains(lower, "system:") && !strings.Contains(lower, "eks:") {
		return nil
	}
	for _, written := range []string{group, bare} {
		for _, word := range words {
			if parts := groupsIn(written, word); parts != nil {
				return parts
			}
		}
	}
	return nil
}

func groupsIn(group string, word *regexp.Regexp) []string {
	var parts []string
	found := false
	for _, w := range word.FindAllString(group, -1) {
		for _, name := range concatenated(strings.Trim(w, "-.:/")) {
			found = found || builtIn(name) != ""
			if name != "" {
				parts = append(parts, name)
			}
		}
	}
	if !found {
		return nil
	}
	return parts
}

// builtIn is the built-in group of a name in any letter case, or "".
func builtIn(name string) string {
	for _, b := range builtInGroups {
		if strings.EqualFold(b, name) {
			return b
		}
	}
	return ""
}

// concatenated takes apart a word of built-in names with nothing, or a dash or the like, between them.
func concatenated(w string) []string {
	var names []string
	for {
		first, rest := leadingBuiltIn(w)
		if first == "" {
			return append(names, w)
		}
		names, w = append(names, first), rest
	}
}

// leadingBuiltIn is the built-in name at the beginning of a word that goes on with the beginning of another.
func leadingBuiltIn(w string) (name, rest string) {
	for _, b := range builtInGroups {
		if len(w) > len(b) && strings.EqualFold(w[:len(b)], b) {
			rest := strings.TrimLeft(w[len(b):], "-./_:")
			if before, _, ok := strings.Cut(rest[:min(len(rest), len("system:"))], ":"); ok && (strings.EqualFold(before, "system") || strings.EqualFold(before, "eks")) {
				return b, rest
			}
		}
	}
	return "", ""
}

// meantGroup is the built-in group whose name this one is but for letter case, signs around it or between its words, letters
// of another alphabet, or a slip or two; "" for none.
func meantGroup(group string) string {
	if parts := gluedGroups(group); len(parts) == 1 {
		return builtIn(parts[0])
	}
	group = plain(group)
	letters, lower := lettersOf(group), strings.ToLower(group)
	for i, b := range builtInGroups {
		if builtInLetters[i] == letters || drawnAs(builtInLetters[i]) == drawnAs(letters) || looksAlike(lower, b) {
			return b
		}
	}
	// A name in two parts, as those of built-in groups are; others are no slip of them.
	if first, _, ok := strings.Cut(lower, ":"); !ok || !typo.Near(first, "system") && !typo.Near(first, "eks") {
		return ""
	}
	if i := slices.Index(builtInLetters, typo.Nearest(letters, builtInLetters)); i >= 0 {
		return builtInGroups[i]
	}
	return ""
}

// lettersOf are the letters and digits of a name in lower case.
func lettersOf(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}

// looksAlike reports whether a name is a built-in one in which letters of other alphabets stand for some of its own.
func looksAlike(name, builtIn string) bool {
	if utf8.RuneCountInString(name) != len(builtIn) {
		return false
	}
	same := 0
	i := 0
	for _, r := range name {
		switch {
		case r == rune(builtIn[i]):
			same++
		case r < utf8.RuneSelf:
			return false
		}
		i++
	}
	return same*2 > len(builtIn)
}

func quoteAll(names []string) string {
	quoted := slices.Clone(names)
	for i := range min(len(names), maxGrantsNamed) {
		quoted[i] = quote(names[i]) // The others are only counted.
	}
	return shorten(quoted)
}
