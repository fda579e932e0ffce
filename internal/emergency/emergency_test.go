package emergency

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestThePageSaysTheSame holds that docs/emergency.md stands the guard down by the very command that messages print.
// test/companion runs the page's command on an API server.
func TestThePageSaysTheSame(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "emergency.md"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "\n## Stand the guard down\n\n```sh\n"+StandDown+"\n```\n") {
		t.Errorf("docs/emergency.md does not stand the guard down by\n%s", StandDown)
	}
	if !strings.HasSuffix(Page, "/docs/emergency.md") {
		t.Errorf("the page is %s", Page)
	}
}
