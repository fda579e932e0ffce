// Package goreleaser tests the configuration of releases.
package goreleaser
