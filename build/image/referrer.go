package main

import (
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/aws-auth-guard/aws-auth-guard/build/sbom"
)

// makeReferrer makes the artifact that attaches an SBOM to an image: a manifest whose subject the image is, which
// registries list among its referrers (OCI distribution specification 1.1). Its type is that of its configuration.
func makeReferrer(document []byte, subject v1.Descriptor) (v1.Image, error) {
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), sbom.MediaType)
	image, err := mutate.Append(image, mutate.Addendum{Layer: static.NewLayer(document, sbom.MediaType)})
	if err != nil {
		return nil, err
	}
	named := mutate.Annotations(image, map[string]string{"org.opencontainers.image.title": "sbom.cdx.json"}).(v1.Image)
	return mutate.Subject(named, subject).(v1.Image), nil
}
