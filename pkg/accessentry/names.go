package accessentry

import (
	"strconv"
	"strings"
)

// namer gives each access entry a name of letters and digits, none twice without regard to case.
type namer map[string]bool

// name makes a name of the words of the principal's own name; join stands between them.
func (n namer) name(e *Entry, prefix, join string, word func(string) string) string {
	own := e.PrincipalARN[strings.LastIndex(e.PrincipalARN, "/")+1:]
	words := strings.FieldsFunc(own, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	})
	for i := range words {
		words[i] = word(words[i])
	}
	base := prefix + strings.Join(words, join)
	name := base
	for i := 2; n[strings.ToLower(name)]; i++ {
		name = base + join + strconv.Itoa(i)
	}
	n[strings.ToLower(name)] = true
	return name
}

// capital is a word with its first letter in upper case.
func capital(word string) string { return strings.ToUpper(word[:1]) + word[1:] }
