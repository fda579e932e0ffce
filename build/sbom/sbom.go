package sbom

import (
	"bytes"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	cyclonedx "github.com/CycloneDX/cyclonedx-go"

	"github.com/aws-auth-guard/aws-auth-guard/build/notices"
)

// MediaType is that of a CycloneDX document in JSON, as registered with IANA.
const MediaType = "application/vnd.cyclonedx+json"

// Make lists the modules that the Go programs of one module were linked from, as they list them themselves: what is in the
// go.mod but in none of them is not in the list. The licenses are those of the modules that are given. The document
// has the time at and no random number, so that the same programs give the same document.
func Make(programs []io.ReaderAt, version string, at time.Time, modules []notices.Module) ([]byte, error) {
	info, deps, err := read(programs)
	if err != nil {
		return nil, err
	}
	main := component(info.Main.Path, version, cyclonedx.ComponentTypeApplication, []string{"Apache-2.0"})
	document := cyclonedx.NewBOM()
	document.Metadata = &cyclonedx.Metadata{Timestamp: at.UTC().Format(time.RFC3339), Component: &main}
	components := []cyclonedx.Component{
		component(notices.Std, strings.TrimPrefix(info.GoVersion, "go"), cyclonedx.ComponentTypeLibrary, licenses(modules, notices.Std)),
	}
	for _, m := range deps {
		c := component(m.Path, m.Version, cyclonedx.ComponentTypeLibrary, licenses(modules, m.Path))
		// The sum is what go.sum and the checksum database hold of the module's content: not the hash of a file, so
		// it is a property and no CycloneDX hash.
		c.Properties = &[]cyclonedx.Property{{Name: "go:sum", Value: m.Sum}}
		components = append(components, c)
	}
	slices.SortFunc(components, func(a, b cyclonedx.Component) int { return strings.Compare(a.PackageURL, b.PackageURL) })
	document.Components = &components
	var refs []string
	for i := range components {
		refs = append(refs, components[i].BOMRef)
	}
	document.Dependencies = &[]cyclonedx.Dependency{{Ref: main.BOMRef, Dependencies: &refs}}
	var b bytes.Buffer
	if err := cyclonedx.NewBOMEncoder(&b, cyclonedx.BOMFileFormatJSON).SetPretty(true).Encode(document); err != nil {
		return nil, fmt.Errorf("the SBOM: %w", err)
	}
	return b.Bytes(), nil
}

// read gives what a program says of itself, and the modules that any of them was linked from.
func read(programs []io.ReaderAt) (*buildinfo.BuildInfo, map[string]*debug.Module, error) {
	var info *buildinfo.BuildInfo
	deps := map[string]*debug.Module{}
	for _, p := range programs {
		own, err := buildinfo.Read(p)
		if err != nil {
			return nil, nil, err
		}
		info = own
		for _, m := range own.Deps {
			if m.Replace != nil {
				m = m.Replace
			}
			deps[m.Path+"@"+m.Version] = m
		}
	}
	if info == nil {
		return nil, nil, errors.New("the SBOM: no program is given")
	}
	return info, deps, nil
}

func licenses(modules []notices.Module, path string) []string {
	for _, m := range modules {
		if m.Path == path {
			return m.Licenses
		}
	}
	return nil
}

func component(path, version string, kind cyclonedx.ComponentType, licenses []string) cyclonedx.Component {
	url := "pkg:golang/" + path + "@" + version
	c := cyclonedx.Component{BOMRef: url, Type: kind, Name: path, Version: version, PackageURL: url}
	if len(licenses) > 0 {
		var choices cyclonedx.Licenses
		for _, id := range licenses {
			choices = append(choices, cyclonedx.LicenseChoice{License: &cyclonedx.License{ID: id}})
		}
		c.Licenses = &choices
	}
	return c
}
