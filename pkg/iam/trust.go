package iam

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
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
	// principals are those of AWS that a statement names: of all kinds where it is "*" alone.
	principals []string
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
		*p = principals{all}
		return nil
	}
	var by map[string]oneOrMore[string]
	if err := json.Unmarshal(raw, &by); err != nil {
		return err
	}
	*p = principals(by["AWS"])
	return nil
}

// assume are the actions by which somebody becomes a role.
func assume() []string {
	return []string{"sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity"}
}

// readTrust reads a trust policy: an object, as the AWS CLI prints it, or a text that is encoded as in a URL, as IAM sends it.
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
	for i := range p.Statement {
		of, err := p.Statement[i].grants()
		if err != nil {
			return nil, err
		}
		grants = append(grants, of...)
	}
	return grants, nil
}

func (s *statement) grants() ([]Grant, error) {
	switch {
	case s.Effect != "Allow" && s.Effect != "Deny":
		return nil, fmt.Errorf("a statement has the effect %s", text.Quote(text.Middle(s.Effect, maxName)))
	case s.Effect == "Deny" || !s.assumes():
		return nil, nil
	}
	var keys []string
	for _, by := range s.Condition {
		keys = slices.AppendSeq(keys, maps.Keys(by))
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	if len(s.NotPrincipal) > 0 {
		return []Grant{{Conditions: keys}}, nil // All but some.
	}
	var grants []Grant
	for _, who := range s.Principal {
		account, named, err := accountOf(who)
		if err != nil {
			return nil, err
		}
		g := Grant{account, keys}
		if named && !slices.ContainsFunc(grants, func(o Grant) bool { return o.Account == g.Account }) {
			grants = append(grants, g)
		}
	}
	return grants, nil
}

// assumes reports whether the statement is about becoming the role.
func (s *statement) assumes() bool {
	fits := func(patterns []string, action string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool {
			return glob.Match(strings.ReplaceAll(strings.ToLower(p), "?", "*"), action)
		})
	}
	return slices.ContainsFunc(assume(), func(action string) bool {
		return fits(s.Action, action) || len(s.NotAction) > 0 && !fits(s.NotAction, action)
	})
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
