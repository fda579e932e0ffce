// Package server runs the admission webhooks: TLS with certificates that may change, health and metrics on ports
// of their own, and an end that drops no request.
//
// It has an HTTP server of its own around controller-runtime's webhooks, because the server of that module
// (pkg/webhook, v0.25.2) can't listen on a free port (0 means 9443 to it), ends the requests that it is working
// on when it gets the signal to stop, stops at once, and gives up where the certificate is not there yet.
package server
