package follow

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr/testr"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

// TestEntries tells the story of a file: it is not there, comes, breaks, and is of another cluster.
func TestEntries(t *testing.T) {
	ca := []byte("-----BEGIN CERTIFICATE-----\nb3du\n-----END CERTIFICATE-----\n")
	own, err := snapshot.HashCA(ca)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "snapshot")
	e := NewEntries(path, &rest.Config{TLSClientConfig: rest.TLSClientConfig{CAData: ca}}, testr.New(t))
	registry := prometheus.NewRegistry()
	maxAge := time.Hour
	e.Register(registry, func() time.Duration { return maxAge })
	write := func(hash string) string {
		s := &snapshot.Snapshot{
			APIVersion: snapshot.APIVersion, Kind: snapshot.Kind, TakenAt: time.Now().Add(-time.Minute), Entries: []snapshot.Entry{},
			Cluster: snapshot.Cluster{Name: "blue", ARN: "arn:aws:eks:eu-west-1:111122223333:cluster/blue", AuthenticationMode: snapshot.Both, CAHash: hash},
		}
		packed, err := s.Compress()
		if err != nil {
			t.Fatal(err)
		}
		return string(packed)
	}
	for _, step := range []struct {
		name, text string
		mode       snapshot.Mode
		foreign    bool
		wrong      string
		metrics    string
	}{
		{name: "not there", metrics: "0 1"},
		{name: "good", text: write(own), mode: snapshot.Both, metrics: "1 1"},
		{name: "cut off", text: write(own)[:60], wrong: "packed by gzip, and damaged or cut off", metrics: "0 0"},
		{name: "of another cluster", text: write("sha256:" + strings.Repeat("0", 64)), foreign: true, metrics: "0 1"},
		{name: "good again", text: write(own), mode: snapshot.Both, metrics: "1 1"},
	} {
		if step.text != "" {
			if err := os.WriteFile(path, []byte(step.text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		e.file.Reload()
		v, err := e.View(time.Hour), e.LastError()
		if v.Mode() != step.mode || v.Foreign() != step.foreign {
			t.Errorf("%s: mode %q, foreign %v", step.name, v.Mode(), v.Foreign())
		}
		if (err == nil) != (step.wrong == "") || err != nil && !strings.Contains(err.Error(), step.wrong) {
			t.Errorf("%s: error %v", step.name, err)
		}
		ownCluster, reload, _ := strings.Cut(step.metrics, " ")
		for name, want := range map[string]string{"awsauth_access_snapshot_own_cluster": ownCluster, "awsauth_access_snapshot_last_reload_successful": reload} {
			if got := value(t, registry, name); got != want {
				t.Errorf("%s: %s is %s, want %s", step.name, name, got, want)
			}
		}
	}
	maxAge = 90 * time.Minute // Another policy.
	if got := value(t, registry, "awsauth_access_snapshot_max_age_seconds"); got != "5400" {
		t.Errorf("a snapshot counts for %s seconds", got)
	}
	var none *Entries
	if none.View(time.Hour) != nil || none.LastError() != nil || none.Generation() != 0 || NewEntries("", nil, testr.New(t)) != nil {
		t.Error("without a file something is known")
	}
}

// value is that of a gauge.
func value(t *testing.T, registry *prometheus.Registry, name string) string {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return strconv.FormatFloat(f.GetMetric()[0].GetGauge().GetValue(), 'f', -1, 64)
		}
	}
	return "not there"
}
