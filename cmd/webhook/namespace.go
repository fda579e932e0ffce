package main

import (
	"fmt"
	"os"
	"strings"
)

// serviceAccountNamespace is where the kubelet puts the namespace of a pod
// (k8s.io/kubernetes v1.37.2, plugin/pkg/admission/serviceaccount).
const serviceAccountNamespace = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// ownNamespace is the one given, else the one that the file names.
func ownNamespace(given, file string) (string, error) {
	if given != "" {
		return given, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("--namespace is not given, and there is no service account to take it from: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}
