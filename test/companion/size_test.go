package companion

import (
	"fmt"
	"strings"
	"testing"
)

// TestGreatMaps holds that no map up to the limit of a ConfigMap costs more than the API server spends: that would be an
// error, and refuse the edit.
func TestGreatMaps(t *testing.T) {
	s := cluster(t)
	const limit = 1 << 20
	fill := func(unit string, size int) string { return strings.Repeat(unit, size/len(unit)) }
	keys := map[string]string{}
	// The API server itself takes minutes over hundreds of thousands of keys, policy or not.
	for i := range 5000 {
		keys[fmt.Sprintf("%0200d", i)] = ""
	}
	for _, size := range []int{1000, 19_999, 20_000, 29_000, 30_000, 30_001, 100_000, limit - 64} {
		third := min(size, limit/3-64)
		for name, data := range map[string]map[string]string{
			"entries":      roles(fill(nodes, size)),
			"comments":     roles(fill("# a comment\n", size)),
			"blanks":       roles(fill(" \n", size)),
			"wide letters": roles(fill("# \u00e9\u00e9\u00e9\n", size)),
			"indented":     roles(strings.ReplaceAll("\n"+fill(nodes, size*6/7), "\n", "\n    ")[1:]),
			"JSON":         roles("[" + strings.TrimSuffix(fill(`{"rolearn":"arn:aws:iam::111122223333:role/x","username":"x","groups":["a"]},`, size-2), ",") + "]"),
			"CRLF":         roles(fill("- rolearn: arn:aws:iam::111122223333:role/x\r\n", size)),
			"three keys": {
				"mapRoles": fill(nodes, third), "mapUsers": fill("- userarn: arn:aws:iam::111122223333:user/bob\n  username: bob\n", third),
				"mapAccounts": fill("- \"111122223333\"\n", third),
			},
		} {
			t.Run(fmt.Sprintf("%s of %d", name, size), func(t *testing.T) {
				great := configMap(data, "")
				touched := configMap(map[string]string{}, "")
				for k, v := range data {
					touched.Data[k] = v[:len(v)-1] + " "
				}
				for _, made := range []*edit{{New: great}, {Old: great, New: touched}, {Old: configMap(roles(nodes), ""), New: great}, {Old: great}, {Old: great, New: configMap(roles("[]"), "")}} {
					if made.Old == nil {
						s.put(t, nil)
					}
					// An error of the evaluation ends the test in try: it names no rule.
					_ = s.try(t, s.admin, made)
				}
			})
		}
	}
	t.Run("very many keys", func(t *testing.T) {
		_ = s.try(t, s.admin, &edit{Old: configMap(roles(nodes), ""), New: configMap(keys, "map-deleted: a test")})
		_ = s.try(t, s.admin, &edit{Old: configMap(keys, ""), New: configMap(roles(nodes), "")})
	})
}
