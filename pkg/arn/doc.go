// Package arn reads the ARNs of IAM and STS principals the way aws-iam-authenticator does and adds what a
// guard needs beyond it: what kind of principal an ARN names and whether any caller could ever have it.
package arn
