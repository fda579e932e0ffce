// Package roles writes the tables of permissions in docs/operations.md from what the chart renders: the roles, and the comments
// on their rules.
package roles
