package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/aws-auth-guard/aws-auth-guard/internal/aws"
)

// inTime is how long a command may take to ask AWS, unless --timeout says otherwise: 3,000 access entries, the most that a
// cluster may have, are some 9,000 calls.
const inTime = 10 * time.Minute

// awsFlags choose the AWS account and the EKS cluster, and how to reach its API server.
type awsFlags struct {
	cluster, region, profile string
	timeout                  time.Duration
	live                     *clusterFlags
}

func newAWSFlags() awsFlags {
	// --cluster is the name that EKS knows.
	return awsFlags{live: newClusterFlags(func(f *genericclioptions.ConfigFlags) { f.ClusterName = nil })}
}

func (f *awsFlags) register(c *cobra.Command) {
	c.Flags().StringVar(&f.cluster, "cluster", "", "the `name` of the EKS cluster, by default the one that the kubeconfig signs in to")
	c.Flags().StringVar(&f.region, "region", "", "the cluster's `region`, by default that of the kubeconfig or of the AWS configuration")
	c.Flags().StringVar(&f.profile, "profile", "", "the `profile` of the AWS configuration, by default that of the kubeconfig")
	c.Flags().DurationVar(&f.timeout, "timeout", inTime, "how long AWS is asked at most")
	for _, name := range []string{"cluster", "region", "profile", "timeout"} {
		completeFlagBy(c, name, cobra.NoFileCompletions)
	}
}

// check takes the names that were not given from how the kubeconfig signs in.
func (f *awsFlags) check() error {
	if l, err := loginOf(f.live); err == nil && (f.cluster == "" || f.cluster == l.Cluster) {
		f.cluster, f.region, f.profile = cmp.Or(f.cluster, l.Cluster), cmp.Or(f.region, l.Region), cmp.Or(f.profile, l.Profile)
	}
	return (&planFlags{cluster: f.cluster, region: f.region}).check()
}

// reader makes the clients.
func (f *awsFlags) reader(ctx context.Context, p *progress) (*aws.Applier, error) {
	asks, people, err := aws.Connect(ctx, aws.Settings{Region: f.region, Profile: f.profile})
	if err != nil {
		return nil, err
	}
	return &aws.Applier{Reader: &aws.Reader{EKS: asks, IAM: people, Now: time.Now, Progress: p.step}, Maker: asks, Wait: wait}, nil
}

// wait waits, but no longer than ctx.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// late says of an error that the time was over, where it was.
func (f *awsFlags) late(ctx context.Context, err error) error {
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("AWS did not answer all within %s: give more time with --timeout", f.timeout)
	}
	return err
}
