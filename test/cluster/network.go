package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// makeNetwork makes the network namespaces of the control plane and of the nodes, and joins them:
//
//	machine 10.98.0.1 --- 10.98.0.2 [control: bridge 10.99.0.1, 10.96.0.1] --- 10.99.0.11 [node-1: pods 10.244.1.0/24]
//	                                                                      \--- 10.99.0.12 [node-2: pods 10.244.2.0/24]
//
// The machine has a route to the control plane's end of the line alone; nothing that runs in the cluster listens
// outside of these namespaces.
func makeNetwork(ctx context.Context) error {
	steps := [][]string{
		{"netns", "add", controlNamespace},
		{"link", "add", hostDevice, "type", "veth", "peer", "name", "host", "netns", controlNamespace},
		{"address", "add", hostAddress + "/30", "dev", hostDevice},
		{"link", "set", hostDevice, "up"},
	}
	in := func(namespace string, arguments ...string) {
		steps = append(steps, append([]string{"-n", namespace}, arguments...))
	}
	in(controlNamespace, "link", "set", "lo", "up")
	in(controlNamespace, "address", "add", controlHostAddress+"/30", "dev", "host")
	in(controlNamespace, "link", "set", "host", "up")
	in(controlNamespace, "link", "add", bridge, "type", "bridge")
	in(controlNamespace, "address", "add", controlAddress+"/24", "dev", bridge)
	in(controlNamespace, "address", "add", serviceAddress+"/32", "dev", bridge)
	in(controlNamespace, "link", "set", bridge, "up")
	for n := 1; n <= nodeCount; n++ {
		steps = append(steps, []string{"netns", "add", nodeNamespace(n)})
		in(controlNamespace, "link", "add", nodeName(n), "type", "veth", "peer", "name", "eth0", "netns", nodeNamespace(n))
		in(controlNamespace, "link", "set", nodeName(n), "master", bridge, "up")
		in(nodeNamespace(n), "link", "set", "lo", "up")
		in(nodeNamespace(n), "address", "add", nodeAddress(n)+"/24", "dev", "eth0")
		in(nodeNamespace(n), "link", "set", "eth0", "up")
		in(nodeNamespace(n), "route", "add", "default", "via", controlAddress)
		in(controlNamespace, "route", "add", podRange(n).String(), "via", nodeAddress(n))
	}
	for _, arguments := range steps {
		if err := ip(ctx, arguments...); err != nil {
			return err
		}
	}
	return forward(ctx)
}

// forward makes the namespaces pass on what is not for themselves. Firewalls that the machine applies to bridges
// (net.bridge.bridge-nf-call-iptables) are set for each namespace apart, and these have none.
func forward(ctx context.Context) error {
	namespaces := []string{controlNamespace}
	for n := 1; n <= nodeCount; n++ {
		namespaces = append(namespaces, nodeNamespace(n))
	}
	for _, namespace := range namespaces {
		if err := run(inside(ctx, namespace, "/bin/sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")); err != nil {
			return err
		}
	}
	return nil
}

// inside is a command in a network namespace. `ip netns exec` would hide the cgroups, which the kubelet needs.
func inside(ctx context.Context, namespace, program string, arguments ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "nsenter", append([]string{"--net=" + namespacePath(namespace), program}, arguments...)...)
}

func ip(ctx context.Context, arguments ...string) error {
	return run(exec.CommandContext(ctx, "ip", arguments...))
}

// removeNetwork removes what makeNetwork made, as far as it is there. The devices go with their namespaces.
func removeNetwork(ctx context.Context) error {
	var problems []error
	names := []string{controlNamespace}
	for n := 1; n <= nodeCount; n++ {
		names = append(names, nodeNamespace(n))
	}
	for _, name := range names {
		if _, err := os.Stat(namespacePath(name)); err == nil {
			problems = append(problems, ip(ctx, "netns", "delete", name))
		}
	}
	if _, err := os.Stat("/sys/class/net/" + hostDevice); err == nil {
		// It goes by itself with its other end, in a moment.
		_ = ip(ctx, "link", "delete", hostDevice)
	}
	return errors.Join(problems...)
}

// run runs a command; its error says what it wrote.
func run(command *exec.Cmd) error {
	output, err := command.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(command.Args, " "), err, strings.TrimSpace(string(output)))
	}
	return nil
}
