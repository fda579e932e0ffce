package chart

import (
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/test/chart/render"
)

// TestNull: null takes a default away. A text or a number that the guard can't do without is refused then, with its name, and never
// left to what Kubernetes makes of nothing.
func TestNull(t *testing.T) {
	// What Kubernetes knows a good default for, or what may be empty.
	free := map[string]bool{
		"image.registry": true, "image.pullPolicy": true, "revisionHistoryLimit": true, "webhook.priorityClassName": true,
		"webhook.podAntiAffinity": true, "auditor.podAntiAffinity": true, "webhook.preStopSleepSeconds": true,
	}
	special, refused := changes(), 0
	for _, leaf := range readValues(t).Leaves() {
		switch d := leaf.Default.(type) {
		case string:
			if d == "" {
				continue
			}
		case int, int64, uint64, float64:
		default:
			continue
		}
		if free[leaf.Path] {
			continue
		}
		_, err := render.Chart(root, render.Options{Set: append(special[leaf.Path].with, leaf.Path+"=null")})
		if err == nil || !strings.Contains(err.Error(), leaf.Path+" is null") {
			t.Errorf("%s=null: %v", leaf.Path, err)
			continue
		}
		refused++
	}
	if refused < 25 {
		t.Errorf("only %d values are refused", refused)
	}
}
