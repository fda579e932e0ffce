// Package aws asks EKS and IAM about the access entries of a cluster, and makes those that are missing. It is for the plugin
// alone: the webhook and the auditor make no AWS call.
package aws
