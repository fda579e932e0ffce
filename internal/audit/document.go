package audit

import (
	"encoding/json"
	"maps"
	"reflect"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

const (
	// ReportName is that of the report, in the namespace of the map.
	ReportName = "aws-auth-guard"
	// source is what the report says it comes from, and the policy that its results belong to.
	source = "aws-auth-guard"
	// maxResults bounds the results of a report, and maxBytes what they take as JSON: etcd's limit is 1.5 MiB, and the API
	// server keeps who owns which field besides.
	maxResults = 500
	maxBytes   = 768 << 10
	// leftOut is the annotation that says how many results there are more.
	leftOut = "aws-auth-guard.dev/results-left-out"
)

// API is one kind of report. The two differ in their names and in little else.
type API struct {
	// Name is that of the flag --report-api.
	Name     string
	Resource schema.GroupVersionResource
	Kind     string
	// source is set where the report as a whole says where it comes from.
	source bool
}

// CRD is the name of the CustomResourceDefinition.
func (a *API) CRD() string { return a.Resource.Resource + "." + a.Resource.Group }

// APIs are the kinds of reports, the preferred one first.
func APIs() []API {
	return []API{
		{
			Name: "openreports", Kind: "Report", source: true,
			Resource: schema.GroupVersionResource{Group: "openreports.io", Version: "v1alpha1", Resource: "reports"},
		},
		{
			Name: "wgpolicy", Kind: "PolicyReport",
			Resource: schema.GroupVersionResource{Group: "wgpolicyk8s.io", Version: "v1alpha2", Resource: "policyreports"},
		},
	}
}

// Document writes an evaluation as a report of one kind. old is the report as it is in the cluster, nil for none: what is
// not of the guard is kept, and a result that was there before keeps its time. changed is false where the old one says all
// of it already. owner is what the report goes with, nil for nothing.
func (e *Evaluation) Document(api *API, owner *metav1.OwnerReference, old *unstructured.Unstructured, now time.Time) (doc *unstructured.Unstructured, changed bool, err error) {
	doc = &unstructured.Unstructured{Object: map[string]any{}}
	if old != nil {
		doc = old.DeepCopy()
	}
	doc.SetAPIVersion(api.Resource.GroupVersion().String())
	doc.SetKind(api.Kind)
	doc.SetNamespace(awsauth.Namespace)
	doc.SetName(ReportName)
	doc.SetLabels(with(doc.GetLabels(), map[string]string{
		"app.kubernetes.io/name": "aws-auth-guard", "app.kubernetes.io/component": "auditor",
		"app.kubernetes.io/part-of": "aws-auth-guard", "app.kubernetes.io/managed-by": "aws-auth-guard",
	}))
	if owner != nil {
		doc.SetOwnerReferences([]metav1.OwnerReference{*owner})
	}
	annotations := doc.GetAnnotations()
	delete(annotations, leftOut)
	results := e.documentResults(times(old), now)
	if over := len(e.Results) - len(results); over > 0 {
		annotations = with(annotations, map[string]string{leftOut: strconv.Itoa(over)})
	}
	doc.SetAnnotations(annotations)
	subject := map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "namespace": awsauth.Namespace, "name": awsauth.Name}
	if e.Map != nil && e.Map.UID != "" {
		subject["uid"] = string(e.Map.UID)
	}
	doc.Object["scope"] = subject
	doc.Object["summary"] = e.summary()
	if api.source {
		doc.Object["source"] = source
	}
	doc.Object["results"] = results
	// As the API server gives it: then it can be compared.
	text, err := json.Marshal(doc)
	if err != nil {
		return nil, false, err
	}
	doc = &unstructured.Unstructured{}
	if err := doc.UnmarshalJSON(text); err != nil {
		return nil, false, err
	}
	return doc, old == nil || !reflect.DeepEqual(doc.Object, old.Object), nil
}

func with(old, more map[string]string) map[string]string {
	merged := map[string]string{}
	for _, m := range []map[string]string{old, more} {
		maps.Copy(merged, m)
	}
	return merged
}

// summary counts all results, also those that the report leaves out.
func (e *Evaluation) summary() map[string]any {
	counts := map[Outcome]int64{}
	for i := range e.Results {
		counts[e.Results[i].Outcome]++
	}
	return map[string]any{
		"pass": counts[Pass], "fail": counts[Fail], "warn": counts[Warn], "skip": counts[Skip], "error": int64(0),
	}
}

// documentResults are as many results as there is room for, the gravest first.
func (e *Evaluation) documentResults(times map[string]any, now time.Time) []any {
	list := []any{}
	size := 0
	for i := range e.Results[:min(len(e.Results), maxResults)] {
		r := &e.Results[i]
		properties := map[string]any{}
		for name, value := range r.Properties {
			properties[name] = value
		}
		result := map[string]any{
			"source": source, "policy": source, "category": r.Category, "result": string(r.Outcome), "severity": string(r.Severity),
			"message": r.Message, "properties": properties, "scored": r.Outcome == Fail || r.Outcome == Pass,
		}
		if r.Rule != "" {
			result["rule"] = r.Rule
		}
		who := identity(result)
		if size += len(who); size > maxBytes {
			break
		}
		at, ok := times[who]
		if !ok {
			at = map[string]any{"seconds": now.Unix(), "nanos": int64(0)}
		}
		result["timestamp"] = at
		list = append(list, result)
	}
	return list
}

// times are those of the results of a report, by all that they say.
func times(old *unstructured.Unstructured) map[string]any {
	found := map[string]any{}
	if old == nil {
		return found
	}
	results, _, _ := unstructured.NestedSlice(old.Object, "results")
	for _, r := range results {
		if result, ok := r.(map[string]any); ok && result["timestamp"] != nil {
			at := result["timestamp"]
			delete(result, "timestamp")
			found[identity(result)] = at
		}
	}
	return found
}

func identity(result map[string]any) string {
	// Maps of strings and booleans can always be written, with sorted keys.
	text, _ := json.Marshal(result) //nolint:errchkjson // See above.
	return string(text)
}
