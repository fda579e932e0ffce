package validate

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// TestATailSilencesNoRule holds that every rule says of a list what it says of it without what follows it.
func TestATailSilencesNoRule(t *testing.T) {
	const entry = "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n"
	lists := map[string]string{
		"clean":               entry,
		"duplicate-field":     entry + "  username: ops\n",
		"wrong-type":          entry + "  groups: devs\n",
		"merged-list-items":   entry + "  groups:\n  - system:bootstrappers\n   - system:nodes\n",
		"unknown-field":       entry + "  group:\n  - devs\n",
		"entry-not-a-mapping": entry + "- dev\n",
		"group-name":          entry + "  groups:\n  - \"\"\n",
	}
	tails := map[string]string{
		"an entry on the line of the marker": "--- - rolearn: arn:aws:iam::111122223333:role/ops\n  username: ops\n",
		"a tab":                              "---\n\t- rolearn: arn:aws:iam::111122223333:role/ops\n",
		"an at sign":                         "---\n@\n",
		"a backtick":                         "---\n`\n",
		"an open quote":                      "---\n\"\n- rolearn: arn:aws:iam::111122223333:role/ops\n",
		"an end and an at sign":              "...\n@\n",
		"a directive":                        "...\n%YAML 1.2\n---\n- rolearn: arn:aws:iam::111122223333:role/ops\n",
		"plain":                              "---\n- rolearn: arn:aws:iam::111122223333:role/ops\n",
	}
	for rule, list := range lists {
		alone := names(Check(awsauth.Read(map[string]string{"mapRoles": list}), Options{}))
		if rule != "clean" && !slices.Contains(alone, rule) {
			t.Errorf("%q is refused by %v", list, alone)
		}
		want := slices.Sorted(slices.Values(append(alone, "extra-document")))
		for name, tail := range tails {
			t.Run(rule+", "+name, func(t *testing.T) {
				got := names(Check(awsauth.Read(map[string]string{"mapRoles": list + tail}), Options{}))
				if slices.Sort(got); !slices.Equal(got, want) {
					t.Errorf("%q is refused by %v, want %v", list+tail, got, want)
				}
			})
		}
	}
}

// TestATextThatReadsOtherwiseThanItLooksIsRefused: of Groups, which is read first, one group is left over.
func TestATextThatReadsOtherwiseThanItLooksIsRefused(t *testing.T) {
	text := "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  Groups: [system:masters]\n  groups: [~]\n"
	got := names(Check(awsauth.Read(map[string]string{"mapRoles": text}), Options{}))
	for _, rule := range []string{"yaml-syntax", "duplicate-field", "system-masters"} {
		if !slices.Contains(got, rule) {
			t.Errorf("it is refused by %v, want %s as well", got, rule)
		}
	}
}

// TestALineThatNobodySeesIsRefused: what people take for a comment, or for a part of a line, is an entry to EKS.
func TestALineThatNobodySeesIsRefused(t *testing.T) {
	const entry = "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n"
	for name, tt := range map[string]struct {
		data map[string]string
		want []string
	}{
		"an entry in a comment":   {map[string]string{"mapRoles": entry + "# old\u0085- rolearn: arn:aws:iam::111122223333:role/ops\u0085  username: ops\n"}, []string{"yaml-syntax"}},
		"by a carriage return":    {map[string]string{"mapRoles": entry + "# old\r- rolearn: arn:aws:iam::111122223333:role/ops\r  username: ops\n"}, []string{"yaml-syntax"}},
		"an account":              {map[string]string{"mapAccounts": "- \"111122223333\" # ours\u2029- \"222233334444\"\n"}, []string{"map-accounts", "yaml-syntax"}},
		"a comment after it":      {map[string]string{"mapRoles": entry + "# a\u2028# b\n"}, nil},
		"lines as on an old Mac":  {map[string]string{"mapRoles": "# old\r- rolearn: arn:aws:iam::111122223333:role/dev\r  username: dev\r"}, nil},
		"lines as on Windows":     {map[string]string{"mapRoles": "# old\r\n- rolearn: arn:aws:iam::111122223333:role/dev\r\n  username: dev\r\n"}, nil},
		"what does not parse too": {map[string]string{"mapRoles": entry + "# old\u2028 @\n"}, []string{"yaml-syntax"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := names(Check(awsauth.Read(tt.data), Options{}))
			if slices.Sort(got); !slices.Equal(got, tt.want) {
				t.Errorf("refused by %v, want %v", got, tt.want)
			}
		})
	}
}

// TestAPairOfEscapesIsExplained: JSON writes a character beyond the BMP so, and YAML doesn't read it.
func TestAPairOfEscapesIsExplained(t *testing.T) {
	text := "[{\"rolearn\": \"arn:aws:iam::111122223333:role/dev\", \"username\": \"\\ud83d\\ude00\"}]"
	findings := Check(awsauth.Read(map[string]string{"mapRoles": text}), Options{})
	if len(findings) != 1 || !strings.Contains(findings[0].Sentence().Text, `takes no pair of \u escapes for one character, as JSON does; `) ||
		findings[0].Remedy != "write the character itself" {
		t.Errorf("%+v", findings)
	}
}
