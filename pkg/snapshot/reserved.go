package snapshot

import "strings"

// ReservedPrefixes are those that EKS refuses in usernames and in groups of access entries: EKS User Guide, "Set a custom username
// for EKS access entries". They are compared as RBAC does, case-sensitively.
func ReservedPrefixes() []string { return []string{"system:", "eks:", "aws:", "amazon:", "iam:"} }

// ReservedPrefix is the one that a name begins with, or "".
func ReservedPrefix(name string) string {
	for _, prefix := range ReservedPrefixes() {
		if strings.HasPrefix(name, prefix) {
			return prefix
		}
	}
	return ""
}
