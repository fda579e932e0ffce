// Package manifest finds aws-auth documents in the files that people keep: manifests, and what other tools carry the map in
// (carrier.go lists them). It ties every byte of a data value to its place in the file, through block scalars, quotes,
// escapes and files in files, and turns edits of a value into edits of the file.
//
// It is part of the engine, which other programs may import: pure, without a client, a server or a clock.
package manifest
