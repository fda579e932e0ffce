package chart

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/test/chart/render"
	"github.com/aws-auth-guard/aws-auth-guard/test/chart/values"
)

// change is another value than the default, and what else must be set for it to matter.
type change struct {
	to   any
	with []string
}

// changes are for the values that need more than another value of their type.
func changes() map[string]change {
	const on = "auditor.report."
	object := []any{map[string]any{"name": "x"}}
	fail := []string{"webhook.breakGlass.users={jane}"}
	certManager := []string{"certificates.mode=cert-manager"}
	existing := []string{"certificates.mode=existing", "certificates.existing.secretName=a", "certificates.existing.caBundle=-----BEGIN CERTIFICATE-----"}
	all := map[string]change{
		"imagePullSecrets":                       {to: object},
		"image.pullPolicy":                       {to: "Always"},
		"image.digest":                           {to: "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
		"policy.profile":                         {to: "audit"},
		"policy.rules":                           {to: map[string]any{"role-path": map[string]any{"action": "deny"}}},
		"webhook.failurePolicy.mutating":         {to: "Fail", with: fail},
		"webhook.failurePolicy.validating":       {to: "Fail", with: fail},
		"webhook.metricsPort":                    {to: 18080},
		"auditor.metricsPort":                    {to: 18080},
		"webhook.dnsPolicy":                      {to: "Default"},
		"webhook.terminationGracePeriodSeconds":  {to: 61},
		"webhook.preStopSleepSeconds":            {to: 1},
		"webhook.podAntiAffinity":                {to: "hard"},
		"webhook.serviceAccount.create":          {to: false, with: []string{"webhook.serviceAccount.name=x"}},
		"webhook.service.ipFamilyPolicy":         {to: "SingleStack"},
		"webhook.topologySpreadConstraints":      {to: []any{map[string]any{"maxSkew": 2}}},
		"certificates.mode":                      {to: "cert-manager"},
		"rbac.create":                            {to: false, with: certManager},
		"certificates.certManager.issuerRef":     {to: map[string]any{"name": "x"}, with: certManager},
		"certificates.certManager.duration":      {to: "2161h", with: certManager},
		"certificates.certManager.renewBefore":   {to: "721h", with: certManager},
		"certificates.certManager.caDuration":    {to: "43801h", with: certManager},
		"certificates.certManager.caRenewBefore": {to: "8761h", with: certManager},
		"certificates.existing.secretName":       {to: "b", with: existing},
		"certificates.existing.caBundle":         {to: "-----BEGIN CERTIFICATE-----\nb", with: existing},
		"auditor.interval":                       {to: "11m"},
		"auditor.autoRestore.gracePeriod":        {to: "3m", with: []string{"auditor.autoRestore.enabled=true"}},
		on + "api":                               {to: "none"},
		on + "schedule":                          {to: "0 6 * * *"},
		on + "format":                            {to: "sarif", with: []string{on + "schedule=@daily"}},
		"auditor.podAntiAffinity":                {to: "hard"},
		"auditor.topologySpreadConstraints":      {to: []any{map[string]any{"maxSkew": 2}}},
		"auditor.serviceAccount.create":          {to: false, with: []string{"auditor.serviceAccount.name=x"}},
		"networkPolicy.apiServerPorts":           {to: []any{443}},
		"monitoring.serviceMonitor.interval":     {to: "30s", with: []string{"monitoring.serviceMonitor.enabled=true"}},
		"monitoring.serviceMonitor.labels":       {to: map[string]any{"a": "b"}, with: []string{"monitoring.serviceMonitor.enabled=true"}},
		"monitoring.podMonitor.interval":         {to: "30s", with: []string{"monitoring.podMonitor.enabled=true"}},
		"monitoring.podMonitor.labels":           {to: map[string]any{"a": "b"}, with: []string{"monitoring.podMonitor.enabled=true"}},
		"logLevel":                               {to: "debug"},
		"monitoring.prometheusRule.labels":       {to: map[string]any{"a": "b"}, with: []string{"monitoring.prometheusRule.enabled=true"}},
		"monitoring.dashboard.labels":            {to: map[string]any{"a": "b"}, with: []string{"monitoring.dashboard.enabled=true"}},
		"monitoring.dashboard.annotations":       {to: map[string]any{"a": "b"}, with: []string{"monitoring.dashboard.enabled=true"}},
		"extraObjects":                           {to: []any{map[string]any{"kind": "ConfigMap", "apiVersion": "v1"}}},
		"policy.access.maxAge":                   {to: "2h"},
	}
	for _, monitor := range []string{"monitoring.serviceMonitor", "monitoring.podMonitor"} {
		on := []string{monitor + ".enabled=true"}
		all[monitor+".namespace"] = change{to: "x", with: on}
		all[monitor+".relabelings"], all[monitor+".metricRelabelings"] = change{to: object, with: on}, change{to: object, with: on}
	}
	// Snapshots are off by default.
	snapshots := []string{"accessSnapshot.enabled=true", "accessSnapshot.cluster=blue", "accessSnapshot.region=eu-west-1"}
	all["accessSnapshot.enabled"] = change{to: true, with: snapshots[1:]}
	all["accessSnapshot.serviceAccount.create"] = change{to: false, with: append(slices.Clone(snapshots), "accessSnapshot.serviceAccount.name=x")}
	for name, to := range map[string]any{
		"cluster": "green", "region": "eu-west-2", "schedule": "@hourly", "extraArgs": []any{"x"}, "extraEnv": object, "extraVolumes": object, "extraVolumeMounts": object, "resources": map[string]any{"a": "b"},
		"nodeSelector": map[string]any{"a": "b"}, "tolerations": []any{}, "podSecurityContext": map[string]any{"a": "b"}, "securityContext": map[string]any{"a": "b"},
		"podLabels": map[string]any{"a": "b"}, "podAnnotations": map[string]any{"a": "b"}, "serviceAccount.name": "x", "serviceAccount.annotations": map[string]any{"a": "b"},
	} {
		all["accessSnapshot."+name] = change{to: to, with: snapshots}
	}
	return all
}

// another is a value of the type of a default that differs from it.
func another(t *testing.T, v *values.Value) any {
	t.Helper()
	switch d := v.Default.(type) {
	case bool:
		return !d
	case int:
		return d + 1
	case string:
		return d + "x"
	case []any:
		if len(d) > 0 {
			if _, ok := d[0].(map[string]any); ok {
				return []any{}
			}
		}
		return append(d, "x")
	case map[string]any:
		return map[string]any{"a": "b"}
	}
	t.Fatalf("%s: a default of the type %T", v.Path, v.Default)
	return nil
}

// TestEveryValueCounts changes each value by itself and wants the chart to render to something else. Only two are for umbrella charts.
func TestEveryValueCounts(t *testing.T) {
	special := changes()
	leaves := readValues(t).Leaves()
	if len(leaves) < 100 {
		t.Fatalf("only %d values", len(leaves))
	}
	for _, leaf := range leaves {
		c, ok := special[leaf.Path]
		delete(special, leaf.Path)
		if !ok {
			c.to = another(t, leaf)
		}
		if list, ok := c.to.([]any); ok && len(list) > 0 && list[len(list)-1] == "x" && refusal(t, under(leaf.Path, c.to)) != "" {
			c.to = []any{map[string]any{"name": "x"}}
		}
		to, err := json.Marshal(c.to)
		if err != nil {
			t.Fatal(err)
		}
		before := rendered(t, render.Options{Set: c.with})
		// What --set says wins over --set-json.
		with := slices.DeleteFunc(slices.Clone(c.with), func(s string) bool { return strings.HasPrefix(s, leaf.Path+"=") })
		after, err := render.Chart(root, render.Options{Set: with, SetJSON: []string{leaf.Path + "=" + string(to)}})
		if err != nil {
			t.Errorf("%s=%s: %v", leaf.Path, to, err)
			continue
		}
		if same := before.Documents() == after.Documents(); same != (leaf.Path == "global" || leaf.Path == "enabled") {
			t.Errorf("%s=%s: the chart renders to the same: %v", leaf.Path, to, same)
		}
	}
	for path := range special {
		t.Errorf("%s is no value", path)
	}
}
