package aws

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	"golang.org/x/sync/errgroup"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// parallel is how many access entries are asked for at once. EKS does not say how many requests it serves in a second; what it
// refuses the SDK tries again, more slowly.
const parallel = 8

// Reader takes snapshots.
type Reader struct {
	EKS EKS
	IAM IAM
	// Now is the clock.
	Now func() time.Time
	// Progress gets what is read next; it may be nil.
	Progress func(what string)
}

// Snapshot reads the access entries of a cluster, all of them or none: an error says which call failed. The notes tell of
// principals that IAM did not tell of, whose access entries count for nothing then.
func (r *Reader) Snapshot(ctx context.Context, name string) (*snapshot.Snapshot, []string, error) {
	// Its age counts from the first call on.
	s := &snapshot.Snapshot{
		APIVersion: snapshot.APIVersion, Kind: snapshot.Kind, TakenAt: r.Now().UTC().Truncate(time.Second), Entries: []snapshot.Entry{},
	}
	r.tell("the cluster from EKS")
	var err error
	if s.Cluster, err = r.cluster(ctx, name); err != nil {
		return nil, nil, err
	}
	if s.Cluster.AuthenticationMode == snapshot.ConfigMap {
		return s, nil, s.Check() // EKS answers no call about access entries then.
	}
	arns, err := r.list(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	people := &people{IAM: r.IAM, account: s.Cluster.Account()}
	found := make([]*snapshot.Entry, len(arns))
	group, inTime := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	var mu sync.Mutex
	done := 0
	for i, principal := range arns {
		group.Go(func() error {
			e, err := r.entry(inTime, name, principal)
			switch {
			case errors.Is(err, errGone):
				err = nil
			case err == nil:
				err = people.date(inTime, e)
			}
			found[i] = e
			mu.Lock()
			defer mu.Unlock()
			done++
			r.tell(fmt.Sprintf("access entries, %d of %d", done, len(arns)))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	for _, e := range found {
		if e != nil {
			s.Entries = append(s.Entries, *e)
		}
	}
	return s, append(people.notes(), snapshot.Undated(s.Entries)...), s.Check()
}

func (r *Reader) tell(what string) {
	if r.Progress != nil {
		r.Progress(what)
	}
}

func (r *Reader) cluster(ctx context.Context, name string) (snapshot.Cluster, error) {
	out, err := r.EKS.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: &name})
	switch {
	case is(err, missing):
		return snapshot.Cluster{}, fmt.Errorf("EKS knows no cluster %s in this account and region: give --cluster, --region and --profile",
			text.Name(name))
	case err != nil:
		return snapshot.Cluster{}, plain("eks:DescribeCluster", err)
	case out.Cluster == nil || out.Cluster.AccessConfig == nil || out.Cluster.AccessConfig.AuthenticationMode == "":
		return snapshot.Cluster{}, fmt.Errorf("EKS does not say the authentication mode of the cluster %s", text.Name(name))
	}
	c := snapshot.Cluster{
		Name: sdk.ToString(out.Cluster.Name), ARN: sdk.ToString(out.Cluster.Arn),
		AuthenticationMode: snapshot.Mode(out.Cluster.AccessConfig.AuthenticationMode),
	}
	if authority := out.Cluster.CertificateAuthority; authority != nil {
		c.CAHash, err = snapshot.HashOfData(sdk.ToString(authority.Data))
	}
	return c, err
}

// list gives the ARNs of all access entries.
func (r *Reader) list(ctx context.Context, name string) ([]string, error) {
	r.tell("the list of access entries")
	var all []string
	var next *string
	pages := eks.NewListAccessEntriesPaginator(r.EKS, &eks.ListAccessEntriesInput{ClusterName: &name},
		func(o *eks.ListAccessEntriesPaginatorOptions) { o.StopOnDuplicateToken = true })
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, plain("eks:ListAccessEntries", err)
		}
		all, next = append(all, page.AccessEntries...), page.NextToken
	}
	if sdk.ToString(next) != "" {
		return nil, errStuck
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// errStuck says that a list does not come to its end: the SDK stops where a token comes back.
var errStuck = errors.New("AWS gives the same page of a list again and again, so the list is not whole")

// errGone says that there is no such access entry: it was deleted after it was listed, or EKS does not know it yet.
var errGone = errors.New("EKS has no such access entry")

// entry reads one access entry. The error is errGone where there is none.
func (r *Reader) entry(ctx context.Context, name, principal string) (*snapshot.Entry, error) {
	out, err := r.EKS.DescribeAccessEntry(ctx, &eks.DescribeAccessEntryInput{ClusterName: &name, PrincipalArn: &principal})
	switch {
	case is(err, missing):
		return nil, errGone
	case err != nil:
		return nil, plain("eks:DescribeAccessEntry", err)
	case out.AccessEntry == nil || out.AccessEntry.CreatedAt == nil:
		return nil, fmt.Errorf("EKS does not say when the access entry of %s was created", text.Name(principal))
	}
	from := out.AccessEntry
	e := &snapshot.Entry{
		PrincipalARN: sdk.ToString(from.PrincipalArn), Type: snapshot.Type(sdk.ToString(from.Type)),
		Username: sdk.ToString(from.Username), Groups: from.KubernetesGroups, CreatedAt: from.CreatedAt.UTC(),
	}
	in := &eks.ListAssociatedAccessPoliciesInput{ClusterName: &name, PrincipalArn: &principal}
	var next *string
	pages := eks.NewListAssociatedAccessPoliciesPaginator(r.EKS, in,
		func(o *eks.ListAssociatedAccessPoliciesPaginatorOptions) { o.StopOnDuplicateToken = true })
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		switch {
		case is(err, missing):
			return nil, errGone
		case e.Type != snapshot.Standard && (is(err, badRequest) || is(err, badValue)):
			return e, nil // Node entries take no policies, and EKS may refuse the question.
		case err != nil:
			return nil, plain("eks:ListAssociatedAccessPolicies", err)
		}
		for i := range page.AssociatedAccessPolicies {
			policy, err := policyOf(&page.AssociatedAccessPolicies[i])
			if err != nil {
				return nil, fmt.Errorf("the access entry of %s: %w", text.Name(principal), err)
			}
			e.Policies = append(e.Policies, policy)
		}
		next = page.NextToken
	}
	if sdk.ToString(next) != "" {
		return nil, errStuck
	}
	return e, nil
}

func policyOf(a *ekstypes.AssociatedAccessPolicy) (snapshot.Policy, error) {
	if a.AccessScope == nil {
		return snapshot.Policy{}, errors.New("EKS does not say the scope of an access policy")
	}
	return snapshot.Policy{
		ARN:   sdk.ToString(a.PolicyArn),
		Scope: snapshot.Scope{Type: string(a.AccessScope.Type), Namespaces: a.AccessScope.Namespaces},
	}, nil
}
