// Package arn reads the ARNs of IAM and STS principals the way aws-iam-authenticator does and adds what a
// guard needs beyond it: what kind of principal an ARN names and whether any caller could ever have it.
//
// It is part of the engine, which other programs may import: pure, without a client, a server or a clock.
package arn
