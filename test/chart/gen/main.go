// Gen writes the schema and the README of the chart from its values, the page and schema of GuardPolicy, and deploy/ and the tables of permissions from the chart. It is run by `make generate`.
package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/aws-auth-guard/aws-auth-guard/test/chart/deploy"
	"github.com/aws-auth-guard/aws-auth-guard/test/chart/roles"
	"github.com/aws-auth-guard/aws-auth-guard/test/chart/values"
)

// root is the repository, from the folder of this module.
const root = "../.."

func main() {
	// The schema comes first: rendering the chart uses it.
	for _, files := range []func(string) (map[string]string, error){values.Files, values.Rules, values.Policy, deploy.Files, roles.Files} {
		if err := write(files(root)); err != nil {
			fmt.Fprintln(os.Stderr, "generate:", err)
			os.Exit(1)
		}
	}
}

func write(files map[string]string, err error) error {
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(files[name]), 0o644); err != nil {
			return err
		}
	}
	return nil
}
