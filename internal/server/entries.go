package server

import (
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/internal/follow"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

// entries are the access entries as a file tells them. No question is asked about them, and no call made.
type entries struct {
	file *follow.File[*snapshot.Snapshot]
	// caHash is that of the guard's own cluster, "" where it is not known.
	caHash string
}

// newEntries follows the file of the snapshot, nil where there is none.
func newEntries(config *Config, log logr.Logger) *entries {
	if config.AccessSnapshot == "" {
		return nil
	}
	e := &entries{}
	var err error
	if e.caHash, err = caHash(config.Cluster); err != nil {
		log.Error(err, "access entries don't count: it is not known whether a snapshot is of this cluster")
	}
	e.file = follow.Snapshot(config.AccessSnapshot, log)
	return e
}

func caHash(config *rest.Config) (string, error) {
	if config == nil {
		return "", nil
	}
	config = rest.CopyConfig(config)
	if err := rest.LoadTLSFiles(config); err != nil {
		return "", err
	}
	return snapshot.HashCA(config.CAData)
}

// view is what the snapshot says now, nil where there is none.
func (e *entries) view(maxAge time.Duration) *snapshot.View {
	return e.file.Current().At(time.Now(), maxAge).Of(e.caHash)
}

func (e *entries) register(registry *prometheus.Registry) {
	registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "awsauth_access_snapshot_timestamp_seconds", Help: "When the snapshot of the access entries was taken, in seconds since 1970; 0 while there is none.",
		}, func() float64 {
			if s := e.file.Current(); s != nil {
				return float64(s.TakenAt.Unix())
			}
			return 0
		}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "awsauth_access_snapshot_own_cluster", Help: "1 while there is a snapshot of the access entries of this cluster, 0 while there is none or one of another.",
		}, func() float64 {
			if s := e.file.Current(); s != nil && e.caHash != "" && s.Cluster.CAHash == e.caHash {
				return 1
			}
			return 0
		}),
	)
}
