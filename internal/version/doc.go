// Package version says which version this is.
package version
