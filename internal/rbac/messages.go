package rbac

import (
	"fmt"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// Words say what is granted, where and by which binding, for people.
func (g *Grant) Words() string {
	where := "in the whole cluster"
	if g.Namespace != "" {
		where = "in namespace " + g.Namespace
	}
	note := ""
	if g.Missing {
		note = "; there is no such role, so it gives nothing"
	}
	return fmt.Sprintf("%s %s (%s, for the %s %s%s)", text.Visible(g.Role), where, text.Visible(g.Binding), strings.ToLower(g.Subject.Kind), text.Name(g.Subject.Name), note)
}
