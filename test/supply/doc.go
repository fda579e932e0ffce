// Package supply holds the pages about threats and dependencies to what is there.
package supply
