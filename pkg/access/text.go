package access

import (
	"fmt"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// String is the change in one line: `LOSES node role arn:…:role/nodes (system:nodes)`.
func (c *Change) String() string {
	return fmt.Sprintf("%s %s (%s)", c.verb(), c.who(), c.what())
}

// Verb and subject for people; aligned columns are made by Text.
func (c *Change) verb() string {
	switch {
	case c.GainsAdmin:
		return "GAINS ADMIN"
	case c.LosesAdmin && c.Kind == Changed:
		return "LOSES ADMIN"
	case c.Kind == Lost:
		return "LOSES"
	case c.Kind == Gained:
		return "GAINS"
	case c.LosesNodes, c.shutsPeopleOut():
		return "LOSES"
	case c.LosesGroups:
		return "LOSES ALL GROUPS"
	}
	return "CHANGES"
}

// shutsPeopleOut reports whether callers who are no EC2 instances lose their access: not where instances were meant before.
func (c *Change) shutsPeopleOut() bool {
	return c.Narrows() && (!c.Old.IsNode() || c.LosesNodes && c.Old.Username == c.New.Username)
}

func (c *Change) who() string {
	switch {
	case c.Account:
		return "every principal of account " + text.Name(c.ARN)
	case c.Node:
		return "node role " + text.Name(c.ARN)
	}
	return text.Name(c.ARN)
}

func (c *Change) what() string {
	switch c.Kind {
	case Lost:
		return describe(c.Old)
	case Gained:
		return describe(c.New)
	}
	var parts []string
	if c.Old.Username != c.New.Username {
		parts = append(parts, fmt.Sprintf("username %s becomes %s", text.Quote(c.Old.Username), text.Quote(c.New.Username)))
	}
	if removed := c.RemovedGroups(); len(removed) > 0 {
		parts = append(parts, "loses "+text.List(removed))
	}
	if added := c.AddedGroups(); len(added) > 0 {
		parts = append(parts, "gains "+text.List(added))
	}
	switch {
	case c.shutsPeopleOut():
		parts = append(parts, "EKS then denies everybody but EC2 instances")
	case c.Widens() && c.Old.Username == c.New.Username:
		parts = append(parts, "EKS then lets in more than EC2 instances")
	}
	return strings.Join(parts, "; ")
}

// inFull is the change with the username, whatever changes.
func (c *Change) inFull() string {
	who := c.Old
	if c.Kind == Gained {
		who = c.New
	}
	switch {
	case who.Username == "", c.Kind == Changed && c.Old.Username != c.New.Username:
		return c.what()
	case c.Kind == Changed:
		return "username " + text.Name(who.Username) + "; " + c.what()
	case len(set(who.Groups)) > 0:
		return "username " + text.Name(who.Username) + ", groups " + c.what()
	}
	return c.what()
}

// describe names groups, or the username of somebody without any.
func describe(i *Identity) string {
	if groups := set(i.Groups); len(groups) > 0 {
		return text.List(groups)
	}
	if i.Username == "" {
		return "no groups"
	}
	return "username " + text.Name(i.Username) + ", no groups"
}

// Text lists changes one a line, the verbs in a column; "no change of access" where there is none.
func Text(changes []Change) string {
	if len(changes) == 0 {
		return "no change of access\n"
	}
	width := 0
	for i := range changes {
		width = max(width, len(changes[i].verb()))
	}
	var b strings.Builder
	for i := range changes {
		c := &changes[i]
		fmt.Fprintf(&b, "%-*s  %s (%s)%s\n", width, c.verb(), c.who(), c.inFull(), c.said())
	}
	return b.String()
}
