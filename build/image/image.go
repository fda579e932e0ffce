package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const (
	// user is the user and group that distroless calls nonroot: not root, and in no host's list of users.
	user = "65532:65532"
	// entrypoint is where the program lies in the image.
	entrypoint = "/webhook"
	source     = "https://github.com/aws-auth-guard/aws-auth-guard"
	// sizeLimit bounds what every node pulls of an image, in bytes. It is a decision of the project: room for both programs.
	sizeLimit = 60_000_000
)

// command is the default command.
func command() []string { return []string{"serve"} }

// file is one file of the image.
type file struct {
	name    string
	mode    int64
	content []byte
}

// labels are the annotations that the OCI image specification defines (annotations.md).
func labels(version, revision string) map[string]string {
	return map[string]string{
		"org.opencontainers.image.title":         "aws-auth-guard",
		"org.opencontainers.image.description":   "The guard of kube-system/aws-auth on EKS: admission webhook and auditor",
		"org.opencontainers.image.source":        source,
		"org.opencontainers.image.documentation": source + "#readme",
		"org.opencontainers.image.licenses":      "Apache-2.0",
		"org.opencontainers.image.version":       version,
		"org.opencontainers.image.revision":      revision,
	}
}

// makeImage makes the image of one platform. All that it holds comes from the arguments, so the same arguments
// give the same digest.
func makeImage(platform v1.Platform, labels map[string]string, at time.Time, files []file) (v1.Image, error) {
	layer, err := makeLayer(at, files)
	if err != nil {
		return nil, err
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err = mutate.Append(image, mutate.Addendum{
		Layer: layer, MediaType: types.OCILayer,
		History: v1.History{CreatedBy: "make image", Created: v1.Time{Time: at}},
	})
	if err != nil {
		return nil, err
	}
	configuration, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	configuration = configuration.DeepCopy()
	configuration.OS, configuration.Architecture, configuration.Variant = platform.OS, platform.Architecture, platform.Variant
	configuration.Created = v1.Time{Time: at}
	configuration.Config = v1.Config{User: user, Entrypoint: []string{entrypoint}, Cmd: command(), WorkingDir: "/", Labels: labels}
	image, err = mutate.ConfigFile(image, configuration)
	if err != nil {
		return nil, err
	}
	return mutate.Annotations(image, labels).(v1.Image), nil
}

// makeLayer packs files, which belong to root: the user of the image can read and run them, and not change them.
func makeLayer(at time.Time, files []file) (v1.Layer, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		err := w.WriteHeader(&tar.Header{
			Typeflag: tar.TypeReg, Name: f.name, Mode: f.mode, Size: int64(len(f.content)), ModTime: at, Format: tar.FormatPAX,
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		if _, err := w.Write(f.content); err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil },
		tarball.WithMediaType(types.OCILayer), tarball.WithCompressionLevel(9))
}

// checkSize refuses an image of so many bytes to pull.
func checkSize(packed int64) error {
	if packed > sizeLimit {
		return fmt.Errorf("%d bytes to pull, more than %d: see what was linked in (go version -m, go tool nm -size)", packed, sizeLimit)
	}
	return nil
}

// sizes are the bytes of an image's layers as they are pulled, and unpacked.
func sizes(image v1.Image) (packed, unpacked int64, err error) {
	layers, err := image.Layers()
	if err != nil {
		return 0, 0, err
	}
	for _, layer := range layers {
		size, err := layer.Size()
		if err != nil {
			return 0, 0, err
		}
		packed += size
		content, err := layer.Uncompressed()
		if err != nil {
			return 0, 0, err
		}
		size, err = io.Copy(io.Discard, content)
		if err != nil {
			return 0, 0, err
		}
		unpacked += size
	}
	return packed, unpacked, nil
}
