// Package lint checks aws-auth in manifests by a policy: what the rules find, with the repairs that can be proven.
package lint
