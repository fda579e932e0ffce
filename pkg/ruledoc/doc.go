// Package ruledoc writes the pages of the rules and the README's table from the rules themselves, so that what
// people read is what the code does.
package ruledoc
