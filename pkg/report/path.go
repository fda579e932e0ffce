package report

import (
	"net/url"
	"path/filepath"
	"strings"
)

// relative is the name of a file as seen from a folder, with slashes; false where the file lies elsewhere.
func relative(root, name string) (string, bool) {
	if filepath.IsAbs(name) {
		rel, err := filepath.Rel(root, name)
		if root == "" || err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
			return filepath.ToSlash(name), false
		}
		name = rel
	}
	return filepath.ToSlash(filepath.Clean(name)), true
}

// uri is the path as a URI reference.
func uri(path string, relative bool) string {
	u := url.URL{Path: path}
	if !relative {
		u.Scheme = "file"
	}
	return u.String()
}
