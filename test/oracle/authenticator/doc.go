// Package authenticator runs the real aws-iam-authenticator as a test oracle.
//
// A caller's question is a TokenReview posted to the real server's handler. The real token verifier reads it, the real
// ConfigMapMapper answers from a map that reached it as a watch event, the real server renders the templates and
// answers with a TokenReview. Three things at the edges stand in for AWS and the API server: the transport that answers
// for STS, the EC2 lookup, and the watch. The server has no exported way to set them, so they are put in place by
// reflection on its unexported fields; no code of the authenticator is replaced.
package authenticator
