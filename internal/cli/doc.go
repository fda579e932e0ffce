// Package cli holds the commands of kubectl aws-auth.
package cli
