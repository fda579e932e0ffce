package history

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// recent is how old a write may be that is taken for the one that was just seen, where one manager has written twice in a
// second: the API server notes writes by the second.
const recent = 2 * time.Second

// maxWriters bounds the writers that are kept, the latest: anybody may apply under as many names as they like.
const maxWriters = 100

// dataWriters are those who own something of data or binaryData, each as TIME MANAGER.
func dataWriters(cm *corev1.ConfigMap) []string {
	var writers []string
	for i := range cm.ManagedFields {
		entry := &cm.ManagedFields[i]
		if entry.Time != nil && entry.Subresource == "" && ownsData(entry) {
			writers = append(writers, stamp(entry.Time.Time)+" "+entry.Manager)
		}
	}
	slices.Sort(writers)
	return writers[max(0, len(writers)-maxWriters):]
}

// lastWrite says who wrote the state and when: whoever was not there, or not at that time, in the state before. The
// manager is empty if unknown: a write that only removes leaves no mark, and two writes may have come
// between two looks.
func lastWrite(writers []string, previous *Revision, now time.Time) (manager string, at time.Time) {
	fresh := writers
	if previous != nil {
		fresh = slices.DeleteFunc(slices.Clone(writers), func(w string) bool { return slices.Contains(previous.writers, w) })
	}
	if len(fresh) == 0 && len(writers) > 0 {
		if t, _ := split(writers[len(writers)-1]); now.Sub(t) <= recent {
			fresh = writers
		}
	}
	if len(fresh) == 0 {
		return "", now
	}
	at, manager = split(fresh[len(fresh)-1])
	if len(fresh) > 1 {
		if before, _ := split(fresh[len(fresh)-2]); before.Equal(at) {
			return "", at
		}
	}
	return manager, at
}

func split(writer string) (time.Time, string) {
	at, manager, _ := strings.Cut(writer, " ")
	return parseStamp(at), manager
}

// ownsData reports whether the writer wrote something of data or binaryData.
func ownsData(entry *metav1.ManagedFieldsEntry) bool {
	if entry.FieldsV1 == nil {
		return false
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(entry.FieldsV1.GetRawBytes(), &fields); err != nil {
		return false
	}
	return fields["f:data"] != nil || fields["f:binaryData"] != nil
}
