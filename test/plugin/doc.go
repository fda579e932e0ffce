// Package plugin tests kubectl aws-auth on a real API server.
package plugin
