package aws

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// people asks IAM about roles and users of the caller's account, which is the cluster's. It may be used by many at once.
type people struct {
	IAM
	account string

	mu sync.Mutex
	// refused are the calls that IAM does not allow, with its words: the rest need not be asked.
	refused map[string]string
	foreign []string
}

// errRefused says that IAM does not allow the call.
var errRefused = errors.New("IAM does not allow it")

// date says when the principal of an entry was created, or that it is gone, as far as IAM tells.
func (p *people) date(ctx context.Context, e *snapshot.Entry) error {
	principal, err := e.Principal()
	if err != nil || principal.Kind != arn.Role && principal.Kind != arn.User {
		return nil //nolint:nilerr // The root user, or what the snapshot refuses.
	}
	if principal.Account != p.account {
		p.mu.Lock()
		p.foreign = append(p.foreign, e.PrincipalARN)
		p.mu.Unlock()
		return nil
	}
	found, created, err := p.find(ctx, principal.Kind, principal.Name)
	switch {
	case errors.Is(err, errRefused):
		return nil
	case err != nil:
		return err
	case found == "" || arn.Fold(found) != arn.Fold(e.PrincipalARN): // Another path under the same name is another principal.
		e.PrincipalGone = true
	default:
		e.PrincipalCreatedAt = created
	}
	return nil
}

// find gives the ARN of a role or a user and when it was created; "" where there is none.
func (p *people) find(ctx context.Context, kind arn.Kind, name string) (string, *time.Time, error) {
	call, ask := "iam:GetRole", p.role
	if kind == arn.User {
		call, ask = "iam:GetUser", p.user
	}
	p.mu.Lock()
	_, refused := p.refused[call]
	p.mu.Unlock()
	if refused {
		return "", nil, errRefused
	}
	found, created, err := ask(ctx, name)
	switch {
	case is(err, noEntity):
		return "", nil, nil
	case is(err, denied):
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.refused == nil {
			p.refused = map[string]string{}
		}
		p.refused[call] = plain(call, err).Error()
		return "", nil, errRefused
	case err != nil:
		return "", nil, plain(call, err)
	case found == "" || created == nil:
		return "", nil, fmt.Errorf("%s: IAM says nothing of %s", call, text.Name(name))
	}
	at := created.UTC()
	return found, &at, nil
}

func (p *people) role(ctx context.Context, name string) (string, *time.Time, error) {
	out, err := p.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	if err != nil || out.Role == nil {
		return "", nil, err
	}
	return sdk.ToString(out.Role.Arn), out.Role.CreateDate, nil
}

func (p *people) user(ctx context.Context, name string) (string, *time.Time, error) {
	out, err := p.GetUser(ctx, &iam.GetUserInput{UserName: &name})
	if err != nil || out.User == nil {
		return "", nil, err
	}
	return sdk.ToString(out.User.Arn), out.User.CreateDate, nil
}

// notes say which calls IAM refused, and which principals it can't tell of.
func (p *people) notes() []string {
	var all []string
	for _, call := range []string{"iam:GetRole", "iam:GetUser"} {
		if why, ok := p.refused[call]; ok {
			all = append(all, why)
		}
	}
	if n := len(p.foreign); n > 0 {
		all = append(all, fmt.Sprintf("IAM tells of the account %s alone, not of %s of others", p.account, text.Count(n, "principal")))
	}
	return all
}
