package aws

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	api "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"golang.org/x/sync/errgroup"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/iam"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// ssoRoles is where IAM Identity Center keeps its roles, and perPage how many IAM lists at once at most.
const (
	ssoRoles = "/aws-reserved/sso.amazonaws.com/"
	perPage  = 1000
)

// Account asks IAM about those roles and users that are of the account of caller, an ARN. IAM tells of no other account. What a
// call does not tell is not known, and the account says why.
func (r *Reader) Account(ctx context.Context, caller string, all []arn.Principal) (*iam.Account, error) {
	own, err := arn.Parse(caller)
	if err != nil || !arn.IsAccountID(own.Account) {
		return nil, fmt.Errorf("STS names no account for you, but says %s", text.Name(caller))
	}
	a := &asker{Reader: r, account: iam.Asked(own.Partition, own.Account, r.Now())}
	var group errgroup.Group
	group.SetLimit(parallel)
	var done atomic.Int32
	for i := range all {
		p := &all[i]
		if !a.account.Holds(p) {
			continue
		}
		group.Go(func() error {
			a.principal(ctx, p)
			r.tell(fmt.Sprintf("IAM, %d of %d", done.Add(1), len(all)))
			return nil
		})
	}
	_ = group.Wait() // What goes wrong is in the account.
	if a.again {
		a.permissionSets(ctx)
	}
	return a.account, nil
}

// asker asks IAM about one account.
type asker struct {
	*Reader

	mu      sync.Mutex
	account *iam.Account
	// again is set where a role of a permission set is not there: the set may have another one now.
	again bool
	// broken says why nothing more is asked: IAM does not answer.
	broken error
}

// principal asks about a role or a user. What may not be asked of one, may be of another.
func (a *asker) principal(ctx context.Context, p *arn.Principal) {
	a.mu.Lock()
	err := a.broken
	a.mu.Unlock()
	var found *iam.Answer
	if err == nil {
		found, err = a.answer(ctx, p)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case is(err, noEntity):
		a.account.Lacks(p)
		a.again = a.again || iam.PermissionSet(p) != ""
		return
	case err == nil:
		if err = a.account.Has(p.Kind, found); err == nil {
			return
		}
	case !is(err, denied) && !is(err, invalid):
		a.broken = err
	}
	call := "iam:GetRole"
	if p.Kind == arn.User {
		call = "iam:GetUser"
	}
	a.account.TellsNot(p, plain(call, err).Error())
}

func (a *asker) answer(ctx context.Context, p *arn.Principal) (*iam.Answer, error) {
	if p.Kind == arn.User {
		out, err := a.IAM.GetUser(ctx, &api.GetUserInput{UserName: &p.Name})
		if err != nil {
			return nil, err
		}
		if out.User == nil {
			return nil, errNothing
		}
		return &iam.Answer{ARN: sdk.ToString(out.User.Arn), ID: sdk.ToString(out.User.UserId), Created: sdk.ToTime(out.User.CreateDate)}, nil
	}
	out, err := a.IAM.GetRole(ctx, &api.GetRoleInput{RoleName: &p.Name})
	if err != nil {
		return nil, err
	}
	if out.Role == nil {
		return nil, errNothing
	}
	return roleAnswer(out.Role), nil
}

// errNothing says that an answer is empty.
var errNothing = errors.New("IAM says nothing")

func roleAnswer(r *types.Role) *iam.Answer {
	answer := &iam.Answer{ARN: sdk.ToString(r.Arn), ID: sdk.ToString(r.RoleId), Created: sdk.ToTime(r.CreateDate), Trust: sdk.ToString(r.AssumeRolePolicyDocument)}
	if used := r.RoleLastUsed; used != nil {
		answer.Use = &iam.Use{At: sdk.ToTime(used.LastUsedDate), Region: sdk.ToString(used.Region)}
	}
	return answer
}

// permissionSets lists the roles of IAM Identity Center.
func (a *asker) permissionSets(ctx context.Context) {
	if a.broken != nil {
		a.account.ListsNot(plain("iam:ListRoles", a.broken).Error())
		return
	}
	a.tell("the roles of IAM Identity Center")
	prefix, most := ssoRoles, int32(perPage)
	cut := false
	pages := api.NewListRolesPaginator(a.IAM, &api.ListRolesInput{PathPrefix: &prefix, MaxItems: &most},
		func(o *api.ListRolesPaginatorOptions) { o.StopOnDuplicateToken = true })
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			a.account.ListsNot(plain("iam:ListRoles", err).Error())
			return
		}
		for i := range page.Roles {
			if err := a.account.Has(arn.Role, roleAnswer(&page.Roles[i])); err != nil {
				a.account.ListsNot(plain("iam:ListRoles", err).Error())
				return
			}
		}
		cut = page.IsTruncated
	}
	if cut {
		a.account.ListsNot("iam:ListRoles: " + errStuck.Error())
	}
}
