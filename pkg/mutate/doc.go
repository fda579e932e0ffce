// Package mutate applies repairs as byte edits of the text and proves that they did what they meant: outside the
// edits every byte stays, the result reads as intended, everything else reads as before, and a second run has
// nothing left to do. Where it can't be sure it refuses and says why.
//
// It is part of the engine, which other programs may import: pure, without a client, a server or a clock.
package mutate
