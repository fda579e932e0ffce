// Package manifest finds aws-auth documents in the files that people keep: YAML streams, JSON, Lists, bare data
// sections and lists, Terraform plans, CloudFormation templates, eksctl's ClusterConfig. It ties every byte of a data value to its place in the file, through block scalars, quotes and escapes, and
// turns edits of a value into edits of the file.
//
// It is part of the engine, which other programs may import: pure, without a client, a server or a clock.
package manifest
