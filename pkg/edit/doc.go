// Package edit adds, changes and removes entries of aws-auth as byte edits of the text. What it adds has the style of the
// list: block, flow or JSON, its indentation, quotes, order of keys and line ends. Every other byte stays. It reads the
// result as EKS does, and refuses an edit that would change anything but what was asked for.
//
// It is part of the engine, which other programs may import: pure, without a client, a server or a clock.
package edit
