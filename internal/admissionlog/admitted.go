package admissionlog

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Unread is the state of a record where the guard let an edit pass of which it could read no more than who writes.
const Unread = ""

// Record is one state that was admitted.
type Record struct {
	// State identifies what the authenticator can read of the map (history.Content.Name); a map that is deleted has one too.
	State     string      `json:"state"`
	Operation string      `json:"operation"`
	User      string      `json:"user"`
	Manager   string      `json:"manager,omitempty"`
	Time      metav1.Time `json:"time"`
	// Unchecked is set where the guard let it pass without a say: its writer is exempt, or the guard could not judge it.
	Unchecked bool `json:"unchecked,omitempty"`
}

// Find returns the latest record of a state.
func Find(cm *corev1.ConfigMap, state string) (found Record, ok bool) {
	for _, value := range cm.Data {
		for _, r := range parse(value) {
			if r.State == state && (!ok || found.Time.Before(&r.Time)) {
				found, ok = r, true
			}
		}
	}
	return found, ok
}

const (
	// keptFor is how long the key of a replica is kept after its last record; its pod may be long gone.
	keptFor = 24 * time.Hour
	// maxKeys bounds the keys, so that the ConfigMap stays far below its limit of 1 MiB.
	maxKeys = 50
)

// Stale lists the keys that may go: those with nothing new for a day, and the oldest over maxKeys.
func Stale(cm *corev1.ConfigMap, now time.Time) []string {
	latest := map[string]time.Time{}
	for key, value := range cm.Data {
		at := time.Time{}
		for _, r := range parse(value) {
			if r.Time.After(at) {
				at = r.Time.Time
			}
		}
		latest[key] = at
	}
	keys := slices.SortedFunc(maps.Keys(latest), func(a, b string) int { return latest[b].Compare(latest[a]) })
	i := 0
	for i < min(len(keys), maxKeys) && now.Sub(latest[keys[i]]) < keptFor {
		i++
	}
	stale := keys[i:]
	slices.Sort(stale)
	return stale
}

// parse reads the value of a key. What can't be read says nothing.
func parse(value string) []Record {
	var records []Record
	if json.Unmarshal([]byte(value), &records) != nil {
		return nil
	}
	return records
}
