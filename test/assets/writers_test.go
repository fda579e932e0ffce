package assets

import (
	"bytes"
	"path/filepath"
	"testing"
)

// TestWritersFromACache: each program is found at the version that its module requires, and one that is not built has no path.
func TestWritersFromACache(t *testing.T) {
	m := fakeClone(t, &bytes.Buffer{})
	writeFile(t, filepath.Join(m.root, filepath.FromSlash(helmModule), "go.mod"), "module m\n\nrequire (\n\thelm.sh/helm/v3 v3.1.2\n\thelm.sh/helm/v4 v4.1.2\n)\n", 0o600)
	at := func(folder, name string) string { return filepath.Join(m.cache, folder+"-"+platform(), name) }
	want := Writers{Helm4: at("helm-v4.1.2", "helm")}
	for _, path := range []string{want.Helm4, at("helm-v3.1.1", "helm")} {
		fakePrograms(t, filepath.Dir(path), filepath.Base(path))
	}
	if got, err := m.writers(m.built); err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
}
