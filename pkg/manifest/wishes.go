package manifest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

// Wish is an object that asks a controller for an access entry, an access policy of one, or an authentication mode. It says what
// somebody wants, and never what is.
type Wish struct {
	// Object names it: "AccessEntry team/dev (ACK)".
	Object string
	// Cluster is the name of the EKS cluster, "" where the object does not say it.
	Cluster string
	// Entry is the access entry, nil where the object asks for none. One with policies alone has no type.
	Entry *snapshot.Entry
	// Mode is the authentication mode, "" where the object asks for none.
	Mode snapshot.Mode
	// Line of the file where it begins.
	Line int
}

// asksForEntries is what a text holds that may have a wish.
var asksForEntries = regexp.MustCompile(`AccessEntry|AccessPolicyAssociation|AWSManagedControlPlane`)

// Wishes are those of a text, as the controllers ACK, Crossplane and Cluster API take them. What another tool has yet to fill in
// is left out, and so is what can't be read.
func Wishes(text string) []Wish {
	if !asksForEntries.MatchString(text) {
		return nil
	}
	var found []Wish
	chunks, _ := split(text)
	for _, c := range chunks {
		part := text[c.Start:c.End]
		var root yaml.Node
		if !asksForEntries.MatchString(part) || yaml.Unmarshal([]byte(part), &root) != nil || len(root.Content) == 0 {
			continue
		}
		w := wisher{above: strings.Count(text[:c.Start], "\n")}
		w.objects(root.Content[0])
		found = append(found, w.found...)
	}
	return found
}

type wisher struct {
	reader
	above int
	found []Wish
}

// objects reads an object, or those of a List.
func (w *wisher) objects(n *yaml.Node) {
	o := w.asObject(n)
	if list := o.get("items"); strings.HasSuffix(o.kind, "List") && list != nil {
		for _, item := range list.Content {
			w.objects(item)
		}
		return
	}
	switch {
	case o.group == "eks.services.k8s.aws" && o.kind == "AccessEntry":
		w.entry(o, "ACK", w.fields(o.get("spec")), "principalARN", "username")
	case slices.Contains([]string{"eks.aws.upbound.io", "eks.aws.m.upbound.io"}, o.group):
		of := w.fields(w.get(o.get("spec"), "forProvider"))
		switch o.kind {
		case "AccessEntry":
			w.entry(o, "Crossplane", of, "principalArn", "userName")
		case "AccessPolicyAssociation":
			e := &snapshot.Entry{PrincipalARN: of.text("principalArn")}
			if p := (snapshot.Policy{ARN: of.text("policyArn"), Scope: w.scope(of.get("accessScope"))}); p.ARN != "" {
				e.Policies = append(e.Policies, p)
			}
			w.add(o, "Crossplane", Wish{Cluster: of.text("clusterName"), Entry: e})
		}
	case capaCarrier().is(nil, o):
		w.controlPlane(o)
	}
}

// controlPlane reads the mode and the access entries of a control plane of Cluster API's provider for AWS.
func (w *wisher) controlPlane(o object) {
	spec := w.fields(o.get("spec"))
	if template := w.get(w.get(o.get("spec"), "template"), "spec"); template != nil {
		spec = w.fields(template)
	}
	cluster := spec.text("eksClusterName")
	if mode := text(w.get(spec.get("accessConfig"), "authenticationMode")); mode != "" {
		w.add(o, "Cluster API", Wish{Cluster: cluster, Mode: snapshot.Mode(strings.ToUpper(mode))})
	}
	for _, item := range items(spec.get("accessEntries")) {
		of := w.fields(item)
		e := w.read(of, "principalARN", "username")
		e.Type = snapshot.Type(strings.ToUpper(string(e.Type)))
		at := o
		at.node = item
		w.add(at, "Cluster API", Wish{Cluster: cluster, Entry: e})
	}
}

func (w *wisher) entry(o object, tool string, of fields, principal, username string) {
	w.add(o, tool, Wish{Cluster: of.text("clusterName"), Entry: w.read(of, principal, username)})
}

// read reads the fields of an access entry, which the tools spell in two ways.
func (w *wisher) read(of fields, principal, username string) *snapshot.Entry {
	e := &snapshot.Entry{PrincipalARN: of.text(principal), Type: snapshot.Standard, Username: of.text(username)}
	if kind := of.text("type"); kind != "" {
		e.Type = snapshot.Type(kind)
	}
	for _, g := range items(of.get("kubernetesGroups")) {
		e.Groups = append(e.Groups, text(g))
	}
	for _, item := range items(of.get("accessPolicies")) {
		e.Policies = append(e.Policies, snapshot.Policy{ARN: text(w.get(item, "policyARN")), Scope: w.scope(w.get(item, "accessScope"))})
	}
	return e
}

// scope of an access policy, which Crossplane may have in a list of one.
func (w *wisher) scope(n *yaml.Node) snapshot.Scope {
	if n != nil && n.Kind == yaml.SequenceNode && len(n.Content) == 1 {
		n = n.Content[0]
	}
	s := snapshot.Scope{Type: strings.ToLower(text(w.get(n, "type")))}
	for _, name := range items(w.get(n, "namespaces")) {
		s.Namespaces = append(s.Namespaces, text(name))
	}
	return s
}

// add keeps a wish, if it says for whom it is.
func (w *wisher) add(o object, tool string, wish Wish) {
	metadata := w.fields(o.get("metadata"))
	name := metadata.text("name")
	if namespace := metadata.text("namespace"); namespace != "" {
		name = namespace + "/" + name
	}
	wish.Object = fmt.Sprintf("%s %s (%s)", o.kind, name, tool)
	wish.Line = w.above + o.node.Line
	if e := wish.Entry; e != nil {
		values := append([]string{e.PrincipalARN, string(e.Type), e.Username}, e.Groups...)
		if e.PrincipalARN == "" || slices.ContainsFunc(values, filledIn.MatchString) && !isEntryTemplate(values) {
			return
		}
	}
	w.found = append(w.found, wish)
}

// isEntryTemplate reports whether all that looks like a template is one of EKS.
func isEntryTemplate(values []string) bool {
	return !slices.ContainsFunc(values, func(v string) bool {
		return filledIn.MatchString(eksTemplate.ReplaceAllString(v, ""))
	})
}

// eksTemplate is one that aws-auth or an access entry may have.
var eksTemplate = regexp.MustCompile(`\{\{(?:SessionName|SessionNameRaw|EC2PrivateDNSName|AccountID|AccessKeyID)\}\}`)
