package notices

import (
	"fmt"
	"io"
	"strings"
)

const rule = "--------------------------------------------------------------------------------"

// Write writes the texts, each once, under the names of the modules that come with it. The order of modules is kept.
func Write(w io.Writer, modules []Module) error {
	var order []string
	users := map[string][]string{}
	for _, m := range modules {
		for _, t := range m.Texts {
			content := strings.TrimSpace(strings.ReplaceAll(t.Content, "\r\n", "\n"))
			if users[content] == nil {
				order = append(order, content)
			}
			users[content] = append(users[content], m.source(t))
		}
	}
	var b strings.Builder
	b.WriteString("aws-auth-guard is linked with the software named here, which is given under these licenses.\n" +
		"The source of a module: go mod download -json PATH@VERSION\n")
	for _, content := range order {
		fmt.Fprintf(&b, "\n%s\n%s\n%s\n\n%s\n", rule, strings.Join(users[content], "\n"), rule, content)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// source names a text's module, and the file where it is not that of the whole module.
func (m *Module) source(t Text) string {
	name := m.Path + " " + m.Version
	if strings.Contains(t.Path, "/") {
		name += " (" + t.Path + ")"
	}
	return name
}
