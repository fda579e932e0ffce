package admission

import (
	"bytes"
	"encoding/json"

	corev1 "k8s.io/api/core/v1"

	"github.com/aws-auth-guard/aws-auth-guard/internal/recent"
)

const (
	// maxObjects are remembered, of no more than maxObjectBytes of JSON in all.
	maxObjects     = 4
	maxObjectBytes = 512 << 10
)

// Objects decodes ConfigMaps and remembers the last ones: both webhooks are asked about each edit, mostly with the same
// two. It may be used by many at once. What it gives must not be changed. A nil Objects remembers nothing.
type Objects struct {
	held recent.Values[decoded]
}

// decoded is one ConfigMap and the JSON that it was decoded from.
type decoded struct {
	raw    []byte
	object *corev1.ConfigMap
}

// NewObjects makes Objects that remember nothing yet.
func NewObjects() *Objects {
	return &Objects{held: recent.Values[decoded]{Max: maxObjects, MaxBytes: maxObjectBytes}}
}

func (o *Objects) decode(raw []byte) (*corev1.ConfigMap, error) {
	if o != nil {
		if d, ok := o.held.Find(func(d decoded) bool { return bytes.Equal(d.raw, raw) }); ok {
			return d.object, nil
		}
	}
	c := &corev1.ConfigMap{}
	if err := json.Unmarshal(raw, c); err != nil {
		return nil, err
	}
	if o != nil && o.held.Fits(len(raw)) {
		o.held.Add(decoded{bytes.Clone(raw), c}, len(raw))
	}
	return c, nil
}
