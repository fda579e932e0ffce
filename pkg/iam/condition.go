package iam

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
)

// conditions are the keys that the statement asks for, sorted, without those that any value fulfills.
func (s *statement) conditions() []string {
	var keys []string
	for operator, by := range s.Condition {
		for key, raw := range by {
			if o := operatorOf(operator); !o.like || !slices.ContainsFunc(valuesOf(raw), anything.MatchString) {
				keys = append(keys, key)
			}
		}
	}
	slices.SortFunc(keys, func(a, b string) int { return cmp.Or(strings.Compare(arn.Fold(a), arn.Fold(b)), strings.Compare(b, a)) })
	return slices.CompactFunc(keys, func(a, b string) bool { return arn.Fold(a) == arn.Fold(b) })
}

// sayWho reports whether a condition says whose token of an OIDC provider it must be; with application, whether it says at
// least for which application the token must be.
func (s *statement) sayWho(application bool) bool {
	for operator, by := range s.Condition {
		o := operatorOf(operator)
		for key, raw := range by {
			claim, about := claimOf(key)
			// Every token has sub and aud. Where another claim is not there, these operators let all pass.
			about = about || application && claim == "aud"
			if !o.equal || !about || o.lenient && claim != "sub" && claim != "aud" {
				continue
			}
			if !o.like || !slices.ContainsFunc(valuesOf(raw), anybody.MatchString) {
				return true
			}
		}
	}
	return false
}

// claimOf is the claim of a token that a condition key is about, in lower case; who is set where it tells whose token it is, or of
// which repository, and not only for what, or how, it was made.
func claimOf(key string) (claim string, who bool) {
	key = arn.Fold(key)
	at := strings.LastIndex(key, ":")
	if at < 0 || key[:at] == "aws" || key[:at] == "sts" {
		return "", false
	}
	claim = key[at+1:]
	return claim, !slices.Contains([]string{"aud", "oaud", "azp", "amr", "ref", "environment", "workflow"}, claim)
}

// operator is what the name of a condition operator says.
type operator struct {
	// equal is set where a value must be one of those listed, like where they are patterns.
	equal, like bool
	// lenient is set where a key that is not there counts as fulfilled.
	lenient bool
}

func operatorOf(name string) operator {
	name = strings.ToLower(name)
	set, base, found := strings.Cut(name, ":")
	if !found {
		set, base = "", name
	}
	base, ifExists := strings.CutSuffix(base, "ifexists")
	o := operator{lenient: ifExists || set == "forallvalues"}
	switch base {
	case "stringlike", "arnlike", "arnequals": // The two for ARNs are the same.
		o.equal, o.like = true, true
	case "stringequals", "stringequalsignorecase":
		o.equal = true
	}
	return o
}

var (
	// anything is a pattern that each value fits.
	anything = regexp.MustCompile(`^\*+$`)
	// anybody is a pattern that gives no more than the kind of the subject: repo:* fits every repository at GitHub.
	anybody = regexp.MustCompile(`^[*?]+$|^(?:system:serviceaccount|[A-Za-z_]+):[*?]`)
)

// valuesOf are the values of a condition that are texts.
func valuesOf(raw json.RawMessage) []string {
	var values oneOrMore[any]
	if json.Unmarshal(raw, &values) != nil {
		return nil
	}
	var texts []string
	for _, v := range values {
		if s, ok := v.(string); ok {
			texts = append(texts, s)
		}
	}
	return texts
}
