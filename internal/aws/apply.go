package aws

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/smithy-go"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/accessentry"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// settled bounds how long EKS is asked again for an access entry that it has just created: for some seconds it may say that
// there is none (hashicorp/terraform-provider-aws#35728).
const settled = 30 * time.Second

// Applier makes the access entries of a plan that are missing.
type Applier struct {
	*Reader
	Maker Maker
	// Wait waits; Wait(ctx, d) fails where ctx ends before.
	Wait func(ctx context.Context, d time.Duration) error
}

// ErrStop says that the steps after this one would fail too, or must not be made.
var ErrStop = errors.New("nothing more was made")

// Do carries out one step that makes something. What is there already is as good as made. An error that is ErrStop ends the
// steps; after any other one the rest can be made.
func (a *Applier) Do(ctx context.Context, cluster string, s *accessentry.Step) error {
	e := s.Item.Entry
	if s.Action == accessentry.Create {
		if err := a.create(ctx, cluster, e); err != nil {
			return err
		}
	}
	if e.Policy == "" {
		return nil
	}
	err := a.patiently(ctx, func() error {
		_, err := a.Maker.AssociateAccessPolicy(ctx, &eks.AssociateAccessPolicyInput{
			ClusterName: &cluster, PrincipalArn: &e.PrincipalARN, PolicyArn: &e.Policy,
			AccessScope: &ekstypes.AccessScope{Type: ekstypes.AccessScopeTypeCluster},
		})
		return err
	})
	if err != nil {
		// Its entry wins over its mapping already, and gives less.
		return fmt.Errorf("%w; the access entry of %s is there without its policy, so it has FEWER RIGHTS than by its mapping. "+
			"Run this again, or go back to the mapping: aws eks delete-access-entry --cluster-name %s --principal-arn %s; %w",
			plain("eks:AssociateAccessPolicy", err), text.Name(e.PrincipalARN), cluster, text.Name(e.PrincipalARN), ErrStop)
	}
	return nil
}

func (a *Applier) create(ctx context.Context, cluster string, e *accessentry.Entry) error {
	kind := string(e.Type)
	in := &eks.CreateAccessEntryInput{ClusterName: &cluster, PrincipalArn: &e.PrincipalARN, Type: &kind}
	if e.Type == snapshot.Standard {
		in.KubernetesGroups = append([]string{}, e.Groups...)
		if e.Username != "" {
			in.Username = &e.Username
		}
	}
	_, err := a.Maker.CreateAccessEntry(ctx, in)
	_, answered := errors.AsType[smithy.APIError](err)
	switch {
	case err == nil:
		return nil
	case is(err, inUse): // Made by an attempt whose answer got lost, by somebody else, or by EKS for its own nodes.
		return a.compare(ctx, cluster, e)
	case is(err, badValue) && strings.Contains(err.Error(), "invalid principal"):
		return fmt.Errorf("EKS knows no %s: if it is gone, remove its mapping", text.Name(e.PrincipalARN))
	case is(err, badValue):
		return plain("eks:CreateAccessEntry", err)
	case is(err, denied), is(err, limit), is(err, badRequest), is(err, missing), !answered:
		return fmt.Errorf("%w; %w", plain("eks:CreateAccessEntry", err), ErrStop)
	}
	return plain("eks:CreateAccessEntry", err)
}

// compare holds the entry that is there against the planned one.
func (a *Applier) compare(ctx context.Context, cluster string, e *accessentry.Entry) error {
	var there *snapshot.Entry
	err := a.patiently(ctx, func() error {
		var err error
		there, err = a.entry(ctx, cluster, e.PrincipalARN)
		return err
	})
	switch {
	case errors.Is(err, errGone):
		return fmt.Errorf("EKS says of the access entry of %s that it is there and that it is not: run this again",
			text.Name(e.PrincipalARN))
	case err != nil:
		return err
	}
	if same, _ := e.Is(there); !same {
		return fmt.Errorf("somebody has made another access entry for %s meanwhile: it stays as it is", text.Name(e.PrincipalARN))
	}
	return nil
}

// patiently tries again, ever more slowly, while EKS does not know of an entry that it has just created.
func (a *Applier) patiently(ctx context.Context, try func() error) error {
	for wait, waited := time.Second/2, time.Duration(0); ; wait *= 2 {
		err := try()
		if !errors.Is(err, errGone) && !is(err, missing) || waited >= settled {
			return err
		}
		if err := a.Wait(ctx, wait); err != nil {
			return err
		}
		waited += wait
	}
}

// Resolve completes a plan with the ARNs that IAM has for roles and users of an account. The notes say what IAM does not tell.
func (r *Reader) Resolve(ctx context.Context, plan *accessentry.Plan, account string) (*accessentry.Plan, []string, error) {
	r.tell("the roles from IAM")
	people := &people{IAM: r.IAM, account: account}
	resolved, err := plan.Resolve(func(p arn.Principal) (string, error) {
		if p.Account != account || p.Kind != arn.Role && p.Kind != arn.User {
			return "", accessentry.ErrNotTold
		}
		found, _, err := people.find(ctx, p.Kind, p.Name)
		if errors.Is(err, errRefused) {
			err = accessentry.ErrNotTold
		}
		return found, err
	})
	return resolved, people.notes(), err
}
