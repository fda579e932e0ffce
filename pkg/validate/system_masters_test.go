package validate

import "testing"

func TestCheckAllowed(t *testing.T) {
	for item, want := range map[string]bool{
		"arn:aws:iam::111122223333:role/Admin":    true,
		"arn:aws:iam::111122223333:user/a/b":      true,
		"arn:aws:iam::111122223333:root":          true,
		"arn:aws:iam::*:role/Admin":               true,
		"arn:aws*:iam::1111*:role/break*glass-*":  true,
		"arn:aws:iam::111122223333:user/ops/*":    true,
		"arn:aws:iam::*:*":                        false,
		"arn:*":                                   false,
		"*":                                       false,
		"arn:aws:iam::x*:role/a":                  false,
		"arn:aws:iam::111122223333:role/team/a":   false,
		"arn:aws:iam::111122223333:role/team/*":   false,
		"arn:aws:*::111122223333:role/a":          false,
		"arn:aws:iam:*:111122223333:role/a":       false,
		"arn:aws:iam::111122223333:policy/*":      false,
		"arn:aws:iam::1111222233334444*:role/abc": false,
	} {
		if problem := checkAllowed(item); (problem == "") != want {
			t.Errorf("%s: %q", item, problem)
		}
	}
}
