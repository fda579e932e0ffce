// Package docs tests what people read: that links lead somewhere, that every page is found, and that snippets are what tools take.
package docs
