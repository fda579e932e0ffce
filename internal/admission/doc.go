// Package admission turns requests to write the ConfigMap kube-system/aws-auth into decisions: what is repaired,
// refused or warned about, and in which words. The decisions are pure functions of policy and request (Mutate,
// Validate); Handler serves them to the API server.
package admission
