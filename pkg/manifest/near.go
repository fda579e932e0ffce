package manifest

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// nearName reports a name that is meant to be aws-auth: in another case, or with other marks between its words.
func nearName(name string) bool {
	return strings.NewReplacer("-", "", "_", "", ".", "", " ", "").Replace(strings.ToLower(name)) == "awsauth"
}

// fromKubectl reports whether an object goes to kubectl or Helm as it is. A patch needs no version, and other tools know it.
func (r *reader) fromKubectl() bool {
	return (r.origin == written || r.origin == rendered) && r.aim == untold && !r.versioned
}

// isNearConfigMap reports an object named aws-auth that holds texts of the map and is of a kind that was meant to be a ConfigMap.
func (r *reader) isNearConfigMap(o object) bool {
	if !slices.Contains([]string{"configmap", "configmaps", "config-map", "secret"}, strings.ToLower(o.kind)) || r.fields(o.get("metadata")).text("name") != awsauth.Name {
		return false
	}
	return r.fields(o.get("data")).hasMapText() || r.fields(o.get("stringData")).hasMapText()
}

// wrongKind reports a ConfigMap that kubectl refuses for its kind or version, or that is no ConfigMap.
func (r *reader) wrongKind(o object, data *yaml.Node) {
	version := o.get("apiVersion")
	switch {
	case o.kind == kindSecret:
		r.shapeProblem(r.span(o.get("kind")), "", "EKS reads aws-auth from a ConfigMap, never from a Secret", "write `kind: ConfigMap`, with the texts under `data:`")
	case o.kind != kindConfigMap && o.kind != "":
		r.shapeProblem(r.span(o.get("kind")), "", fmt.Sprintf("there is no kind %s, so kubectl refuses it", o.kind), "write `kind: ConfigMap`")
	case version == nil && o.kind == kindConfigMap && r.fromKubectl() && r.fields(data).hasMapText():
		r.shapeProblem(r.span(o.get("kind")), "", "the ConfigMap has no apiVersion, so kubectl refuses it", "add `apiVersion: v1`")
	case version != nil && text(version) != "v1" && r.origin == written && r.fields(data).hasMapText() && !token.MatchString(text(version)):
		r.shapeProblem(r.span(version), "", fmt.Sprintf("there is no ConfigMap in %s, so kubectl refuses it", text(version)), "write `apiVersion: v1`")
	}
}
