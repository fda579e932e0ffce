//go:build !linux

package cli

func keepAttributes(string, string) error { return nil }
