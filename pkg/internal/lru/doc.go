// Package lru keeps a few values: those that were used last, within a bound of bytes.
package lru
