package hostile_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/test/await"
)

// TestALogThatNobodyReadsHoldsUpNobody: a pipe that is full, as a container's is whose runtime is stuck or has no space left.
func TestALogThatNobodyReadsHoldsUpNobody(t *testing.T) {
	for _, read := range []bool{true, false} {
		reader, writer, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = reader.Close() }) // Not before the program has ended.
		log := &buffer{}
		p := startWithLog(t, writer, log)
		// The pipe takes a few hundred of the lines, the program keeps a thousand more.
		const edits = 1800
		for i := range edits {
			ctx, cancel := context.WithTimeout(t.Context(), await.Patience)
			status, answer, err := p.post(ctx, "/validate", review(refused))
			cancel()
			if err != nil || status != http.StatusOK || answer.Allowed {
				t.Fatalf("edit %d: status %d, %+v, %v", i, status, answer, err)
			}
		}
		if err := writer.Close(); err != nil { // The program has its own.
			t.Fatal(err)
		}
		if !read {
			continue // It ends nevertheless.
		}
		go func() { _, _ = io.Copy(log, reader) }()
		await.True(t, "the log goes on and says what it lost", func() bool {
			p.checkServes(t)
			return strings.Contains(log.String(), `"msg":"log lines are lost: the log is not read fast enough","lines":`)
		})
		await.True(t, "what was kept is in the log", func() bool { return strings.Count(log.String(), `"msg":"decision"`) > 1000 })
	}
}
