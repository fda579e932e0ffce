package aws

import (
	"context"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// Caller asks STS whose credentials the machine has, and gives the ARN.
func Caller(ctx context.Context, s Settings) (string, error) {
	c, err := load(ctx, s)
	if err != nil {
		return "", err
	}
	out, err := sts.NewFromConfig(c).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", plain("sts:GetCallerIdentity", err)
	}
	return sdk.ToString(out.Arn), nil
}
