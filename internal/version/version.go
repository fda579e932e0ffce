package version

import "runtime/debug"

// release is set by the linker: -X github.com/aws-auth-guard/aws-auth-guard/internal/version.release=v1.2.3
var release string //nolint:gochecknoglobals // The linker can set nothing else.

// String is the release, else what the build recorded of the commit, else "devel".
func String() string {
	if release != "" {
		return release
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}
