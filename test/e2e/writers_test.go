package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/test/controlplane"
)

const repaired = `repaired mapRoles[1].rolearn 6:12: arn:aws:iam::111122223333:role/team/eng/dev -> arn:aws:iam::111122223333:role/dev [role-path]`

// mergePatch and jsonPatch set mapRoles.
func mergePatch(text string) string { return `{"data":{"mapRoles":` + quoted(text) + `}}` }

func jsonPatch(text string) string {
	return `[{"op":"replace","path":"/data/mapRoles","value":` + quoted(text) + `}]`
}

func quoted(text string) string {
	return `"` + strings.NewReplacer("\n", `\n`, `"`, `\"`, `\`, `\\`).Replace(text) + `"`
}

// ways are the commands by which a person writes the map.
func ways(text string) map[string]controlplane.Call {
	of := func(input string, arguments ...string) controlplane.Call {
		return controlplane.Call{Input: input, Arguments: append(arguments, "-n", "kube-system")}
	}
	whole := manifest(mapRoles(text))
	return map[string]controlplane.Call{
		"apply":             of(whole, "apply", "-f", "-"),
		"apply server-side": of(whole, "apply", "--server-side", "--force-conflicts", "-f", "-"),
		"replace":           of(whole, "replace", "-f", "-"),
		"merge patch":       of("", "patch", "configmap", "aws-auth", "--type=merge", "-p", mergePatch(text)),
		"strategic patch":   of("", "patch", "configmap", "aws-auth", "-p", mergePatch(text)),
		"JSON patch":        of("", "patch", "configmap", "aws-auth", "--type=json", "-p", jsonPatch(text)),
	}
}

func TestEveryWayToWriteIsRepaired(t *testing.T) {
	for name, call := range ways(node + withPath) {
		t.Run(name, func(t *testing.T) {
			begin(t, mapRoles(node))
			result := kubectl(t, call)
			if result.ExitCode != 0 {
				t.Fatalf("exit %d", result.ExitCode)
			}
			if name == "apply" {
				// The object was not made by kubectl apply, which says so.
				result.Errors = result.Errors[strings.Index(result.Errors, "\n")+1:]
			}
			warned(t, result.Errors, repaired)
			holds(t, node+withoutPath)
		})
	}
	t.Run("create", func(t *testing.T) {
		begin(t, nil)
		result := kubectl(t, controlplane.Call{Arguments: []string{"create", "-f", "-"}, Input: manifest(mapRoles(node + withPath))})
		warned(t, result.Errors, repaired)
		holds(t, node+withoutPath)
	})
	t.Run("create from literals", func(t *testing.T) {
		begin(t, nil)
		result := kubectl(t, controlplane.Call{Arguments: []string{"create", "configmap", "aws-auth", "-n", "kube-system", "--from-literal=mapRoles=" + node + withPath}})
		warned(t, result.Errors, repaired)
		holds(t, node+withoutPath)
	})
}

func TestApplyingTheSameManifestAgainIsRepairedAgain(t *testing.T) {
	begin(t, nil)
	for range 3 {
		result := kubectl(t, controlplane.Call{Arguments: []string{"apply", "-f", "-"}, Input: manifest(mapRoles(node + withPath))})
		if result.ExitCode != 0 {
			t.Fatalf("exit %d", result.ExitCode)
		}
		holds(t, node+withoutPath)
	}
}

func TestEveryWayToWriteIsRefusedAndNothingIsStored(t *testing.T) {
	for name, call := range ways(node + assumedRole) {
		t.Run(name, func(t *testing.T) {
			begin(t, mapRoles(node))
			before := stored(t)
			result := kubectl(t, call)
			if result.ExitCode == 0 {
				t.Fatal("not refused")
			}
			contains(t, result.Errors, `data.mapRoles[1].rolearn: 6:12: EKS would never match this ARN`, "[arn-kind]")
			if after := stored(t); after.ResourceVersion != before.ResourceVersion || after.Data["mapRoles"] != node {
				t.Errorf("a refusal changed the object:\n%v", after)
			}
		})
	}
	t.Run("create", func(t *testing.T) {
		begin(t, nil)
		result := kubectl(t, controlplane.Call{Arguments: []string{"create", "-f", "-"}, Input: manifest(mapRoles(node + assumedRole))})
		if result.ExitCode == 0 {
			t.Fatal("not refused")
		}
		if _, err := shared.admin.CoreV1().ConfigMaps("kube-system").Get(t.Context(), "aws-auth", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			t.Errorf("a refused create left something behind: %v", err)
		}
	})
}

func TestADryRunIsDecidedAlikeAndStoresNothing(t *testing.T) {
	begin(t, mapRoles(node))
	before := stored(t).ResourceVersion
	result := kubectl(t, controlplane.Call{
		Arguments: []string{"apply", "--server-side", "--force-conflicts", "--dry-run=server", "-o", "jsonpath={.data.mapRoles}", "-f", "-"}, Input: manifest(mapRoles(node + withPath)),
	})
	warned(t, result.Errors, repaired)
	if result.Output != node+withoutPath {
		t.Errorf("the dry run shows\n%s", result.Output)
	}
	result = kubectl(t, controlplane.Call{
		Arguments: []string{"patch", "configmap", "aws-auth", "-n", "kube-system", "--dry-run=server", "--type=json", "-p", jsonPatch(node + assumedRole)},
	})
	if result.ExitCode == 0 {
		t.Error("not refused")
	}
	contains(t, result.Errors, "[arn-kind]")
	if after := stored(t).ResourceVersion; after != before {
		t.Error("a dry run stored something")
	}
}

func TestAPipelineIsRefusedAndShownTheCorrectedText(t *testing.T) {
	begin(t, mapRoles(node))
	before := stored(t).ResourceVersion
	_, err := shared.admin.CoreV1().ConfigMaps("kube-system").Patch(t.Context(), "aws-auth", types.MergePatchType,
		[]byte(mergePatch(node+withPath)), metav1.PatchOptions{FieldManager: "Terraform"})
	if !apierrors.IsInvalid(err) {
		t.Fatalf("the answer is %v, want Invalid", err)
	}
	contains(t, err.Error(), `admission webhook "validate.aws-auth-guard.dev" denied the request: edit rejected: it introduces 1 problem (profile standard)`,
		"* data.mapRoles[1].rolearn: 6:12: this role ARN has the path team/eng/", `fix this in Terraform: correct the resource`, "\n"+node+withoutPath)
	// kubectl shows the causes and not the message.
	result := kubectl(t, controlplane.Call{
		Arguments: []string{"apply", "--server-side", "--force-conflicts", "--field-manager=Terraform", "-f", "-"}, Input: manifest(mapRoles(node + withPath)),
	})
	if result.ExitCode == 0 {
		t.Fatal("not refused")
	}
	contains(t, result.Errors, "6:12: this role ARN has the path team/eng/", "\n"+node+withoutPath)
	if after := stored(t); after.ResourceVersion != before {
		t.Errorf("a refusal changed the object:\n%v", after)
	}
	// With that text it goes through.
	result = kubectl(t, controlplane.Call{
		Arguments: []string{"apply", "--server-side", "--force-conflicts", "--field-manager=Terraform", "-f", "-"}, Input: manifest(mapRoles(node + withoutPath)),
	})
	if result.ExitCode != 0 {
		t.Errorf("exit %d", result.ExitCode)
	}
	warned(t, result.Errors)
}

func TestAWriterWithoutAFieldManagerIsKnownByItsUserAgent(t *testing.T) {
	for agent, person := range map[string]bool{"kubectl/v1.37.2 (linux/amd64)": true, "curl/8.0": false, "HashiCorp/1.0 Terraform/1.9": false} {
		t.Run(agent, func(t *testing.T) {
			begin(t, mapRoles(node))
			config := rest.CopyConfig(shared.AdminConfig)
			config.UserAgent, config.WarningHandler = agent, rest.NoWarnings{}
			clients, err := kubernetes.NewForConfig(config)
			if err != nil {
				t.Fatal(err)
			}
			c := stored(t)
			c.Data["mapRoles"] = node + withPath
			_, err = clients.CoreV1().ConfigMaps("kube-system").Update(t.Context(), c, metav1.UpdateOptions{})
			switch {
			case person && err != nil:
				t.Errorf("a person's edit was not repaired: %v", err)
			case person:
				holds(t, node+withoutPath)
			case !apierrors.IsInvalid(err):
				t.Errorf("a pipeline's edit was not refused: %v", err)
			}
		})
	}
}

func TestEKSItselfIsNeitherRefusedNorRewritten(t *testing.T) {
	begin(t, mapRoles(node))
	result := kubectl(t, controlplane.Call{Kubeconfig: shared.eksKubeconfig, Arguments: []string{"replace", "-f", "-"}, Input: manifest(mapRoles(node + withPath + assumedRole))})
	if result.ExitCode != 0 {
		t.Fatalf("exit %d", result.ExitCode)
	}
	contains(t, result.Errors, "Warning: not refused because the writer is exempt: mapRoles[1].rolearn 6:12: this role ARN has the path")
	holds(t, node+withPath+assumedRole)
}

func TestOtherConfigMapsAreNoneOfTheGuardsBusiness(t *testing.T) {
	for _, place := range [][2]string{{"kube-system", "aws-auth-copy"}, {"default", "aws-auth"}} {
		text := strings.NewReplacer("name: aws-auth\n", "name: "+place[1]+"\n", "namespace: kube-system", "namespace: "+place[0]).Replace(manifest(mapRoles(assumedRole + withPath)))
		result := kubectl(t, controlplane.Call{Arguments: []string{"apply", "-f", "-"}, Input: text})
		if result.ExitCode != 0 {
			t.Errorf("exit %d", result.ExitCode)
		}
		warned(t, result.Errors)
		c, err := shared.admin.CoreV1().ConfigMaps(place[0]).Get(t.Context(), place[1], metav1.GetOptions{})
		if err != nil || c.Data["mapRoles"] != assumedRole+withPath {
			t.Errorf("%v: %v, %v", place, c.Data, err)
		}
	}
}

func TestLargeAndOddMaps(t *testing.T) {
	fill := func(n int) string {
		var b strings.Builder
		for b.Len() < n {
			b.WriteString("# " + strings.Repeat("x", 77) + "\n")
		}
		return b.String()[:n]
	}
	const limit = 1 << 20
	maps := shared.admin.CoreV1().ConfigMaps("kube-system")
	update := func(data map[string]string, binary map[string][]byte) error {
		c := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "aws-auth"}, Data: data, BinaryData: binary}
		_, err := maps.Update(t.Context(), c, metav1.UpdateOptions{FieldManager: "kubectl-replace"})
		return err
	}
	for _, tt := range []struct {
		name   string
		data   map[string]string
		binary map[string][]byte
		check  func(error) bool
	}{
		{"1 MiB that is fine", mapRoles(node + fill(limit-len("mapRoles")-len(node))), nil, func(err error) bool { return err == nil }},
		{"1 MiB to be repaired", mapRoles(node + withPath + fill(limit-len("mapRoles")-len(node+withPath)-10)), nil, func(err error) bool { return err == nil }},
		{"1 MiB to be refused", mapRoles(node + assumedRole + fill(limit-len("mapRoles")-len(node+assumedRole))), nil, apierrors.IsInvalid},
		{"1 MiB of brackets", map[string]string{"mapRoles": node, "mapUsers": strings.Repeat("[", limit-2*len("mapUsers")-len(node))}, nil, apierrors.IsInvalid},
		{"the map as binary data", nil, map[string][]byte{"mapRoles": []byte(node)}, apierrors.IsInvalid},
		{"other binary data", mapRoles(node + good), map[string][]byte{"logo": {0xff, 0xfe, 0}}, func(err error) bool { return err == nil }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			begin(t, mapRoles(node))
			before := stored(t).ResourceVersion
			err := update(tt.data, tt.binary)
			if !tt.check(err) {
				text := "nil"
				if err != nil {
					text = err.Error()[:min(500, len(err.Error()))]
				}
				t.Fatalf("the answer is %s", text)
			}
			if err != nil && stored(t).ResourceVersion != before {
				t.Error("a refusal changed the object")
			}
		})
	}
}

func TestInvalidUTF8IsAnsweredClearly(t *testing.T) {
	begin(t, mapRoles(node))
	path := filepath.Join(t.TempDir(), "mapRoles")
	if err := os.WriteFile(path, []byte(node+"- rolearn: arn:aws:iam::111122223333:role/\xff\xfe\n  username: x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	begin(t, nil)
	// kubectl makes binary data of it, which the authenticator never reads.
	result := kubectl(t, controlplane.Call{Arguments: []string{"create", "configmap", "aws-auth", "-n", "kube-system", "--from-file=mapRoles=" + path}})
	if result.ExitCode == 0 {
		t.Fatal("not refused")
	}
	contains(t, result.Errors, "[unknown-data-key]")
}
