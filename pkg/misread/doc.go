// Package misread says in plain words why a text could not be read: what stands where, and what is wanted there. The errors of
// decoders are about Go's types, and those who read them don't know these.
package misread
