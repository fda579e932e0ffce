package nodeclass

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
	"github.com/aws-auth-guard/aws-auth-guard/test/await"
)

//go:embed nodeclass.yaml
var autoMode []byte

const (
	karpenter = "github.com/aws/karpenter-provider-aws"
	// definition is its CustomResourceDefinition.
	definition = "pkg/apis/crds/karpenter.k8s.aws_ec2nodeclasses.yaml"
)

// Definitions are the CustomResourceDefinitions; root is the folder of the repository.
func Definitions(ctx context.Context, root string) ([]*unstructured.Unstructured, error) {
	command := exec.CommandContext(ctx, "go", "mod", "download", "-json", karpenter)
	command.Dir = filepath.Join(root, "test/karpenter")
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", command, err, out)
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		return nil, err
	}
	ec2, err := os.ReadFile(filepath.Join(module.Dir, definition))
	if err != nil {
		return nil, err
	}
	var all []*unstructured.Unstructured
	for _, text := range [][]byte{ec2, autoMode} {
		o := &unstructured.Unstructured{}
		if err := yaml.Unmarshal(text, &o.Object); err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, nil
}

// Cluster has the definitions, and takes classes.
type Cluster struct{ objects dynamic.Interface }

// Install installs the definitions, and removes them with all classes when the test ends.
func Install(t *testing.T, config *rest.Config, root string) *Cluster {
	t.Helper()
	c := &Cluster{objects: dynamic.NewForConfigOrDie(config)}
	crds := c.objects.Resource(schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"})
	definitions, err := Definitions(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range definitions {
		if _, err := crds.Create(t.Context(), d, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			ctx := context.WithoutCancel(t.Context())
			if err := crds.Delete(ctx, d.GetName(), metav1.DeleteOptions{}); err != nil {
				t.Error(err)
			}
			await.Success(t, "the end of "+d.GetName(), func() error {
				if _, err := crds.Get(ctx, d.GetName(), metav1.GetOptions{}); !apierrors.IsNotFound(err) {
					return fmt.Errorf("it is still there: %w", err)
				}
				return nil
			})
		})
	}
	for _, kind := range []validate.NodeClassKind{validate.EC2NodeClass, validate.AutoNodeClass} {
		await.Success(t, "the kind "+string(kind), func() error {
			_, err := c.objects.Resource(resource(kind)).List(t.Context(), metav1.ListOptions{})
			return err
		})
	}
	return c
}

// Create makes a node class of a role, or without one of an instance profile.
func (c *Cluster) Create(t *testing.T, kind validate.NodeClassKind, name, role string) {
	t.Helper()
	spec := map[string]any{"role": role}
	if role == "" {
		spec = map[string]any{"instanceProfile": "eks-profile"}
	}
	id := func(id string) []any { return []any{map[string]any{"id": id}} }
	spec["subnetSelectorTerms"], spec["securityGroupSelectorTerms"] = id("subnet-0123456789abcdef0"), id("sg-0123456789abcdef0")
	if kind == validate.EC2NodeClass {
		spec["amiSelectorTerms"] = []any{map[string]any{"alias": "al2023@latest"}}
	}
	api := resource(kind)
	o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": api.GroupVersion().String(), "kind": string(kind), "spec": spec}}
	o.SetName(name)
	if _, err := c.objects.Resource(api).Create(t.Context(), o, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// Delete removes a node class.
func (c *Cluster) Delete(t *testing.T, kind validate.NodeClassKind, name string) {
	t.Helper()
	if err := c.objects.Resource(resource(kind)).Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
}

func resource(kind validate.NodeClassKind) schema.GroupVersionResource {
	if kind == validate.EC2NodeClass {
		return schema.GroupVersionResource{Group: "karpenter.k8s.aws", Version: "v1", Resource: "ec2nodeclasses"}
	}
	return schema.GroupVersionResource{Group: "eks.amazonaws.com", Version: "v1", Resource: "nodeclasses"}
}
