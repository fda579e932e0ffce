package permissions

import (
	"slices"
	"testing"
)

// TestARuleThatIsOffTakesItsPermissionsAlong compares renderings: no server is needed for that.
func TestARuleThatIsOffTakesItsPermissionsAlong(t *testing.T) {
	nodes := []string{"cluster list nodes", "cluster list certificatesigningrequests", "cluster list ec2nodeclasses", "cluster list nodeclasses"}
	bindings := []string{"cluster list rolebindings", "cluster list clusterrolebindings"}
	off := func(rule string) string { return "policy.rules." + rule + ".action=off" }
	for name, c := range map[string]struct {
		settings []string
		gone     []string
	}{
		"node-access-lost":                     {[]string{off("node-access-lost")}, nodes},
		"privilege-escalation":                 {[]string{off("privilege-escalation")}, []string{"cluster create subjectaccessreviews"}},
		"group-unbound alone":                  {[]string{off("group-unbound")}, nil},
		"username-uppercase alone":             {[]string{off("username-uppercase")}, nil},
		"group-unbound, username-uppercase":    {[]string{off("group-unbound"), off("username-uppercase")}, bindings},
		"a rule that asks the cluster nothing": {[]string{off("role-path")}, nil},
		"node-access-lost that only warns":     {[]string{"policy.rules.node-access-lost.action=warn"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			all := texts(renderChart(t).permissions(t, webhookAccount))
			left := texts(renderChart(t, c.settings...).permissions(t, webhookAccount))
			gone := slices.DeleteFunc(slices.Clone(all), func(p string) bool { return slices.Contains(left, p) })
			slices.Sort(c.gone)
			if !slices.Equal(gone, c.gone) || len(left) != len(all)-len(gone) {
				t.Errorf("gone %q, want %q; left %q", gone, c.gone, left)
			}
		})
	}
}

// TestWithoutRBACThereIsNone is the setting of those who make roles of their own.
func TestWithoutRBACThereIsNone(t *testing.T) {
	if all := renderChart(t, "rbac.create=false", "certificates.mode=cert-manager").kinds("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"); len(all) > 0 {
		t.Errorf("%d objects", len(all))
	}
}

func texts(all []permission) []string {
	list := make([]string, 0, len(all))
	for _, p := range all {
		list = append(list, p.String())
	}
	slices.Sort(list)
	return list
}
