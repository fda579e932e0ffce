// Package history keeps the states that the ConfigMap aws-auth has had, as immutable ControllerRevisions in the guard's
// namespace. It needs the API server alone, so what it keeps can be put back while the guard is down. Of the map it keeps
// data and binaryData and nothing else.
package history
