// Package policy reads a GuardPolicy: what the guard does about each finding, whose edits it repairs, and whom it
// leaves alone. Reading is strict.
//
// It is part of the engine, which other programs may import: pure, without a client, a server or a clock.
package policy
