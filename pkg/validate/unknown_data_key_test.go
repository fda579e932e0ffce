package validate

import (
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// TestBinaryData: what stands under binaryData belongs under data, as text and not as base64.
func TestBinaryData(t *testing.T) {
	for key, want := range map[string]string{
		"mapRoles": `EKS does not read binaryData; move "mapRoles" to data, as plain text`,
		"mapRole":  `EKS does not read binaryData; move "mapRole" to data, as plain text and with the name mapRoles`,
		"mapusers": `EKS does not read binaryData; move "mapusers" to data, as plain text and with the name mapUsers`,
	} {
		var said []string
		for _, f := range Check(awsauth.ReadAll(nil, map[string][]byte{key: []byte("[]")}), Options{}) {
			if f.Rule == "unknown-data-key" {
				said = append(said, f.Sentence().Text)
			}
		}
		if len(said) != 1 || said[0] != want {
			t.Errorf("%s: %q, want %q", key, said, want)
		}
	}
}
