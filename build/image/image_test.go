package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	cyclonedx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/aws-auth-guard/aws-auth-guard/build/program"
	"github.com/aws-auth-guard/aws-auth-guard/build/sbom"
)

// repository is the root of the repository.
var repository = filepath.Join("..", "..")

const (
	version  = "v1.2.3-test"
	revision = "0123456789abcdef0123456789abcdef01234567"
)

// makeInto makes the image of this machine's architecture from the source in root.
func makeInto(t *testing.T, root, out, reference string) *made {
	t.Helper()
	o := options{
		root: root, out: out, name: reference, version: version, revision: revision, architectures: []string{runtime.GOARCH}, time: time.Unix(0, 0).UTC(),
	}
	m, err := o.make(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestImage makes the image and looks at all of it, runs what is in it, makes it again elsewhere and pushes it.
func TestImage(t *testing.T) {
	out := t.TempDir()
	server := httptest.NewServer(registry.New(registry.WithReferrersSupport(true), registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	reference := strings.TrimPrefix(server.URL, "http://") + "/aws-auth-guard:" + version
	m := makeInto(t, repository, out, reference)
	image := inLayout(t, out)

	t.Run("layout", func(t *testing.T) {
		if err := validate.Image(image); err != nil {
			t.Error(err)
		}
	})
	t.Run("size", func(t *testing.T) {
		packed, _, err := sizes(image)
		if err != nil || packed > sizeLimit {
			t.Errorf("%d bytes to pull, more than %d: %v", packed, sizeLimit, err)
		}
	})
	t.Run("configuration", func(t *testing.T) { checkConfiguration(t, image) })
	t.Run("files", func(t *testing.T) { checkFiles(t, image) })
	t.Run("SBOM", func(t *testing.T) { checkSBOM(t, filepath.Join(out, "sbom-"+runtime.GOARCH+".cdx.json")) })
	t.Run("tar", func(t *testing.T) {
		fromTar, err := tarball.ImageFromPath(filepath.Join(out, "aws-auth-guard-"+runtime.GOARCH+".tar"), &m.tag)
		if err != nil {
			t.Fatal(err)
		}
		a, errA := fromTar.ConfigName()
		b, errB := image.ConfigName()
		if a != b || errors.Join(errA, errB) != nil {
			t.Errorf("the tar holds %s, the layout %s: %v", a, b, errors.Join(errA, errB))
		}
	})
	t.Run("made elsewhere", func(t *testing.T) {
		elsewhere := filepath.Join(t.TempDir(), "a", "folder", "elsewhere")
		if err := program.CopySource(repository, elsewhere); err != nil {
			t.Fatal(err)
		}
		license := filepath.Join(elsewhere, "LICENSE")
		if err := os.WriteFile(license, []byte(read(t, filepath.Join(repository, "LICENSE"))), 0o600); err != nil {
			t.Fatal(err)
		}
		again := t.TempDir()
		makeInto(t, elsewhere, again, reference)
		if a, b := read(t, filepath.Join(out, "digest")), read(t, filepath.Join(again, "digest")); a != b {
			t.Errorf("the image has the digest %s, and made in another folder %s", a, b)
		}
		if a, b := read(t, filepath.Join(out, "layout", "index.json")), read(t, filepath.Join(again, "layout", "index.json")); a != b {
			t.Errorf("the layout is\n%s\nand made in another folder\n%s", a, b)
		}
	})
	t.Run("push", func(t *testing.T) { checkPush(t, m) })
}

// inLayout finds the image in the layout, by its tag.
func inLayout(t *testing.T, out string) v1.Image {
	t.Helper()
	index, err := layout.ImageIndexFromPath(filepath.Join(out, "layout"))
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range manifest.Manifests {
		if d.Annotations["org.opencontainers.image.ref.name"] != version {
			continue
		}
		if digest := strings.TrimSpace(read(t, filepath.Join(out, "digest"))); digest != d.Digest.String() {
			t.Errorf("the file digest has %s, the layout %s", digest, d.Digest)
		}
		platforms, err := index.ImageIndex(d.Digest)
		if err != nil {
			t.Fatal(err)
		}
		within, err := platforms.IndexManifest()
		if err != nil {
			t.Fatal(err)
		}
		if len(within.Manifests) != 1 || within.Manifests[0].Platform.String() != "linux/"+runtime.GOARCH {
			t.Fatalf("the index holds %+v", within.Manifests)
		}
		image, err := platforms.Image(within.Manifests[0].Digest)
		if err != nil {
			t.Fatal(err)
		}
		return image
	}
	t.Fatalf("the layout has no image of the tag %s", version)
	return nil
}

func checkConfiguration(t *testing.T, image v1.Image) {
	t.Helper()
	c, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if c.Config.User != "65532:65532" || strings.Join(c.Config.Entrypoint, " ") != "/webhook" || strings.Join(c.Config.Cmd, " ") != "serve" {
		t.Errorf("it runs %v %v as %s", c.Config.Entrypoint, c.Config.Cmd, c.Config.User)
	}
	if c.Config.Labels["org.opencontainers.image.version"] != version || c.Config.Labels["org.opencontainers.image.revision"] != revision {
		t.Errorf("its labels are %v", c.Config.Labels)
	}
	if c.OS != "linux" || c.Architecture != runtime.GOARCH || !c.Created.Equal(time.Unix(0, 0)) {
		t.Errorf("it is for %s/%s, of %s", c.OS, c.Architecture, c.Created)
	}
}

// checkFiles finds the three files in the image, none of them writable for its user, and runs the program.
func checkFiles(t *testing.T, image v1.Image) {
	t.Helper()
	layers, err := image.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("%d layers: %v", len(layers), err)
	}
	content, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	modes := map[string]int64{"licenses/LICENSE": 0o644, "licenses/NOTICES": 0o644, "webhook": 0o755, "kubectl-aws_auth": 0o755}
	r := tar.NewReader(content)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if mode, ok := modes[h.Name]; !ok || h.Mode != mode || h.Uid != 0 || h.Gid != 0 || h.Typeflag != tar.TypeReg {
			t.Errorf("the file %s is of the mode %o and belongs to %d:%d", h.Name, h.Mode, h.Uid, h.Gid)
		}
		delete(modes, h.Name)
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		switch h.Name {
		case "webhook", "kubectl-aws_auth":
			checkProgram(t, text)
		case "licenses/NOTICES":
			if !bytes.Contains(text, []byte("k8s.io/client-go ")) || !bytes.Contains(text, []byte("Apache License")) {
				t.Error("the notices do not name client-go and its license")
			}
		}
	}
	for name := range modes {
		t.Errorf("%s is missing", name)
	}
}

func checkProgram(t *testing.T, binary []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "webhook")
	if err := os.WriteFile(path, binary, 0o755); err != nil {
		t.Fatal(err)
	}
	output, err := exec.CommandContext(t.Context(), path, "version").CombinedOutput()
	if err != nil || !strings.Contains(string(output), version) {
		t.Errorf("it prints the version %s: %v", output, err)
	}
	if here, err := filepath.Abs(repository); err != nil || bytes.Contains(binary, []byte(here)) {
		t.Errorf("the program names the folder it was built in (%v)", err)
	}
}

func checkSBOM(t *testing.T, path string) {
	t.Helper()
	var document cyclonedx.BOM
	if err := cyclonedx.NewBOMDecoder(strings.NewReader(read(t, path)), cyclonedx.BOMFileFormatJSON).Decode(&document); err != nil {
		t.Fatal(err)
	}
	if document.Metadata.Component.Version != version {
		t.Errorf("it is about the version %s", document.Metadata.Component.Version)
	}
	licensed := map[string]bool{}
	for _, c := range *document.Components {
		licensed[c.Name] = c.Licenses != nil && len(*c.Licenses) > 0
	}
	for _, module := range []string{"std", "k8s.io/client-go", "go.yaml.in/yaml/v3"} {
		if !licensed[module] {
			t.Errorf("%s and its license are not in it", module)
		}
	}
	for module, ok := range licensed {
		if !ok {
			t.Errorf("%s is listed without a license", module)
		}
	}
}

// checkPush pushes to a registry, and finds the SBOM as one does who has the image alone.
func checkPush(t *testing.T, m *made) {
	t.Helper()
	if err := m.push(t.Context()); err != nil {
		t.Fatal(err)
	}
	pulled, err := remote.Image(m.tag, remote.WithContext(t.Context()), remote.WithPlatform(v1.Platform{OS: "linux", Architecture: runtime.GOARCH}))
	if err != nil {
		t.Fatal(err)
	}
	digest, err := pulled.Digest()
	if err != nil {
		t.Fatal(err)
	}
	referrers, err := remote.Referrers(m.tag.Digest(digest.String()), remote.WithContext(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := referrers.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(manifest.Manifests) != 1 || manifest.Manifests[0].ArtifactType != sbom.MediaType {
		t.Fatalf("the image is referred to by %+v", manifest.Manifests)
	}
	attached, err := remote.Image(m.tag.Digest(manifest.Manifests[0].Digest.String()), remote.WithContext(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	layers, err := attached.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("%d layers: %v", len(layers), err)
	}
	content, err := layers[0].Compressed()
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	var document struct{ BOMFormat string }
	if err := json.NewDecoder(content).Decode(&document); err != nil || document.BOMFormat != "CycloneDX" {
		t.Errorf("attached is %+v: %v", document, err)
	}
}

// TestSizeLimit wants an image that is too large to be an error and no surprise for those who pull it.
func TestSizeLimit(t *testing.T) {
	if err := checkSize(sizeLimit); err != nil {
		t.Error(err)
	}
	if err := checkSize(sizeLimit + 1); err == nil {
		t.Error("an image over the limit is made")
	}
}

func TestSourceDate(t *testing.T) {
	for text, seconds := range map[string]int64{"": 0, "0": 0, "1700000000": 1700000000} {
		if at, err := sourceDate(text); err != nil || at.Unix() != seconds {
			t.Errorf("%q: %v, %v", text, at, err)
		}
	}
	for _, text := range []string{"yesterday", "-1", "1.5"} {
		if at, err := sourceDate(text); err == nil {
			t.Errorf("%q is taken as %v", text, at)
		}
	}
}

// TestNames wants a name that no registry takes to be refused before anything is built.
func TestNames(t *testing.T) {
	o := options{root: t.TempDir(), out: t.TempDir(), name: "Not A Name", architectures: []string{"amd64"}}
	var bad *name.ErrBadName
	if _, err := o.make(t.Context()); !errors.As(err, &bad) {
		t.Errorf("it says %v", err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
