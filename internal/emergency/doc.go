// Package emergency holds what messages say about getting past the guard, once for all of them and for docs/emergency.md.
package emergency
