// Package eks is a small EKS, IAM and STS for tests: as strict about paths, parameters, limits, pages, errors and the form of a
// signature as the API references of the three have it, so that the real AWS SDK and the real AWS CLI can be held against it. It
// knows the calls about access entries, and nothing of the rest.
package eks
