package aws

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/smithy-go"

	"github.com/aws-auth-guard/aws-auth-guard/internal/version"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// EKS is what is asked of EKS.
type EKS interface {
	DescribeCluster(context.Context, *eks.DescribeClusterInput, ...func(*eks.Options)) (*eks.DescribeClusterOutput, error)
	ListAccessEntries(context.Context, *eks.ListAccessEntriesInput, ...func(*eks.Options)) (*eks.ListAccessEntriesOutput, error)
	DescribeAccessEntry(context.Context, *eks.DescribeAccessEntryInput, ...func(*eks.Options)) (*eks.DescribeAccessEntryOutput, error)
	ListAssociatedAccessPolicies(context.Context, *eks.ListAssociatedAccessPoliciesInput, ...func(*eks.Options)) (*eks.ListAssociatedAccessPoliciesOutput, error)
}

// Maker is what makes access entries. Nothing here changes or deletes one.
type Maker interface {
	CreateAccessEntry(context.Context, *eks.CreateAccessEntryInput, ...func(*eks.Options)) (*eks.CreateAccessEntryOutput, error)
	AssociateAccessPolicy(context.Context, *eks.AssociateAccessPolicyInput, ...func(*eks.Options)) (*eks.AssociateAccessPolicyOutput, error)
}

// IAM is what is asked of IAM.
type IAM interface {
	GetRole(context.Context, *iam.GetRoleInput, ...func(*iam.Options)) (*iam.GetRoleOutput, error)
	GetUser(context.Context, *iam.GetUserInput, ...func(*iam.Options)) (*iam.GetUserOutput, error)
	ListRoles(context.Context, *iam.ListRolesInput, ...func(*iam.Options)) (*iam.ListRolesOutput, error)
}

// The bounds of a call: how often the SDK tries it, and how long it waits for each answer.
const (
	attempts = 8
	patience = 30 * time.Second
)

// Settings choose the account and the region. What is empty comes from the AWS configuration of the machine.
type Settings struct{ Region, Profile string }

// Connect makes the clients of the two services. It makes no call.
func Connect(ctx context.Context, s Settings) (*eks.Client, *iam.Client, error) {
	c, err := load(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	return eks.NewFromConfig(c), iam.NewFromConfig(c), nil
}

// load reads the AWS configuration of the machine.
func load(ctx context.Context, s Settings) (sdk.Config, error) {
	c, err := config.LoadDefaultConfig(ctx, config.WithRegion(s.Region), config.WithSharedConfigProfile(s.Profile),
		config.WithRetryMaxAttempts(attempts), config.WithHTTPClient(awshttp.NewBuildableClient().WithTimeout(patience)),
		config.WithAppID("kubectl-aws-auth/"+version.String()))
	if err != nil {
		return c, fmt.Errorf("the AWS configuration: %w", err)
	}
	if c.Region == "" {
		return c, errors.New("no region is known: set AWS_REGION, or give --region where the command takes it")
	}
	return c, nil
}

// is reports whether AWS has answered with an error of a name; of IAM and EKS they differ by their ends.
func is(err error, name string) bool {
	answer, ok := errors.AsType[smithy.APIError](err)
	return ok && strings.TrimSuffix(answer.ErrorCode(), "Exception") == name
}

// The names of the errors.
const (
	denied     = "AccessDenied"
	missing    = "ResourceNotFound"
	inUse      = "ResourceInUse"
	limit      = "ResourceLimitExceeded"
	badRequest = "InvalidRequest"
	badValue   = "InvalidParameter"
	noEntity   = "NoSuchEntity"
	invalid    = "ValidationError"
)

// plain says what went wrong with a call, eks:ListAccessEntries, in words for people.
func plain(call string, err error) error {
	answer, ok := errors.AsType[smithy.APIError](err)
	switch {
	case is(err, denied):
		return fmt.Errorf("AWS does not allow you %s: %s", call, text.OneLine(answer.ErrorMessage()))
	case ok:
		return fmt.Errorf("%s: %s (%s)", call, text.OneLine(answer.ErrorMessage()), text.Visible(answer.ErrorCode()))
	case strings.Contains(err.Error(), "get credentials"):
		return fmt.Errorf("no AWS credentials are found: sign in (aws sso login), or give --profile: %s", text.OneLine(root(err).Error()))
	}
	if response, ok := errors.AsType[*awshttp.ResponseError](err); ok && response.HTTPStatusCode() == http.StatusTooManyRequests {
		return fmt.Errorf("%s: too many requests", call)
	}
	if _, ok := errors.AsType[*smithy.DeserializationError](err); ok {
		return fmt.Errorf("%s: what answers is not AWS, but perhaps a proxy or the page of a login: check AWS_ENDPOINT_URL and HTTPS_PROXY", call)
	}
	return fmt.Errorf("%s: %w", call, err)
}

// root is the error that caused the others.
func root(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}
