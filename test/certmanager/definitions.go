package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	clientset "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"
)

const (
	fieldManager = "cert-manager-test"
	// servedLimit bounds the wait for the API server to serve a new definition, which takes a second or so.
	servedLimit = time.Minute
)

// installDefinitions applies every definition of the folder and waits until the API server serves them.
func installDefinitions(ctx context.Context, config *rest.Config, directory string) error {
	client, err := clientset.NewForConfig(config)
	if err != nil {
		return err
	}
	paths, err := filepath.Glob(filepath.Join(directory, "*.yaml"))
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		return fmt.Errorf("%s holds no .yaml file", directory)
	}
	names := make([]string, 0, len(paths))
	for _, path := range paths {
		name, err := applyDefinition(ctx, client, path)
		if err != nil {
			return fmt.Errorf("installing %s: %w", filepath.Base(path), err)
		}
		names = append(names, name)
	}
	for _, name := range names {
		if err := awaitServed(ctx, client, name); err != nil {
			return fmt.Errorf("waiting until %s is served: %w", name, err)
		}
	}
	return nil
}

func applyDefinition(ctx context.Context, client clientset.Interface, path string) (name string, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	patch, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return "", err
	}
	var definition apiextensions.CustomResourceDefinition
	if err := yaml.Unmarshal(text, &definition); err != nil {
		return "", err
	}
	force := true
	_, err = client.ApiextensionsV1().CustomResourceDefinitions().Patch(ctx, definition.Name, types.ApplyPatchType, patch,
		metav1.PatchOptions{FieldManager: fieldManager, Force: &force})
	return definition.Name, err
}

func awaitServed(ctx context.Context, client clientset.Interface, name string) error {
	return wait.PollUntilContextTimeout(ctx, 200*time.Millisecond, servedLimit, true, func(ctx context.Context) (bool, error) {
		definition, err := client.ApiextensionsV1().CustomResourceDefinitions().Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		for _, condition := range definition.Status.Conditions {
			if condition.Type == apiextensions.Established && condition.Status == apiextensions.ConditionTrue {
				return true, nil
			}
		}
		return false, nil
	})
}
