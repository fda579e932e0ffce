// Package lint checks aws-auth in manifests by a policy: what the rules find, with the repairs that can be proven.
//
// It is part of the engine, which other programs may import: pure, without a client, a server or a clock.
package lint
