// Package version tells which version this is.
package version
