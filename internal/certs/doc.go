// Package certs keeps the certificates of the webhook where nobody else does: an authority of its own and a
// certificate that it signed, in one Secret that all replicas share, and the authority's certificate in the
// caBundle of both webhook configurations.
//
// Any replica may take the next step; the Secret's resourceVersion lets one of them do it, and the others read
// what it did. Every step is a state that is written before it is acted on, so a replica may die anywhere.
// A certificate is served only once every API server trusts its authority, and an authority is trusted for as
// long as a certificate of it may be served.
package certs
