package lint

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// TestRemovals: a patch or a request that takes the map away is a finding where it says so, or a note.
func TestRemovals(t *testing.T) {
	const (
		meta      = "kind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\n"
		event     = `{"kind":"Event","apiVersion":"audit.k8s.io/v1","stage":"ResponseComplete",`
		ref       = `"objectRef":{"resource":"configmaps","namespace":"kube-system","name":"aws-auth","apiVersion":"v1"}`
		kustomize = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\npatches:\n"
		flux      = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: x}\nspec:\n  patches:\n"
		release   = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: x}\nspec:\n  postRenderers:\n  - kustomize:\n      patchesStrategicMerge:\n"
		argo      = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: x}\nspec:\n  source:\n    kustomize:\n      patches:\n"
		target    = "target: {kind: ConfigMap, name: aws-auth}"
		kept      = `"- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n"`
		cdk       = `{"Resources":{"P":{"Type":"Custom::AWSCDK-EKS-KubernetesPatch","Properties":{"ResourceName":"configmap/aws-auth","ResourceNamespace":"kube-system","ApplyPatchJson":%q}}}}`
	)
	const gone, empty, roles = "deleting aws-auth removes all", "this edit empties aws-auth", "this edit drops mapRoles"
	op := func(ops ...string) string { return "[" + strings.Join(ops, ",") + "]" }
	for _, tt := range []struct {
		name, text string
		// want begins the message of the only finding, at what the line of the file begins with from the place on.
		want, at string
		notes    int
		// named is set where only a file that is named is known to be about the map.
		named bool
	}{
		{name: "merge patch of the key", text: `{"data":{"mapRoles":null}}`, want: roles, at: "null"},
		{name: "merge patch of the key as YAML", text: "data:\n  mapRoles: null\n", want: roles, at: "null"},
		{name: "merge patch of another key", text: `{"data":{"mapUsers":null}}`, want: "this edit drops mapUsers", at: "null"},
		{name: "merge patch of all keys", text: `{"data":{"mapUsers":null,"mapRoles":null,"mapAccounts":null}}`, want: empty},
		{name: "merge patch of the data", text: `{"data":null}`, want: empty, at: "null", named: true},
		{name: "merge patch of the data of a name", text: `{"metadata":{"name":"aws-auth"},"data":null}`, want: empty, at: "null"},
		{name: "strategic patch", text: meta + "$patch: delete\n", want: gone, at: "delete"},
		{name: "strategic patch of another map", text: "kind: ConfigMap\nmetadata: {name: other, namespace: kube-system}\n$patch: delete\n# aws-auth\n"},
		{name: "patch in a kustomization", text: kustomize + "- patch: |\n" + indent(meta+"$patch: delete\n", "    "), want: gone, at: "delete"},
		{name: "patch with a target", text: kustomize + "- " + target + "\n  patch: |\n" + indent("kind: ConfigMap\nmetadata: {name: any}\n$patch: delete\n", "    "), want: gone, at: "delete"},
		{name: "null with a target", text: kustomize + "- " + target + "\n  patch: |\n" + indent("kind: ConfigMap\nmetadata: {name: any}\ndata: null\n", "    "), want: empty, at: "null"},
		{name: "null of a key", text: kustomize + "- patch: |\n" + indent(meta+"data: {mapRoles: null}\n", "    "), want: roles, at: "null"},
		{name: "data replaced", text: kustomize + "- patch: |\n" + indent(meta+"data: {$patch: replace, mapUsers: '[]'}\n", "    "), want: roles, at: "replace"},
		{name: "data deleted", text: kustomize + "- patch: |\n" + indent(meta+"data: {$patch: delete}\n", "    "), want: empty, at: "delete"},
		{name: "old list of patches", text: "kind: Kustomization\napiVersion: kustomize.config.k8s.io/v1beta1\npatchesStrategicMerge:\n- |\n" + indent(meta+"$patch: delete\n", "  "),
			want: gone, at: "delete"},
		{name: "object in a release", text: release + indent("- kind: ConfigMap\n  metadata: {name: aws-auth}\n  $patch: delete\n", "      "), want: gone, at: "delete"},
		{name: "JSON patch in a kustomization", text: kustomize + "- " + target + "\n  patch: |\n    - op: remove\n      path: /data\n", want: empty, at: "op: remove"},
		{name: "JSON patch by a pattern", text: kustomize + "- target: {name: aws-.*}\n  patch: |\n    - op: remove\n      path: /data\n# aws-auth\n", want: empty, at: "op: remove"},
		{name: "JSON patch of any map", text: kustomize + "- target: {kind: ConfigMap}\n  patch: |\n    - op: remove\n      path: /data\n# aws-auth\n", notes: 1},
		{name: "JSON patch of another map", text: kustomize + "- target: {kind: ConfigMap, name: other}\n  patch: |\n    - op: remove\n      path: /data\n# aws-auth\n"},
		{name: "JSON patch in Flux", text: flux + indent("- "+target+"\n  patch: |\n    - op: remove\n      path: /data/mapRoles\n", "  "), want: roles, at: "op: remove"},
		{name: "JSON patch in Argo CD", text: argo + indent("- "+target+"\n  patch: |\n    - op: remove\n      path: /data\n", "      "), want: empty, at: "op: remove"},
		{name: "remove a key", text: op(`{"op":"remove","path":"/data/mapRoles"}`), want: roles, at: `{"op":"remove"`},
		{name: "remove the data", text: op(`{"op":"remove","path":"/data"}`), want: empty, at: `{"op":"remove"`, named: true},
		{name: "remove all of a named map", text: op(`{"op":"test","path":"/metadata/name","value":"aws-auth"}`, `{"op":"remove","path":"/data"}`), want: empty, at: `{"op":"remove"`},
		{name: "replace a key by null", text: op(`{"op":"replace","path":"/data/mapRoles","value":null}`), want: roles},
		{name: "replace the data by nothing", text: op(`{"op":"replace","path":"/data","value":{}}`), want: empty, named: true},
		{name: "replace the data by another key", text: op(`{"op":"replace","path":"/data","value":{"mapUsers":"[]"}}`), want: roles},
		{name: "replace the data", text: op(`{"op":"replace","path":"/data","value":{"mapRoles":` + kept + `}}`)},
		{name: "move the key away", text: op(`{"op":"move","from":"/data/mapRoles","path":"/data/old"}`), want: roles},
		{name: "move the data away", text: op(`{"op":"move","from":"/data","path":"/binaryData"}`), want: empty, named: true},
		{name: "move onto the key", text: op(`{"op":"move","from":"/data/x","path":"/data/mapRoles"}`), notes: 1},
		{name: "copy onto the key", text: op(`{"op":"copy","from":"/data/x","path":"/data/mapRoles"}`), notes: 1},
		{name: "copy onto the data", text: op(`{"op":"copy","from":"/metadata/annotations","path":"/data"}`), notes: 1, named: true},
		{name: "copy from the key", text: op(`{"op":"copy","from":"/data/mapRoles","path":"/data/backup"}`)},
		{name: "remove and add again", text: op(`{"op":"remove","path":"/data/mapRoles"}`, `{"op":"add","path":"/data/mapRoles","value":`+kept+`}`)},
		{name: "remove all and add again", text: op(`{"op":"remove","path":"/data"}`, `{"op":"add","path":"/data","value":{}}`, `{"op":"add","path":"/data/mapRoles","value":`+kept+`}`)},
		{name: "add and remove", text: op(`{"op":"add","path":"/data/mapRoles","value":`+kept+`}`, `{"op":"remove","path":"/data/mapRoles"}`), want: roles},
		{name: "delete in an audit log", text: event + `"verb":"delete",` + ref + `,"requestObject":{"kind":"DeleteOptions"},"responseObject":{"kind":"Status","details":{"name":"aws-auth"}}}`,
			want: gone, at: `"delete"`},
		{name: "delete of a collection", text: event + `"verb":"deletecollection","objectRef":{"resource":"configmaps","namespace":"kube-system"}}`, notes: 1},
		{name: "delete of a collection elsewhere", text: event + `"verb":"deletecollection","objectRef":{"resource":"configmaps","namespace":"default"}}`},
		{name: "merge patch in an audit log", text: event + `"verb":"patch",` + ref + `,"requestObject":{"data":null}}`, want: empty, at: "null"},
		{name: "JSON patch in an audit log", text: event + `"verb":"patch",` + ref + `,"requestObject":[{"op":"remove","path":"/data"}]}`, want: empty, at: `{"op"`},
		{name: "patch of CDK", text: fmt.Sprintf(cdk, `{"data":{"mapRoles":null}}`), want: roles, at: "null"},
		{name: "patch of CDK of all", text: fmt.Sprintf(cdk, `{"data":null}`), want: empty, at: "null"},
		{name: "JSON patch of Ansible", text: "- hosts: all\n  tasks:\n  - kubernetes.core.k8s_json_patch:\n      name: aws-auth\n      patch:\n      - {op: remove, path: /data}\n",
			want: empty, at: "{op: remove"},
	} {
		for _, scan := range []bool{false, true} {
			if scan && tt.named {
				continue
			}
			t.Run(fmt.Sprintf("%s, found: %v", tt.name, scan), func(t *testing.T) {
				read := manifest.Read
				if scan {
					read = manifest.Scan
				}
				f := read("patch.yaml", tt.text)
				b := &report.Builder{Action: policy.Default().Action}
				New(policy.Default()).Add(b, f)
				found := b.Report().Findings
				if len(f.Notes) != tt.notes {
					t.Errorf("notes %+v, want %d", f.Notes, tt.notes)
				}
				if tt.want == "" {
					if len(found) > 0 {
						t.Errorf("findings %+v", found)
					}
					return
				}
				if len(found) != 1 || validate.Lookup(found[0].Rule).Guards != validate.Gone || !strings.Contains(found[0].Message, tt.want) {
					t.Fatalf("findings %+v, want %s", found, tt.want)
				}
				line := strings.Split(tt.text, "\n")[found[0].Start.Line-1]
				if rest := line[found[0].Start.Column-1:]; !strings.HasPrefix(rest, tt.at) {
					t.Errorf("at %q, want %q", rest, tt.at)
				}
			})
		}
	}
}
