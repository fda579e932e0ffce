// Package validate holds the rules: pure functions from a document, or from an edit of one, to findings. It
// knows nothing of Kubernetes requests. One file is one rule; rules.go lists them.
//
// It is part of the engine, which other programs may import: pure, without a client, a server or a clock.
package validate
