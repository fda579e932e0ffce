package edit

import (
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// entry writes an entry, without the dash of a block list.
func (st *style) entry(key awsauth.Key, e Entry) string {
	arnField := awsauth.FieldRoleARN
	if key == awsauth.MapUsers {
		arnField = awsauth.FieldUserARN
	}
	keys := len(st.indent) + 1 + len(st.gap)
	var fields []string
	for _, known := range st.order {
		switch known {
		case arnField:
			fields = append(fields, st.field(arnField, e.ARN))
		case awsauth.FieldUsername:
			if e.Username != "" {
				fields = append(fields, st.field(known, e.Username))
			}
		case awsauth.FieldGroups:
			if len(e.Groups) > 0 {
				fields = append(fields, st.groups(e.Groups, strings.Repeat(" ", keys)))
			}
		}
	}
	if !st.flow {
		return strings.Join(fields, st.newline+strings.Repeat(" ", keys))
	}
	if st.inner == "" {
		return "{" + strings.Join(fields, st.comma) + "}"
	}
	return "{" + st.newline + st.inner + strings.Join(fields, ","+st.newline+st.inner) + st.newline + st.outer + "}"
}

func (st *style) field(name, value string) string {
	return st.key(name) + st.colon + scalar(value, st.marks[name], st.flow)
}

func (st *style) key(name string) string {
	if st.keyMark == plain {
		return name
	}
	return string(st.keyMark) + name + string(st.keyMark)
}

// groups writes the field groups; keys are the blanks before the fields of a block entry.
func (st *style) groups(groups []string, keys string) string {
	mark := st.marks[awsauth.FieldGroups]
	if st.flow || st.flowGroups {
		items := make([]string, len(groups))
		for i, g := range groups {
			items[i] = scalar(g, mark, true)
		}
		list := "[" + strings.Join(items, st.comma) + "]"
		if st.groupInner != "" {
			list = "[" + st.newline + st.groupInner + strings.Join(items, ","+st.newline+st.groupInner) + st.newline + st.groupOuter + "]"
		}
		return st.key(awsauth.FieldGroups) + st.colon + list
	}
	var b strings.Builder
	b.WriteString(st.key(awsauth.FieldGroups) + ":")
	for _, g := range groups {
		b.WriteString(st.newline + keys + st.groupShift + "-" + st.groupGap + scalar(g, mark, false))
	}
	return b.String()
}

// account writes an item of mapAccounts.
func (st *style) account(id string) string {
	if st.marks[""] == bare {
		return id
	}
	return scalar(id, st.marks[""], st.flow)
}
