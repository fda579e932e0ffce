package follow

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-logr/logr/testr"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
	"github.com/aws-auth-guard/aws-auth-guard/test/await"
)

func run(t *testing.T, r *File[*policy.Policy]) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

func TestReloaderFollowsAMountedConfigMap(t *testing.T) {
	// The kubelet keeps the files in a folder of their own and swaps the link ..data.
	dir := t.TempDir()
	publish := func(name, text string) {
		t.Helper()
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name, "policy.yaml"), text)
		if err := os.Symlink(name, filepath.Join(dir, "..data_tmp")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")); err != nil {
			t.Fatal(err)
		}
	}
	publish("..1", header+"profile: audit\n")
	path := filepath.Join(dir, "policy.yaml")
	if err := os.Symlink(filepath.Join("..data", "policy.yaml"), path); err != nil {
		t.Fatal(err)
	}

	r, err := Policy(path, testr.New(t))
	if err != nil {
		t.Fatal(err)
	}
	run(t, r)
	if r.Current().Profile != validate.Audit || r.Generation() != 1 {
		t.Fatalf("at start: %+v, generation %d", r.Current(), r.Generation())
	}

	publish("..2", header+"profile: strict\n")
	await.True(t, "the new policy is in force", func() bool { return r.Current().Profile == validate.Strict })
	if r.Generation() != 2 || r.LastError() != nil {
		t.Errorf("generation %d, error %v", r.Generation(), r.LastError())
	}

	publish("..3", header+"profile: strictest\n")
	await.True(t, "the bad policy is reported", func() bool { return r.LastError() != nil })
	if r.Current().Profile != validate.Strict || r.Generation() != 2 {
		t.Errorf("a bad policy took the good one's place: %+v, generation %d", r.Current(), r.Generation())
	}
	if err := r.LastError().Error(); !strings.Contains(err, `policy.yaml:3:10: unknown profile "strictest"`) {
		t.Errorf("LastError = %s", err)
	}

	publish("..4", "")
	await.True(t, "the empty policy is in force", func() bool { return r.Generation() == 3 })
	if r.Current().Profile != validate.Standard || r.LastError() != nil {
		t.Errorf("after the repair: %+v, %v", r.Current(), r.LastError())
	}

	if err := os.Remove(filepath.Join(dir, "..data")); err != nil {
		t.Fatal(err)
	}
	await.True(t, "the missing file is reported", func() bool { return r.LastError() != nil })
	if r.Generation() != 3 {
		t.Errorf("a missing file changed the policy: generation %d", r.Generation())
	}
}

func TestReloaderFollowsAFileThatIsWrittenInPlace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policy.yaml")
	write(t, path, "")
	r, err := Policy(path, testr.New(t))
	if err != nil {
		t.Fatal(err)
	}
	run(t, r)
	write(t, path, header+"profile: audit\n")
	await.True(t, "the new policy is in force", func() bool { return r.Current().Profile == validate.Audit })
}

func TestABadPolicyAtStartIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policy.yaml")
	if _, err := Policy(path, testr.New(t)); err == nil {
		t.Error("a missing file is no error")
	}
	write(t, path, header+"profile: x\n")
	if _, err := Policy(path, testr.New(t)); err == nil || !strings.Contains(err.Error(), path+":3:10: ") {
		t.Errorf("New: %v", err)
	}
}

func TestWithoutAFileTheDefaultPolicyIsInForce(t *testing.T) {
	r, err := Policy("", testr.New(t))
	if err != nil {
		t.Fatal(err)
	}
	run(t, r)
	if r.Current().Profile != validate.Standard || r.Generation() != 1 || r.LastError() != nil {
		t.Errorf("%+v, generation %d, %v", r.Current(), r.Generation(), r.LastError())
	}
}

const header = "apiVersion: aws-auth-guard.dev/v1alpha1\nkind: GuardPolicy\n"

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
