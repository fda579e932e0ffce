// Package snapshot reads and writes an AccessSnapshot: the access entries of an EKS cluster and its authentication mode,
// as they were at a moment. Reading is strict: what is truncated, unknown or contradictory is refused whole.
//
// It is part of the engine, which other programs may import: pure, without a client, a server or a clock.
package snapshot
