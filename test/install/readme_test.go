package install

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// root is the repository, from the folder of this package. The README's commands are run there.
const root = "../.."

// readme runs the commands of a block of the README, word for word, in a shell with Helm, kubectl and the plugin on its
// PATH, and gives what they print.
func (s *site) readme(t *testing.T, block string) result {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "<!-- tested: "+block+" -->\n```sh\n")
	commands, _, ended := strings.Cut(rest, "```\n")
	if !found || !ended {
		t.Fatalf("the README has no block %q", block)
	}
	path := strings.Join([]string{filepath.Dir(s.Programs.Helm4), filepath.Dir(s.kubectl), s.plugin(t), os.Getenv("PATH")}, string(os.PathListSeparator))
	r := s.run(t, "/bin/sh", "", []string{"PATH=" + path}, "-c", "cd "+root+"\nset -ex\n"+commands)
	if r.code != 0 {
		t.Fatalf("the README's block %q: %s\n%s", block, r, s.pods(t))
	}
	return r
}

// plugin builds the kubectl plugin and gives its folder.
func (s *site) plugin(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(s.dir, "plugin")
	build := s.run(t, "go", "", []string{"CGO_ENABLED=0", "HOME=" + os.Getenv("HOME")}, "build", "-trimpath", "-o", folder+"/", "../../cmd/kubectl-aws_auth")
	if build.code != 0 {
		t.Fatal(build)
	}
	return folder
}

// readmeInstalls installs by the README alone, with a block of its own, tries what it says to try, and uninstalls.
func (s *site) readmeInstalls(t *testing.T, helm, block string) {
	t.Helper()
	s.readme(t, block)
	s.reset(t)
	r := s.readme(t, "after")
	for _, want := range []string{"Phase:", "Succeeded", "system:node:{{EC2PrivateDNSName}}"} {
		if !strings.Contains(r.output, want) {
			t.Errorf("after the install %q is not to be seen:\n%s", want, r)
		}
	}
	s.guarded(t, "readme")
	s.uninstall(t, helm)
}
