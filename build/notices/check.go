package notices

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Allowed are the licenses under which others' code may be linked into programs that are given away under
// Apache-2.0. MPL-2.0 covers files and not the whole program; those files are linked unchanged, and the notices
// say where they come from. Unicode-DFS-2016 is for tables of the Unicode standard. Licenses that cover the whole program (GPL, AGPL), that forbid a use or that nobody has
// read yet are not here.
func Allowed() []string {
	return []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MPL-2.0", "Unicode-DFS-2016"}
}

// Check finds what may not be linked in: a module without a license, a license that is not known or not allowed.
func Check(modules []Module) error {
	var problems []error
	for _, m := range modules {
		problems = append(problems, m.check())
	}
	return errors.Join(problems...)
}

func (m *Module) check() error {
	if len(m.Licenses) == 0 {
		return fmt.Errorf("%s %s: no license was found; ask its authors, or do without the module", m.Path, m.Version)
	}
	var problems []error
	for _, t := range m.Texts {
		if len(t.Licenses) == 0 && !t.isNotice() {
			problems = append(problems, fmt.Errorf("%s %s: the license in %s is not known; read it", m.Path, m.Version, t.Path))
		}
	}
	for _, license := range m.Licenses {
		if !slices.Contains(Allowed(), license) {
			problems = append(problems, fmt.Errorf("%s %s: the license %s is not one of %s", m.Path, m.Version, license, strings.Join(Allowed(), ", ")))
		}
	}
	return errors.Join(problems...)
}
