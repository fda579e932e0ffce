package main

import (
	"context"
	"fmt"

	"github.com/google/go-containerregistry/pkg/authn"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// push sends the image to the registry of its name, and the SBOMs after it, because they refer to it.
func (m *made) push(ctx context.Context) error {
	with := []remote.Option{remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain)}
	if err := remote.WriteIndex(m.tag, m.index, with...); err != nil {
		return fmt.Errorf("pushing %s: %w", m.tag, err)
	}
	for _, sbom := range m.sboms {
		if err := m.attach(sbom, with); err != nil {
			return fmt.Errorf("pushing an SBOM of %s: %w", m.tag, err)
		}
	}
	return nil
}

// attach pushes an artifact, which has no tag: the image that it refers to leads to it.
func (m *made) attach(artifact v1.Image, with []remote.Option) error {
	digest, err := artifact.Digest()
	if err != nil {
		return err
	}
	return remote.Write(m.tag.Digest(digest.String()), artifact, with...)
}
