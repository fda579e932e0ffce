package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/aws-auth-guard/aws-auth-guard/build/notices"
	"github.com/aws-auth-guard/aws-auth-guard/build/program"
	"github.com/aws-auth-guard/aws-auth-guard/build/sbom"
)

// programs are the packages of the programs in the image: the webhook and auditor, and the plugin that takes snapshots of the
// access entries.
func programs() []string { return []string{"./cmd/webhook", "./cmd/kubectl-aws_auth"} }

// options say what to make.
type options struct {
	// root is the folder of the module whose programs are built.
	root string
	// out is the folder that the results are put into: layout/ (an OCI image layout), digest (of the index in it),
	// and a tar and an SBOM for each architecture.
	out string
	// name is the image's, with its tag.
	name          string
	version       string
	revision      string
	architectures []string
	// time is that of the files and of the image.
	time time.Time
}

// made is an image of several platforms, and what is attached to it.
type made struct {
	tag   name.Tag
	index v1.ImageIndex
	sboms []v1.Image
}

// make makes the image and writes it.
func (o *options) make(ctx context.Context) (*made, error) {
	tag, err := name.NewTag(o.name)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return nil, err
	}
	m := &made{tag: tag, index: mutate.IndexMediaType(empty.Index, types.OCIImageIndex)}
	for _, architecture := range o.architectures {
		platform := v1.Platform{OS: "linux", Architecture: architecture}
		image, document, err := o.makePlatform(ctx, platform)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", platform, err)
		}
		attached, err := o.write(m.tag, platform, image, document)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", platform, err)
		}
		m.sboms = append(m.sboms, attached)
		m.index = mutate.AppendManifests(m.index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &platform}})
	}
	m.index = mutate.Annotations(m.index, labels(o.version, o.revision)).(v1.ImageIndex)
	return m, m.writeLayout(o.out)
}

// makePlatform builds the programs for a platform and puts them into an image, with the licenses of what is in it.
func (o *options) makePlatform(ctx context.Context, platform v1.Platform) (v1.Image, []byte, error) {
	dir, err := os.MkdirTemp("", "image-")
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	on := program.Platform{OS: platform.OS, Architecture: platform.Architecture}
	var files []file
	var binaries []io.ReaderAt
	for _, p := range programs() {
		name := path.Base(p)
		if err := (program.Build{Root: o.root, Package: p, Platform: on, Version: o.version}).Run(ctx, filepath.Join(dir, name)); err != nil {
			return nil, nil, err
		}
		binary, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, nil, err
		}
		files = append(files, file{name, 0o755, binary})
		binaries = append(binaries, bytes.NewReader(binary))
	}
	license, err := os.ReadFile(filepath.Join(o.root, "LICENSE"))
	if err != nil {
		return nil, nil, err
	}
	modules, err := notices.Collect(ctx, o.root, []program.Platform{on}, programs()...)
	if err != nil {
		return nil, nil, err
	}
	if err := notices.Check(modules); err != nil {
		return nil, nil, err
	}
	var texts bytes.Buffer
	if err := notices.Write(&texts, modules); err != nil {
		return nil, nil, err
	}
	document, err := sbom.Make(binaries, o.version, o.time, modules)
	if err != nil {
		return nil, nil, err
	}
	files = append([]file{{"licenses/LICENSE", 0o644, license}, {"licenses/NOTICES", 0o644, texts.Bytes()}}, files...)
	image, err := makeImage(platform, labels(o.version, o.revision), o.time, files)
	return image, document, err
}

// write writes the tar of an image, which `ctr images import` and `docker load` take, and its SBOM, and gives the
// artifact that attaches this to the image.
func (o *options) write(tag name.Tag, platform v1.Platform, image v1.Image, document []byte) (v1.Image, error) {
	if err := os.WriteFile(filepath.Join(o.out, "sbom-"+platform.Architecture+".cdx.json"), document, 0o644); err != nil {
		return nil, err
	}
	if err := tarball.WriteToFile(filepath.Join(o.out, "aws-auth-guard-"+platform.Architecture+".tar"), tag, image); err != nil {
		return nil, err
	}
	subject, err := partial.Descriptor(image)
	if err != nil {
		return nil, err
	}
	packed, unpacked, err := sizes(image)
	if err != nil {
		return nil, err
	}
	if err := checkSize(packed); err != nil {
		return nil, err
	}
	fmt.Printf("%s: %s, %.1f MB to pull, %.1f MB unpacked\n", platform, subject.Digest, float64(packed)/1e6, float64(unpacked)/1e6)
	return makeReferrer(document, v1.Descriptor{MediaType: subject.MediaType, Size: subject.Size, Digest: subject.Digest})
}

// writeLayout writes a new OCI image layout: the index under its tag, and the SBOMs that refer to the images.
func (m *made) writeLayout(out string) error {
	folder := filepath.Join(out, "layout")
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	written, err := layout.Write(folder, empty.Index)
	if err != nil {
		return err
	}
	for _, sbom := range m.sboms {
		if err := written.AppendImage(sbom); err != nil {
			return err
		}
	}
	digest, err := m.index.Digest()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(out, "digest"), []byte(digest.String()+"\n"), 0o644); err != nil {
		return err
	}
	fmt.Printf("%s: %s (image index) in %s\n", m.tag, digest, folder)
	return written.AppendIndex(m.index, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": m.tag.TagStr()}))
}
