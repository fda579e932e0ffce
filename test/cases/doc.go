// Package cases is the table of aws-auth maps that the project is measured against: what a person may write, what
// aws-iam-authenticator v0.7.18 keeps of it, and who is let in as whom. The table holds no code of the authenticator;
// the module test/oracle proves every row of it against the real one.
package cases
