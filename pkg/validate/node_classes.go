package validate

import (
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// NodeClasses are the node classes of a cluster. Nil is not known; a cluster that has none has an empty list.
type NodeClasses []NodeClass

// NodeClass is what starts nodes with a role: an EC2NodeClass of Karpenter, or a NodeClass of EKS Auto Mode.
type NodeClass struct {
	Kind NodeClassKind `json:"kind"`
	Name string        `json:"name"`
	// Role is the role's name as the class has it. A class that names an instance profile has none: which role its nodes
	// come with is not known then.
	Role string `json:"role,omitempty"`
}

// NodeClassKind is the kind of a node class.
type NodeClassKind string

// The kinds of node classes.
const (
	EC2NodeClass  NodeClassKind = "EC2NodeClass"
	AutoNodeClass NodeClassKind = "NodeClass"
)

// types are the types of access entries by which the nodes of a class come in.
func (k NodeClassKind) types() []snapshot.Type {
	if k == AutoNodeClass {
		return []snapshot.Type{snapshot.EC2}
	}
	return []snapshot.Type{snapshot.EC2Linux, snapshot.EC2Windows}
}

// String names the class in messages.
func (c *NodeClass) String() string { return string(c.Kind) + " " + quote(c.Name) }

// roleName is the name of a role as IAM compares it: a path, or a whole ARN, is not part of it.
func roleName(role string) string {
	return strings.ToLower(role[strings.LastIndexByte(role, '/')+1:])
}

// naming are the classes that name the role of an ARN.
func (n NodeClasses) naming(principal string) NodeClasses {
	p, err := arn.ParsePrincipal(principal)
	if err != nil || p.Kind != arn.Role {
		return nil
	}
	return n.that(func(c *NodeClass) bool { return c.Role != "" && roleName(c.Role) == roleName(p.Name) })
}

// unnamed are the classes that name no role.
func (n NodeClasses) unnamed() NodeClasses {
	return n.that(func(c *NodeClass) bool { return c.Role == "" })
}

func (n NodeClasses) that(is func(*NodeClass) bool) NodeClasses {
	var list NodeClasses
	for i := range n {
		if is(&n[i]) {
			list = append(list, n[i])
		}
	}
	return list
}

// maxClassesNamed bounds the classes that a message names.
const maxClassesNamed = 3

// String names the classes, sorted.
func (n NodeClasses) String() string {
	names := make([]string, len(n))
	for i := range n {
		names[i] = n[i].String()
	}
	slices.Sort(names)
	return text.Some(names, maxClassesNamed)
}
