// Package iam reads what `aws iam get-account-authorization-details` prints: the roles and users of an account, when they were
// created and last used, and who may assume them. What a file does not tell stays unknown: an account without a file, who is
// missing in one page of several.
//
// It is part of the engine, which other programs may import: pure, without a client, a server or a clock.
package iam
