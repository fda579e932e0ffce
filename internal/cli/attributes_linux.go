package cli

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
)

// keepAttributes gives a file the extended attributes of another, access lists included, and none beside those. What the
// kernel's security modules set is left to them.
func keepAttributes(to, from string) error {
	wanted, err := attributes(from)
	if err != nil {
		return err
	}
	present, err := attributes(to)
	if err != nil {
		return err
	}
	for name, value := range wanted {
		if v, ok := present[name]; ok && bytes.Equal(v, value) {
			continue
		}
		if err := syscall.Setxattr(to, name, value, 0); err != nil {
			return fmt.Errorf("its attribute %s can't be kept: %w", name, err)
		}
	}
	for name := range present {
		if _, ok := wanted[name]; ok {
			continue
		}
		if err := syscall.Removexattr(to, name); err != nil {
			return fmt.Errorf("the new file has the attribute %s, which the old one has not: %w", name, err)
		}
	}
	return nil
}

func attributes(path string) (map[string][]byte, error) {
	names, err := attribute(func(b []byte) (int, error) { return syscall.Listxattr(path, b) })
	if errors.Is(err, syscall.ENOTSUP) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("its attributes can't be read: %w", err)
	}
	all := map[string][]byte{}
	for _, name := range slices.DeleteFunc(strings.Split(string(names), "\x00"), func(s string) bool { return s == "" || strings.HasPrefix(s, "security.") }) {
		value, err := attribute(func(b []byte) (int, error) { return syscall.Getxattr(path, name, b) })
		if err != nil {
			return nil, fmt.Errorf("its attribute %s can't be read: %w", name, err)
		}
		all[name] = value
	}
	return all, nil
}

// maxAttribute is the size that the kernel lets attributes have.
const maxAttribute = 64 << 10

func attribute(get func([]byte) (int, error)) ([]byte, error) {
	b := make([]byte, maxAttribute)
	n, err := get(b)
	if err != nil {
		return nil, err
	}
	return b[:n], nil
}
