// This module only pins where the tests take the CRDs of the two report kinds from.
module github.com/aws-auth-guard/aws-auth-guard/test/audit/crds

go 1.26.0

require (
	github.com/kyverno/kyverno v1.19.1
	github.com/openreports/reports-api v0.2.1
)
