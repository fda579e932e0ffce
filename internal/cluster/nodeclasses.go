package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/misread"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// NodeClassKind is a kind of node class, with the resource in which the cluster keeps it.
type NodeClassKind struct {
	Kind     validate.NodeClassKind
	Resource schema.GroupVersionResource
}

// CRD is the name of the CustomResourceDefinition.
func (k *NodeClassKind) CRD() string { return k.Resource.GroupResource().String() }

// NodeClassKinds are all that name the role of the nodes that they start.
func NodeClassKinds() []NodeClassKind {
	return []NodeClassKind{
		{validate.EC2NodeClass, schema.GroupVersionResource{Group: "karpenter.k8s.aws", Version: "v1", Resource: "ec2nodeclasses"}},
		{validate.AutoNodeClass, schema.GroupVersionResource{Group: "eks.amazonaws.com", Version: "v1", Resource: "nodeclasses"}},
	}
}

// nodeClass is what is read of a node class.
type nodeClass struct {
	Metadata struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		Role string `json:"role"`
	} `json:"spec"`
}

// NodeClasses lists the node classes of a cluster. A kind that the cluster does not have costs one request.
func NodeClasses(ctx context.Context, client kubernetes.Interface) (validate.NodeClasses, error) {
	all := validate.NodeClasses{}
	for _, kind := range NodeClassKinds() {
		list, err := kind.list(ctx, client)
		if err != nil {
			return nil, err
		}
		for _, c := range list {
			all = append(all, validate.NodeClass{Kind: kind.Kind, Name: c.Metadata.Name, Role: c.Spec.Role})
		}
	}
	return all, nil
}

func (k *NodeClassKind) list(ctx context.Context, client kubernetes.Interface) ([]nodeClass, error) {
	group := "/apis/" + k.Resource.GroupVersion().String()
	answer := client.Discovery().RESTClient().Get().AbsPath(group+"/"+k.Resource.Resource).
		Param("resourceVersion", fromCache).SetHeader("Accept", runtime.ContentTypeJSON).Do(ctx)
	raw, err := answer.Raw()
	if apierrors.IsForbidden(err) && k.absent(ctx, client, group) {
		return nil, nil
	}
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, err
	}
	var list struct {
		Items []nodeClass `json:"items"`
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("the list of %s can't be read: %s", k.CRD(), misread.JSON("", 0, err))
	}
	return list.Items, nil
}

// absent reports whether the cluster does not have a kind, for one who may not list it: everybody may ask that.
func (k *NodeClassKind) absent(ctx context.Context, client kubernetes.Interface, group string) bool {
	var status int
	client.Discovery().RESTClient().Get().AbsPath(group).Do(ctx).StatusCode(&status)
	return status == http.StatusNotFound
}
