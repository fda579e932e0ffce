package validate

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

func usernameUppercase() *Rule {
	return &Rule{
		Name:  "username-uppercase",
		Title: "upper case in a username",
		Rationale: "AWS's guidance is to write usernames in aws-auth in lower case. The authenticator passes them on as they " +
			"are, and RBAC compares them exactly, including case: a binding to User alice does not match Alice. A repair " +
			"must neither take rights away nor give any. So the guard does not touch a name that a RoleBinding or " +
			"ClusterRoleBinding gives in upper case, and does not write one in lower case that a binding names: Admin " +
			"would get what is bound to admin. Write that name yourself if you mean it. The webhook asks the cluster for " +
			"the bindings, and lint and fix look at those in the files that you pass. Without any, and where another " +
			"text among these files has the name, which may bind it in a form that the guard does not read, they only " +
			"suggest the repair. The rule skips templates such as {{SessionName}} and usernames in the form of an ARN.",
		Severity: Medium,
		Standard: Fix,
		Repairs:  true,
		Needs:    []Topic{TopicBindings},
		Ask:      func(c *Change) Questions { return Questions{Bindings: touchesUppercase(c)} },
		Losses:   []string{"a username in different case than its binding"},
		Bad: []Example{
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: Admin:{{SessionName}}\n"),
			users("- userarn: arn:aws:iam::111122223333:user/Bob\n  username: Bob\n"),
		},
		Good: []Example{
			roles("- rolearn: arn:aws:iam::111122223333:role/Dev\n  username: dev:{{SessionName}}\n"),
			roles("- rolearn: arn:aws:iam::111122223333:role/Dev\n  username: arn:aws:iam::111122223333:role/Dev\n"),
		},
		Check: func(p *Pass) {
			for _, e := range p.Doc.Mappings() {
				if !upperCased(e) || p.Suppressed(e, awsauth.FieldUsername) || p.keptForBinding(e) {
					continue
				}
				lower := lowerStatic(e.Username)
				fix, why := lowerUsername(p, e, lower)
				remedy, risk := p.inLowerCase(e, lower)
				switch {
				case fix == nil || risk == "":
				case p.Change == nil && risk != givesRights:
					fix.Applicability = Suggested
				default:
					fix, why = nil, risk
				}
				f := fieldFinding(e, awsauth.FieldUsername, upperCase(e), remedy)
				f.Fix, f.Unrepaired = fix, awsauth.Say(why)
				p.Report(f)
			}
		},
	}
}

func upperCase(e *awsauth.Entry) string {
	return fmt.Sprintf("the username %s has upper-case letters, which AWS advises against", quote(e.Username))
}

// upperCased reports whether the username has upper case that the rule speaks of.
func upperCased(e *awsauth.Entry) bool {
	return hasUpper(e.Username) && !looksLikeARN(e.Username) && slices.ContainsFunc(fixed(e.Username), hasUpper)
}

// givesRights is why a name is not put in lower case where a binding names that.
const givesRights = "in lower case it would get rights that this text does not give"

// boundRisk is what a name in lower case may cost or give where not all bindings are at hand.
const boundRisk = ", but only where no RoleBinding or ClusterRoleBinding names the user in either case: they would lose the rights of the one " +
	"name and get those of the other (pass the files with all bindings too, and the guard checks them)"

// knownBindings are the bindings that are known, nil where none are, and why the cluster did not tell.
func (p *Pass) knownBindings() (b *BindingFacts, unavailable string) {
	if p.Change == nil {
		return p.bindings, ""
	}
	return p.Change.Facts.Bindings, p.Change.Facts.Unavailable.Bindings
}

// inLowerCase says what to write instead of an upper-case username, and why the guard does not write it by itself: "" where
// that takes no rights from anybody and gives none.
func (p *Pass) inLowerCase(e *awsauth.Entry, lower string) (remedy, risk string) {
	b, _ := p.knownBindings()
	remedy = "write " + quote(lower)
	switch {
	case b == nil && p.Change == nil:
		return remedy + boundRisk, "the bindings are not known"
	case b == nil && !p.Change.Facts.Alone && p.edit.entryTouched(e):
		return remedy, "the bindings are not known"
	case b == nil:
		return remedy, ""
	}
	if name := boundAs(b, lower); name != "" {
		return fmt.Sprintf("%s names %s, and %s gets nothing by it: write %s only if this entry should have what it gives, or else another name",
			b.Users[name], quote(name), quote(e.Username), quote(lower)), givesRights
	}
	if place := b.elsewhere(e.Username); place != "" {
		return fmt.Sprintf("look first at %s, and write %s only where no binding names either: one of %s would give this user nothing any more, one of %s its rights",
			place, quote(lower), quote(e.Username), quote(lower)), "the bindings are not all known"
	}
	if b.Partial {
		return remedy + boundRisk, "the bindings are not all known"
	}
	return remedy, ""
}

// elsewhere says where else the username may be bound, "" where nowhere: of a template, any part that stays is in all that it
// can become.
func (b *BindingFacts) elsewhere(username string) string {
	if b.Elsewhere == nil {
		return ""
	}
	parts := fixed(username)
	longest := 0
	for i := range parts {
		if len(parts[i]) > len(parts[longest]) {
			longest = i
		}
	}
	return b.Elsewhere(parts[longest], longest == 0, longest == len(parts)-1)
}

// keptForBinding warns instead of repairing where a binding names the user exactly as written, or where the
// bindings could not be read though the cluster was asked: in lower case the user would lose what they give.
func (p *Pass) keptForBinding(e *awsauth.Entry) bool {
	b, unavailable := p.knownBindings()
	why, remedy := "", ""
	switch {
	case b != nil:
		name := boundAs(b, e.Username)
		if name == "" {
			return false
		}
		why, remedy = b.Users[name]+" names it so", "bind the name in lower case first"
	case unavailable != "":
		why = "the bindings could not be read" + because(unavailable)
	default:
		return false
	}
	f := fieldFinding(e, awsauth.FieldUsername, upperCase(e), remedy)
	f.Unrepaired, f.Inconclusive = awsauth.Say(why), true
	p.Report(f)
	return true
}

// boundAs finds a user that a binding names: the username itself or, where it is templated, the first that it can become;
// "" where there is none.
func boundAs(b *BindingFacts, username string) string {
	if !isTemplated(username) {
		if b.Users[username] == "" {
			return ""
		}
		return username
	}
	parts := fixed(username)
	best := ""
	for name := range b.Users {
		if canBecome(parts, name) && (best == "" || name < best) {
			best = name
		}
	}
	return best
}

// canBecome reports whether a username of these fixed parts, with a template between each two, can be rendered as the
// name: with at least one character for each template.
func canBecome(fixed []string, name string) bool {
	first, last := fixed[0], fixed[len(fixed)-1]
	if !strings.HasPrefix(name, first) || !strings.HasSuffix(name[len(first):], last) {
		return false
	}
	name = name[len(first) : len(name)-len(last)]
	for _, part := range fixed[1 : len(fixed)-1] {
		if name == "" {
			return false
		}
		_, size := utf8.DecodeRuneInString(name)
		i := strings.Index(name[size:], part)
		if i < 0 {
			return false
		}
		name = name[size+i+len(part):]
	}
	return name != ""
}

func hasUpper(s string) bool { return strings.IndexFunc(s, unicode.IsUpper) >= 0 }

// lowerStatic lower-cases a username outside its templates.
func lowerStatic(s string) string {
	var b strings.Builder
	at := 0
	for _, t := range templates(s) {
		b.WriteString(strings.ToLower(s[at:t[0]]))
		b.WriteString(s[t[0]:t[1]])
		at = t[1]
	}
	b.WriteString(strings.ToLower(s[at:]))
	return b.String()
}

// lowerUsername lower-cases the letters in the text, or says why it can't.
func lowerUsername(p *Pass, e *awsauth.Entry, lower string) (*Repair, string) {
	if prefix := snapshot.ReservedPrefix(lower); prefix != "" && !isNodeShape(lower) {
		return nil, fmt.Sprintf("in lower case it would have the prefix %s, which is reserved", quote(prefix))
	}
	if other := p.caseCollision(e); other != nil {
		return nil, fmt.Sprintf("%s has the username %s", ref(other), quote(other.Username))
	}
	r := &Repair{
		Applicability: Safe, Summary: fmt.Sprintf("changed the username %s to %s", quote(e.Username), quote(lower)),
		Want: []Reading{{Entry: e.Index, Field: ReadUsername, Value: lower}},
	}
	source, why := fieldSource(e, awsauth.FieldUsername, e.Username)
	if why != "" {
		return nil, why
	}
	for _, run := range upperRuns(e.Username) {
		span, ok := source.Range(run[0], run[1])
		if !ok {
			return nil, notVerbatim
		}
		r.Edits = append(r.Edits, Edit{Start: span.Start, End: span.End, New: strings.ToLower(e.Username[run[0]:run[1]])})
	}
	return r, ""
}

// upperRuns are the ranges of upper-case letters outside templates.
func upperRuns(s string) [][2]int {
	var runs [][2]int
	left := templates(s)
	for i, c := range s {
		if len(left) > 0 && i >= left[0][1] {
			left = left[1:]
		}
		if len(left) > 0 && i >= left[0][0] || !unicode.IsUpper(c) {
			continue
		}
		end := i + len(string(c))
		if n := len(runs); n > 0 && runs[n-1][1] == i {
			runs[n-1][1] = end
		} else {
			runs = append(runs, [2]int{i, end})
		}
	}
	return runs
}

// touchesUppercase reports whether the edit brings in a username that could be put in lower case, if only after another repair
// that makes a text readable.
func touchesUppercase(c *Change) bool {
	for _, s := range c.New.Sections() {
		if s.Key != awsauth.MapAccounts && s.Discarded() && hasUpper(s.Text) && (c.touch().all || c.touch().sections[s.Key]) {
			return true
		}
	}
	for _, entry := range c.New.Mappings() {
		if upperCased(entry) && c.touch().entryTouched(entry) {
			return true
		}
	}
	return false
}
