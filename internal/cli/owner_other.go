//go:build !unix

package cli

import "os"

func hardLinks(os.FileInfo) uint64 { return 1 }

func keepOwner(*os.File, os.FileInfo) error { return nil }

func syncDir(string) error { return nil }
