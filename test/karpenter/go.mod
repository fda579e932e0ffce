// This module only pins Karpenter, whose CustomResourceDefinition of an EC2NodeClass tests install. They read it as a file:
// the tool is the one program of that module that brings no other modules along.
module github.com/aws-auth-guard/aws-auth-guard/test/karpenter

go 1.26.6

tool github.com/aws/karpenter-provider-aws/hack/code/vpc_limits_gen

require github.com/aws/karpenter-provider-aws v1.14.1 // indirect
