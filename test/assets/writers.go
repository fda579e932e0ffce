package assets

import (
	"context"
	"io"
	"path/filepath"
)

// Writers are programs of others that write the map, as absolute paths; a path is empty where the program is not built.
type Writers struct{ Helm4, Helm3 string }

// EnsureWriters builds the programs from their Go modules where an earlier run has not: some five minutes on two cores.
func EnsureWriters(ctx context.Context, progress io.Writer) (Writers, error) {
	m, unlock, err := newMaker(ctx, progress)
	if err != nil {
		return Writers{}, err
	}
	defer unlock()
	return m.writers(func(g *group) (string, error) { return m.group(ctx, g) })
}

// BuiltWriters gives those that an earlier run has built.
func BuiltWriters() (Writers, error) {
	root, err := repositoryRoot()
	if err != nil {
		return Writers{}, err
	}
	m := maker{root: root, cache: filepath.Join(root, ".cache")}
	return m.writers(m.built)
}

// built gives the folder of a group of one program, empty where it is not built.
func (m maker) built(g *group) (string, error) {
	directory, err := m.groupDirectory(g)
	if err != nil || !holds(directory, filepath.Base(g.packages[0])) {
		return "", err
	}
	return directory, nil
}

// writers asks for the folder of each program.
func (m maker) writers(folder func(*group) (string, error)) (Writers, error) {
	var w Writers
	for _, p := range []struct {
		module, dependency, folder, pkg string
		into                            *string
	}{
		{helmModule, "helm.sh/helm/v4", "helm", "helm.sh/helm/v4/cmd/helm", &w.Helm4},
		{helmModule, "helm.sh/helm/v3", "helm", "helm.sh/helm/v3/cmd/helm", &w.Helm3},
	} {
		directory, err := folder(&group{module: p.module, dependency: p.dependency, folder: p.folder, packages: []string{p.pkg}})
		if err != nil {
			return Writers{}, err
		}
		if directory != "" {
			*p.into = filepath.Join(directory, filepath.Base(p.pkg))
		}
	}
	return w, nil
}
