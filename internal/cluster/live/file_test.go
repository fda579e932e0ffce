package live

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// FuzzAsFile: the file that shows an object holds the texts of the object, whatever they are.
func FuzzAsFile(f *testing.F) {
	for _, text := range []string{
		"", "[]", "- rolearn: x\n", "\n\n x\n  y", " x", "\tx\n", "x\r\ny\r", "---\nx", "...\n", "{{- if .x }}\n${x}\n", "\u2028\u0085\ufeff", "\x00\x1b[2K\x7f",
		"yes", "~", "<<", "a: b #c", "|", "\n---\n", "x  \ny ", "\"", "'", "\\", "\U0001f600",
	} {
		f.Add(text, "2")
		f.Add(text, "")
	}
	f.Fuzz(func(t *testing.T, text, version string) {
		text = string([]rune(text)) // the API server stores UTF-8
		cm := &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Namespace: awsauth.Namespace, Name: awsauth.Name, ResourceVersion: version, Annotations: map[string]string{"a": text}},
			Data:       map[string]string{"mapRoles": text, "mapUsers": "[]"}, BinaryData: map[string][]byte{"x": []byte(text)},
		}
		if _, d, err := AsFile("x", cm); err != nil || d.Data["mapRoles"] != text {
			t.Errorf("%q: %v", text, err)
		}
	})
}
