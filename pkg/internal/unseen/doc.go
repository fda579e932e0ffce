// Package unseen finds the characters that nobody sees in a name: control characters, line breaks, invisible ones, and
// blanks at its ends. A blank inside is legal.
package unseen
