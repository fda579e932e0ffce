// Package oracle holds the tests that run the project's reading of aws-auth against the real authenticator.
package oracle
