package cases

import "strings"

// Slip is a text with one character wrong.
type Slip struct {
	// Kind says what was done, as in: drop "-".
	Kind string
	Text string
	At   int
}

// slipMarks are the characters that make the difference in YAML.
const slipMarks = "-:,;\"'[]{} \n#"

// Slips are the texts that one slip makes of another: each character left out, doubled and swapped with the next; at each place
// each of the marks of YAML, an x and a full stop put in, and one mark in the place of another.
func Slips(text string) []Slip {
	var slips []Slip
	add := func(at int, kind string, parts ...string) {
		slips = append(slips, Slip{Kind: kind, Text: strings.Join(parts, ""), At: at})
	}
	for i := range len(text) {
		c, before, after := text[i:i+1], text[:i], text[i+1:]
		add(i, "drop "+c, before, after)
		add(i, "double "+c, before, c, c, after)
		if after != "" && after[:1] != c {
			add(i, "swap "+c+after[:1], before, after[:1], c, after[1:])
		}
		for _, m := range strings.Split(slipMarks+"x.", "") {
			add(i, "insert "+m, before, m, c, after)
			if m != c && strings.Contains(slipMarks, c) {
				add(i, c+" becomes "+m, before, m, after)
			}
		}
	}
	return slips
}

// SlipMaps are maps that work, one for each style in which people and tools write them.
func SlipMaps() map[string]string {
	return map[string]string{
		"block":    "- rolearn: arn:aws:iam::111122223333:role/nodes\n  username: system:node:{{EC2PrivateDNSName}}\n  groups:\n  - system:bootstrappers\n  - system:nodes\n- rolearn: arn:aws:iam::111122223333:role/a\n  username: a\n  groups:\n    - system:masters\n",
		"indented": "  - groups:\n      - one\n      - system:masters\n    rolearn: arn:aws:iam::111122223333:role/a\n    username: a\n  - groups: [two]\n    username: b\n    rolearn: arn:aws:iam::111122223333:role/b\n",
		"lists":    "- rolearn: arn:aws:iam::111122223333:role/nodes\n  username: system:node:{{EC2PrivateDNSName}}\n  groups: [\"system:bootstrappers\", \"system:nodes\"]\n- rolearn: arn:aws:iam::111122223333:role/a\n  username: a\n  groups: [one, system:masters]\n",
		"quoted":   "- rolearn: \"arn:aws:iam::111122223333:role/a\"\n  username: \"{{SessionName}}\"\n  groups: ['one', 'system:masters']\n- \"rolearn\": 'arn:aws:iam::111122223333:role/b'\n  \"username\": 'b'\n  \"groups\":\n    - \"system:masters\"\n    - four # why\n",
		"flow":     "[{rolearn: 'arn:aws:iam::111122223333:role/a', username: \"a:{{SessionName}}\", groups: [one, system:masters]},\n {rolearn: 'arn:aws:iam::111122223333:role/b', username: b}]\n",
		"JSON":     `[{"rolearn":"arn:aws:iam::111122223333:role/a","username":"a","groups":["one","system:masters"]},{"rolearn":"arn:aws:iam::111122223333:role/b","username":"b:{{AccountID}}","groups":[]}]`,
		"CRLF":     "- groups:\r\n  - system:masters\r\n  rolearn: arn:aws:iam::111122223333:role/a\r\n  username: a\r\n",
	}
}
