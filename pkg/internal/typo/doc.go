// Package typo guesses what somebody meant to write.
package typo
