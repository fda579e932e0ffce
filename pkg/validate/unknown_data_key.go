package validate

import (
	"fmt"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/typo"
)

func unknownDataKey() *Rule {
	return &Rule{
		Name:  "unknown-data-key",
		Title: "a data key that EKS does not read",
		Rationale: "The authenticator reads the data keys mapRoles, mapUsers and mapAccounts, in exactly this case, and " +
			"nothing from binaryData. A list under maproles or mapRole maps nobody. The rule ignores unrelated keys.",
		Severity:  Critical,
		Standard:  Deny,
		Companion: true,
		Losses:    []string{"a data key in the wrong case"},
		Bad:       []Example{{Data: map[string]string{"maproles": "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n"}}},
		Good:      []Example{{Data: map[string]string{"mapRoles": "[]\n", "notes": "ask the platform team\n"}}},
		Check: func(p *Pass) {
			for _, k := range p.Doc.OtherKeys {
				if meant := meantKey(k); meant != "" {
					p.Report(Finding{Entry: -1, Field: k, What: "EKS does not read the data key " + quote(k), Remedy: fmt.Sprintf("did you mean %s?", meant)})
				}
			}
			for _, k := range p.Doc.BinaryKeys {
				if meant := meantKey(k); meant != "" {
					remedy := fmt.Sprintf("move %s to data, as plain text", quote(k))
					if k != string(meant) {
						remedy += " and with the name " + string(meant)
					}
					p.Report(Finding{Entry: -1, Field: k, What: "EKS does not read binaryData", Remedy: remedy})
				}
			}
		},
	}
}

// meantKey is the key that a name was meant to be, or "".
func meantKey(name string) awsauth.Key {
	plain := strings.ToLower(strings.Map(func(r rune) rune {
		if strings.ContainsRune("_-. ", r) {
			return -1
		}
		return r
	}, strings.TrimSuffix(strings.TrimSuffix(name, ".yaml"), ".yml")))
	for _, k := range awsauth.Keys() {
		if lower := strings.ToLower(string(k)); plain == lower || typo.Near(plain, lower) {
			return k
		}
	}
	return ""
}
