package cluster

import (
	"bufio"
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"syscall"
)

// Clean removes all that a cluster leaves behind when it does not end as it should: processes, mounts, network
// namespaces and files. Without a cluster it does nothing.
func Clean(ctx context.Context) error {
	return errors.Join(
		killBelow(Directory()),
		unmountBelow(Directory()),
		removeNetwork(ctx),
		os.RemoveAll(Directory()),
		removeTraces(),
	)
}

// unmountBelow takes down what is mounted on a folder and in it, the deepest first: `ip netns` mounts /run/netns on itself.
func unmountBelow(folder string) error {
	points, err := mountsBelow(folder)
	if err != nil {
		return err
	}
	var problems []error
	for _, point := range points {
		if err := syscall.Unmount(point, syscall.MNT_DETACH); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOENT) {
			problems = append(problems, &os.PathError{Op: "unmount", Path: point, Err: err})
		}
	}
	return errors.Join(problems...)
}

// mountsBelow gives the mount points in a folder, and the folder itself where it is one, those mounted last first
// (proc_pid_mountinfo(5)).
func mountsBelow(folder string) ([]string, error) {
	file, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	var points []string
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		fields := strings.Fields(scanner.Text())
		if len(fields) > 4 && (fields[4] == folder || strings.HasPrefix(fields[4], folder+"/")) {
			points = append(points, fields[4])
		}
	}
	slices.Reverse(points)
	return points, nil
}
