// Package nodeclass installs the definitions of node classes into an API server: Karpenter's own, as test/karpenter pins it, and
// one of EKS Auto Mode, which is in no module and is written from its documentation.
package nodeclass
