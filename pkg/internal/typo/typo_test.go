package typo

import "testing"

func TestNear(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"groups", "groups", true},
		{"group", "groups", true},
		{"gruops", "groups", true},
		{"grouqs", "groups", true},
		{"xgroups", "groups", true},
		{"grps", "groups", false},
		{"usrname", "username", true},
		{"usernmae", "username", true},
		{"dev", "ops", false},
		{"ab", "abc", false},
		{"", "", true},
	} {
		if Near(tt.a, tt.b) != tt.want || Near(tt.b, tt.a) != tt.want {
			t.Errorf("Near(%q, %q) is not %v both ways", tt.a, tt.b, tt.want)
		}
	}
}

func TestNearest(t *testing.T) {
	rules := []string{"role-path", "sso-role-path", "username-uppercase"}
	for name, want := range map[string]string{
		"role-paht":            "role-path",
		"rolepath":             "role-path",
		"user-name-upper-case": "username-uppercase",
		"sso-path":             "",
		"x":                    "",
	} {
		if got := Nearest(name, rules); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", name, got, want)
		}
	}
}
