// Package awsauth reads the data of the ConfigMap kube-system/aws-auth exactly as aws-iam-authenticator v0.7.18
// does (pkg/mapper/configmap/configmap.go, ParseMap) and ties what was read to its place in the text. The
// verdict on a text comes from the same calls that the authenticator makes, on the same bytes; a second parse only
// says where things are.
//
// It is part of the engine, which other programs may import: pure, without a client, a server or a clock.
package awsauth
