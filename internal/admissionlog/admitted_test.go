package admissionlog

import (
	"encoding/json"
	"fmt"
	"strconv"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func value(t *testing.T, records ...Record) string {
	t.Helper()
	text, err := json.Marshal(records)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func at(seconds int64) metav1.Time { return metav1.Unix(seconds, 0) }

func TestFindTakesTheLatestOfAllReplicas(t *testing.T) {
	cm := &corev1.ConfigMap{Data: map[string]string{
		"a":       value(t, Record{State: "x", User: "old", Time: at(1)}, Record{State: "y", User: "y", Time: at(5)}),
		"b":       value(t, Record{State: "x", User: "new", Time: at(3)}),
		"garbage": "{",
	}}
	if r, ok := Find(cm, "x"); !ok || r.User != "new" {
		t.Errorf("x: %v %+v", ok, r)
	}
	if r, ok := Find(cm, "z"); ok {
		t.Errorf("z: %+v", r)
	}
}

func TestStaleKeys(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	cm := &corev1.ConfigMap{Data: map[string]string{
		"fresh": value(t, Record{Time: at(now.Unix() - 60)}), "gone": value(t, Record{Time: at(now.Unix() - 90000)}), "garbage": "{",
	}}
	if got := fmt.Sprint(Stale(cm, now)); got != "[garbage gone]" {
		t.Errorf("stale: %s", got)
	}
	for i := range 60 {
		cm.Data["pod"+strconv.Itoa(i)] = value(t, Record{Time: at(now.Unix() - int64(i) - 100)})
	}
	if got := len(cm.Data) - len(Stale(cm, now)); got != maxKeys {
		t.Errorf("%d keys left, want %d", got, maxKeys)
	}
}

func TestALedgerKeepsTheLastStates(t *testing.T) {
	var records []Record
	for i := range 50 {
		records = add(records, Record{State: strconv.Itoa(i)})
	}
	records = add(records, Record{State: "40", User: "again"})
	if len(records) != maxRecords || records[len(records)-1].User != "again" || records[0].State != "30" {
		t.Errorf("%d records, from %q to %+v", len(records), records[0].State, records[len(records)-1])
	}
}
