package cluster

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/prometheus/procfs"
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

// unmountBelow takes down what is mounted on a folder and in it, those mounted last first: `ip netns` mounts /run/netns
// on itself.
func unmountBelow(folder string) error {
	mounts, err := procfs.GetMounts()
	if err != nil {
		return err
	}
	var problems []error
	for _, mount := range slices.Backward(mounts) {
		point := mount.MountPoint
		if point != folder && !strings.HasPrefix(point, folder+"/") {
			continue
		}
		if err := syscall.Unmount(point, syscall.MNT_DETACH); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOENT) {
			problems = append(problems, &os.PathError{Op: "unmount", Path: point, Err: err})
		}
	}
	return errors.Join(problems...)
}
