package follow

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

// Entries are the access entries as a file tells them. No question is asked about them, and no call made. The nil Entries
// know nothing.
type Entries struct {
	file *File[*snapshot.Snapshot]
	// caHash is that of the program's own cluster, "" where it is not known.
	caHash string
}

// NewEntries reads the file of an AccessSnapshot, which may not be there yet; an empty path gives nil. A snapshot counts if
// it is of the cluster that config reaches.
func NewEntries(path string, config *rest.Config, log logr.Logger) *Entries {
	if path == "" {
		return nil
	}
	e := &Entries{}
	var err error
	if e.caHash, err = caHash(config); err != nil {
		log.Error(err, "access entries don't count: it is not known whether a snapshot is of this cluster")
	}
	e.file = Snapshot(path, log)
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

// Run follows the file until ctx ends.
func (e *Entries) Run(ctx context.Context) error {
	if e == nil {
		return nil
	}
	return e.file.Run(ctx)
}

// View is what the snapshot says now, nil where there is none.
func (e *Entries) View(maxAge time.Duration) *snapshot.View {
	if e == nil {
		return nil
	}
	return e.file.Current().At(time.Now(), maxAge).Of(e.caHash)
}

// Generation counts the snapshots that were read.
func (e *Entries) Generation() int64 {
	if e == nil {
		return 0
	}
	return e.file.Generation()
}

// LastError says why the file as it is now can't be read, or is nil. A file that is not there is no error: nobody has taken
// a snapshot yet.
func (e *Entries) LastError() error {
	if e == nil {
		return nil
	}
	if err := e.file.LastError(); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Register adds the metrics of the snapshot. maxAge is how long it counts, as the policy has it now.
func (e *Entries) Register(registry prometheus.Registerer, maxAge func() time.Duration) {
	if e == nil {
		return
	}
	gauge := func(name, help string, value func() float64) {
		registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
	}
	gauge("awsauth_access_snapshot_timestamp_seconds", "When the snapshot of the access entries was taken, in seconds since 1970; 0 while there is none.", func() float64 {
		if s := e.file.Current(); s != nil {
			return float64(s.TakenAt.Unix())
		}
		return 0
	})
	gauge("awsauth_access_snapshot_max_age_seconds", "How long a snapshot of the access entries counts after it was taken (access.maxAge of the policy).", func() float64 {
		return maxAge().Seconds()
	})
	gauge("awsauth_access_snapshot_own_cluster", "1 while there is a snapshot of the access entries of this cluster, 0 while there is none or one of another.", func() float64 {
		s := e.file.Current()
		return oneIf(s != nil && e.caHash != "" && s.Cluster.CAHash == e.caHash)
	})
	gauge("awsauth_access_snapshot_last_reload_successful", "0 while the file of the snapshot can't be read, else 1, also while there is no file.", func() float64 {
		return oneIf(e.LastError() == nil)
	})
}

func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
