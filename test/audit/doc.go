// Package audit holds the tests of `webhook audit`: the real program beside a real API server, with the permissions of
// docs/operations.md and no others, and with the real CRDs of both kinds of reports.
package audit
