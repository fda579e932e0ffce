// Package matrix runs a test in both failure policies and both profiles: on a real API server, with the real guard in
// front of it. What attacks the guard's availability is tried in each, because the API server stores under Ignore what
// it gets no answer about, and refuses it under Fail.
package matrix
