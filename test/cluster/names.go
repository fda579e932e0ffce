package cluster

import (
	"fmt"
	"net/netip"
	"path/filepath"
)

// There is one cluster on a machine at most: its network namespaces and devices have fixed names, so that what a
// crash left behind is found.
const (
	controlNamespace = "aag-control"
	// bridge joins the nodes and the control plane; hostDevice is the machine's end of a line to them.
	bridge     = "aag-bridge"
	hostDevice = "aag-host"

	// serviceAddress is the first one of serviceRange: kubernetes.default. The API server listens on it, so that pods
	// reach it with no kube-proxy.
	serviceAddress = "10.96.0.1"
	serviceRange   = "10.96.0.0/16"
	controlAddress = "10.99.0.1"
	// hostAddress and controlHostAddress are the two ends of the line to the machine itself.
	hostAddress        = "10.98.0.1"
	controlHostAddress = "10.98.0.2"
)

// nodeCount is how many nodes a cluster has.
const nodeCount = 2

// nodeName is the name of a node, from 1 on; its network namespace has it as well, with a prefix.
func nodeName(n int) string { return fmt.Sprintf("node-%d", n) }

func nodeNamespace(n int) string { return "aag-" + nodeName(n) }

func nodeAddress(n int) string { return fmt.Sprintf("10.99.0.%d", 10+n) }

// podRange is the addresses of a node's pods.
func podRange(n int) netip.Prefix { return netip.MustParsePrefix(fmt.Sprintf("10.244.%d.0/24", n)) }

// nodeZone is the availability zone that a node says to lie in.
func nodeZone(n int) string { return "zone-" + string(rune('a'+n-1)) }

func namespacePath(name string) string { return filepath.Join("/run/netns", name) }
