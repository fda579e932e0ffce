// Package mandoc writes the man pages of kubectl aws-auth from its commands, so that they say what --help says.
package mandoc
