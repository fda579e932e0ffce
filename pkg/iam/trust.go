package iam

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/glob"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// Grant says that a trust policy lets somebody assume the role. Statements that deny are not judged.
type Grant struct {
	// Account is the number of the account that is let in, as a whole or some of it; "" is anybody in AWS.
	Account string
	// Provider is set where it is whoever has a token of that identity provider, for any application or at most for one.
	Provider string
	// Conditions are the condition keys that the statement asks for besides, sorted. They are not judged.
	Conditions []string
}

// The grammar of policies: IAM User Guide, "Grammar of the IAM JSON policy language".
type (
	policy struct {
		Statement oneOrMore[statement]
	}
	statement struct {
		Effect            string
		Action, NotAction oneOrMore[string]
		Principal         principals
		NotPrincipal      json.RawMessage
		Condition         map[string]map[string]json.RawMessage
	}
	// oneOrMore is a value alone, or a list of such.
	oneOrMore[T any] []T
	// principals are those that a statement names: of all kinds where it is "*" alone.
	principals struct{ AWS, Federated oneOrMore[string] }
)

// UnmarshalJSON implements json.Unmarshaler.
func (o *oneOrMore[T]) UnmarshalJSON(raw []byte) error {
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("[")) {
		return json.Unmarshal(raw, (*[]T)(o))
	}
	var one T
	if err := json.Unmarshal(raw, &one); err != nil {
		return err
	}
	*o = []T{one}
	return nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (p *principals) UnmarshalJSON(raw []byte) error {
	var all string
	if json.Unmarshal(raw, &all) == nil {
		p.AWS = oneOrMore[string]{all}
		return nil
	}
	var by map[string]oneOrMore[string]
	if err := json.Unmarshal(raw, &by); err != nil {
		return err
	}
	p.AWS, p.Federated = by["AWS"], by["Federated"]
	return nil
}

// webIdentity is the action of whoever has a token of an OIDC provider.
const webIdentity = "sts:assumerolewithwebidentity"

// assume are the actions by which somebody becomes a role.
func assume() []string {
	return []string{"sts:assumerole", "sts:assumerolewithsaml", webIdentity}
}

// readTrust reads a trust policy: an object, as the AWS CLI prints it, or a text that is encoded as in a URL, as IAM sends it.
// An error beside grants says what could not be read besides.
func readTrust(raw json.RawMessage) ([]Grant, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, errors.New("the file does not have it")
	}
	var encoded string
	if json.Unmarshal(raw, &encoded) == nil {
		decoded, err := url.PathUnescape(encoded)
		if err != nil {
			return nil, errors.New("its encoding is broken")
		}
		raw = json.RawMessage(decoded)
	}
	var p policy
	if err := json.Unmarshal(raw, &p); err != nil {
		return nil, errors.New("it is no policy")
	}
	if len(p.Statement) == 0 {
		return nil, errors.New("it has no statement")
	}
	var grants []Grant
	var unread error
	for i := range p.Statement {
		of, err := p.Statement[i].grants()
		unread = cmp.Or(unread, err)
		grants = append(grants, of...)
	}
	return grants, unread
}

func (s *statement) grants() ([]Grant, error) {
	switch {
	case s.Effect != "Allow" && s.Effect != "Deny":
		return nil, fmt.Errorf("a statement has the effect %s", text.Quote(text.Middle(s.Effect, maxName)))
	case s.Effect == "Deny" || !s.assumes():
		return nil, nil
	}
	keys := s.conditions()
	if len(s.NotPrincipal) > 0 {
		return []Grant{{Conditions: keys}}, nil // All but some.
	}
	var grants []Grant
	add := func(g Grant) {
		g.Conditions = keys
		if !slices.ContainsFunc(grants, func(o Grant) bool { return o.Account == g.Account && o.Provider == g.Provider }) {
			grants = append(grants, g)
		}
	}
	var unread error
	for _, who := range s.Principal.AWS {
		account, named, err := accountOf(who)
		unread = cmp.Or(unread, err)
		if named {
			add(Grant{Account: account})
		}
	}
	for _, provider := range s.Principal.Federated {
		if name, open := s.open(provider); open {
			add(Grant{Provider: name})
		} else if account, named, err := accountOf(provider); err == nil && named {
			add(Grant{Account: account})
		}
	}
	return grants, unread
}

// open reports whether whoever has a token of an identity provider may assume the role: where no condition says who, or, of one
// of the public providers that IAM knows by name, not even for which application.
func (s *statement) open(provider string) (name string, open bool) {
	if !s.about(webIdentity) || provider == "*" {
		return "", false
	}
	if a, err := arn.Parse(provider); err == nil {
		kind, name, _ := strings.Cut(a.Resource, "/")
		return name, kind == "oidc-provider" && !s.sayWho(false)
	}
	return provider, !s.sayWho(true)
}

// assumes reports whether the statement is about becoming the role.
func (s *statement) assumes() bool { return slices.ContainsFunc(assume(), s.about) }

// about reports whether the statement is about an action.
func (s *statement) about(action string) bool {
	fits := func(patterns []string, action string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool {
			return glob.Match(strings.ReplaceAll(strings.ToLower(p), "?", "*"), action)
		})
	}
	return fits(s.Action, action) || len(s.NotAction) > 0 && !fits(s.NotAction, action)
}

// uniqueID is what IAM writes in the place of a principal that was deleted: it lets nobody in.
var uniqueID = regexp.MustCompile(`^A[A-Z0-9]{15,}$`)

// accountOf is the account of a principal of a policy, "" for all; named is not set where it is nobody's.
func accountOf(who string) (account string, named bool, err error) {
	switch {
	case who == "*":
		return "", true, nil
	case arn.IsAccountID(who):
		return who, true, nil
	case uniqueID.MatchString(who):
		return "", false, nil
	}
	a, err := arn.Parse(who)
	switch {
	case err == nil && arn.IsAccountID(a.Account):
		return a.Account, true, nil
	case err == nil && strings.ContainsAny(a.Account, "*?"):
		return "", true, nil
	}
	return "", false, fmt.Errorf("it names the principal %s", text.Quote(text.Middle(who, maxName)))
}
