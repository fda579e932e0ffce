// Package access says who an aws-auth map lets in, and what an edit of it gives and takes. It judges by what
// the authenticator does, not by what the text seems to say: an entry that never matches lets nobody in, and a
// text that does not parse takes everybody's access away.
//
// It is part of the engine, which other programs may import: pure, without a client, a server or a clock.
package access
