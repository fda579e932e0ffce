// Package eksctl holds the entry commands against those of eksctl: random edits of random maps, judged by the real
// authenticator. docs/moving.md shows what comes of it.
package eksctl
