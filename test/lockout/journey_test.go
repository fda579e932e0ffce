package lockout

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-auth-guard/aws-auth-guard/internal/aws"
	"github.com/aws-auth-guard/aws-auth-guard/internal/cli"
	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/accessmap"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/test/await"
	"github.com/aws-auth-guard/aws-auth-guard/test/eks"
)

// journey is the move of a cluster from aws-auth to access entries.
type journey struct {
	*testing.T
	api *eks.Server
	sdk *sdk.Client
	// kubeconfig is that of the person who makes it.
	kubeconfig string
}

// The roles that must never lose access.
const (
	nodeRole  = "arn:aws:iam::111122223333:role/nodes"
	devRole   = "arn:aws:iam::111122223333:role/dev"
	adminRole = "arn:aws:iam::111122223333:role/admin"
	guards    = "aws-auth-guard"
)

// TestJourney goes all the way, and tries every shortcut: with the real guard on the real API server, and the real AWS SDK
// against a small EKS. After each step, everybody still gets in by one of the two doors.
func TestJourney(t *testing.T) {
	defer strict(t)()
	j := setOut(t)
	rob := root(t)
	all := roles(nodes + devs + admin)

	t.Log("mode CONFIG_MAP: there is a plan, and nothing to make yet")
	before := begin(t, all)
	j.plugin(0, "3 ready, 0 need attention", "plan", "--cluster", "blue")
	j.plugin(3, "which has no access entries", "apply", "--cluster", "blue", "--yes")
	j.snapshot()
	j.plugin(1, "its mode has to become API_AND_CONFIG_MAP first", "verify")
	refused(t, before, rob.put(t, roles(devs+admin), ""), "node-access-lost")
	j.everybodyGetsIn()
	if _, err := j.update(types.AuthenticationModeApi); err == nil || !strings.Contains(err.Error(), "Unsupported authentication mode update from CONFIG_MAP to API") {
		t.Errorf("EKS takes two steps at once: %v", err)
	}
	j.mode(types.AuthenticationModeApiAndConfigMap)

	t.Log("API_AND_CONFIG_MAP, before the access entries are there")
	j.plugin(1, "^missing ", "verify")
	refused(t, before, rob.put(t, roles(devs+admin), ""), "node-access-lost", "it has no access entry")
	j.plugin(1, "3 to make, 0 for you to decide", "apply", "--cluster", "blue", "--dry-run")
	if entries := j.api.Entries("blue"); len(entries) > 0 {
		t.Errorf("a dry run made %+v", entries)
	}

	t.Log("apply makes them, and the guard knows them from the next snapshot on")
	j.plugin(0, "3 made, 0 not made", "apply", "--cluster", "blue", "--yes")
	j.everybodyGetsIn()
	refused(t, before, rob.put(t, roles(devs+admin), ""), "node-access-lost", "it has no access entry")
	j.snapshot()
	j.plugin(0, "safe to remove: "+nodeRole+", "+devRole+", "+adminRole+"\n", "verify")

	j.shortcuts(before)

	t.Log("the mappings go one by one")
	rob.passed(t, rob.put(t, roles(devs+admin), ""), "[node-access-lost]", "its nodes still join by its access entry of type EC2_LINUX")
	j.everybodyGetsIn()
	dev := jane(t)
	dev.passed(t, dev.put(t, roles(admin), ""), "[self-lockout]", "you still get in by your access entry")
	j.everybodyGetsIn()
	j.plugin(0, "safe to switch to API: yes", "verify")
	last := j.live()
	refused(t, last, j.remove(rob), "map-deleted")

	t.Log("mode API: nobody reads the map, and it may go")
	j.mode(types.AuthenticationModeApi)
	j.plugin(0, "nobody reads the map", "verify")
	if _, err := j.update(types.AuthenticationModeApiAndConfigMap); err == nil {
		t.Error("EKS goes back")
	}
	rob.passed(t, j.remove(rob), "[map-unread]")
	if _, err := shared.admin.CoreV1().ConfigMaps("kube-system").Get(t.Context(), "aws-auth", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the map is still there: %v", err)
	}
	j.everybodyGetsIn()
}

// shortcuts are steps that would lock somebody out. The map is still whole, and all of it is covered.
func (j *journey) shortcuts(before *corev1.ConfigMap) {
	rob := root(j.T)
	removeNodes := func() error { return rob.put(j.T, roles(devs+admin), "") }
	created := time.Now().AddDate(0, -1, 0)
	whole := func() {
		j.api.SetPrincipal(nodeRole, time.Now().AddDate(-1, 0, 0))
		j.api.SetEntry("blue", eks.Entry{PrincipalARN: nodeRole, Type: "EC2_LINUX", Username: "system:node:{{EC2PrivateDNSName}}", Groups: []string{"system:nodes"}, Created: created})
		j.api.SetEntry("blue", eks.Entry{PrincipalARN: devRole, Type: "STANDARD", Username: "dev:{{SessionName}}", Groups: []string{"editors"}, Created: created})
	}
	for _, s := range []struct {
		name   string
		wrong  func()
		edit   func() error
		rule   string
		says   string
		verify string
	}{
		{"an access entry of nodes that lets no nodes in", func() {
			j.api.SetEntry("blue", eks.Entry{PrincipalARN: nodeRole, Type: "STANDARD", Username: "nodes", Created: created})
		}, removeNodes, "node-access-lost", "nodes can't join by it", "^weaker "},
		{"an access entry with fewer rights", func() {
			j.api.SetEntry("blue", eks.Entry{PrincipalARN: devRole, Type: "STANDARD", Username: "dev:{{SessionName}}", Created: created})
		}, func() error { dev := jane(j.T); return dev.put(j.T, roles(nodes+admin), "") }, "self-lockout", "", "^weaker "},
		{"the access entry of another account's role", func() {
			other := strings.Replace(nodeRole, "111122223333", "999922223333", 1)
			j.api.SetPrincipal(other, time.Now().AddDate(-1, 0, 0))
			j.delete(nodeRole)
			j.api.SetEntry("blue", eks.Entry{PrincipalARN: other, Type: "STANDARD", Username: "x", Created: created})
		}, removeNodes, "node-access-lost", "it has no access entry", "^missing "},
		{"a role that was created again", func() { j.api.SetPrincipal(nodeRole, time.Now().AddDate(0, 0, -1)) }, removeNodes, "node-access-lost", "deleted and created again", "^stale "},
		{"deleting the map while EKS reads it", func() {}, func() error { return j.remove(rob) }, "map-deleted", "", "^same "},
	} {
		j.Logf("shortcut: %s", s.name)
		s.wrong()
		j.snapshot()
		code := 1
		if s.verify == "^same " {
			code = 0
		}
		j.plugin(code, s.verify, "verify")
		refused(j.T, before, s.edit(), s.rule, s.says)
		whole()
	}
	j.Log("shortcut: the snapshot of another cluster")
	j.api.SetCluster("blue", "API_AND_CONFIG_MAP", otherAuthority)
	j.plugin(3, "kubectl talks to another cluster", "snapshot", "--cluster", "blue", "--write")
	j.plugin(3, "kubectl talks to another cluster", "apply", "--cluster", "blue", "--yes")
	j.api.SetCluster("blue", "API_AND_CONFIG_MAP", shared.proxy.Config().CAData)
	j.snapshot()
	j.plugin(0, "safe to switch to API: yes", "verify")
}

// otherAuthority is the certificate of some other cluster.
var otherAuthority = []byte("-----BEGIN CERTIFICATE-----\nb3RoZXI=\n-----END CERTIFICATE-----\n") //nolint:gochecknoglobals // Never changed.

// setOut starts an EKS that tells of this cluster. Its clock is five minutes late, so that new access entries are in use at once.
func setOut(t *testing.T) *journey {
	t.Helper()
	api, err := eks.Start(eks.Options{Now: func() time.Time { return time.Now().Add(-5 * time.Minute) }, PageSize: 1, EmptyPages: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = api.Stop() })
	for _, e := range api.Environment() {
		name, value, _ := strings.Cut(e, "=")
		t.Setenv(name, value)
	}
	api.SetCluster("blue", "CONFIG_MAP", shared.proxy.Config().CAData)
	for _, arn := range []string{nodeRole, devRole, adminRole} {
		api.SetPrincipal(arn, time.Now().AddDate(-1, 0, 0))
	}
	_, err = shared.admin.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: guards}}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
	// The guard reaches the API server through a proxy with a certificate of its own, the plugin does not. Both find the cluster's
	// certificate authority where kube-controller-manager publishes it.
	published := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "kube-root-ca.crt"}, Data: map[string]string{"ca.crt": string(shared.proxy.Config().CAData)}}
	if _, err := shared.admin.CoreV1().ConfigMaps("kube-system").Create(t.Context(), published, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = shared.admin.CoreV1().ConfigMaps("kube-system").Delete(context.Background(), published.Name, metav1.DeleteOptions{})
	})
	client, _, err := aws.Connect(t.Context(), aws.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	return &journey{T: t, api: api, sdk: client, kubeconfig: root(t).kubeconfig}
}

// plugin runs kubectl aws-auth access-entries and wants an exit code, and a text in what it prints; ^ is the start of a line.
func (j *journey) plugin(code int, says string, args ...string) {
	j.Helper()
	var out bytes.Buffer
	args = append([]string{"access-entries"}, append(args, "--kubeconfig", j.kubeconfig)...)
	got := cli.Run(args, cli.Streams{In: strings.NewReader(""), Out: &out, Err: &out})
	if has := strings.Contains("\n"+out.String(), strings.Replace(says, "^", "\n", 1)); got != code || !has {
		j.Fatalf("kubectl aws-auth %s: exit %d, want %d, and %q in\n%s", strings.Join(args, " "), got, code, says, out.String())
	}
}

// snapshot puts a snapshot into the cluster, and hands it to the guard as the kubelet does.
func (j *journey) snapshot() {
	j.Helper()
	(*doors)(nil).open(j.T) // So that the next one is seen to arrive.
	j.plugin(0, "put into the ConfigMap aws-auth-guard/aws-auth-guard-access", "snapshot", "--cluster", "blue", "--write")
	cm, err := shared.admin.CoreV1().ConfigMaps(guards).Get(j.Context(), accessmap.Name, metav1.GetOptions{})
	if err != nil {
		j.Fatal(err)
	}
	path := filepath.Join(shared.Directory, "access", "snapshot")
	if err := os.WriteFile(path+".new", cm.BinaryData[accessmap.SnapshotKey], 0o600); err != nil {
		j.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		j.Fatal(err)
	}
	await.Success(j.T, "the guard knows the snapshot", func() error {
		response, err := http.Get(shared.guard.MetricsURL + "/metrics")
		if err != nil {
			return err
		}
		defer func() { _ = response.Body.Close() }()
		body, err := io.ReadAll(response.Body)
		if err != nil || strings.Contains(string(body), "awsauth_access_snapshot_own_cluster 1\n") {
			return err
		}
		return fmt.Errorf("no snapshot of this cluster in the metrics")
	})
}

func (j *journey) update(mode types.AuthenticationMode) (*sdk.UpdateClusterConfigOutput, error) {
	name := "blue"
	return j.sdk.UpdateClusterConfig(j.Context(), &sdk.UpdateClusterConfigInput{Name: &name, AccessConfig: &types.UpdateAccessConfigRequest{AuthenticationMode: mode}})
}

// mode switches the cluster, and waits until it has.
func (j *journey) mode(mode types.AuthenticationMode) {
	j.Helper()
	if _, err := j.update(mode); err != nil {
		j.Fatal(err)
	}
	name := "blue"
	await.Success(j.T, "the mode "+string(mode), func() error {
		out, err := j.sdk.DescribeCluster(j.Context(), &sdk.DescribeClusterInput{Name: &name})
		if err == nil && (out.Cluster.Status != types.ClusterStatusActive || out.Cluster.AccessConfig.AuthenticationMode != mode) {
			err = fmt.Errorf("the cluster is %s, mode %s", out.Cluster.Status, out.Cluster.AccessConfig.AuthenticationMode)
		}
		return err
	})
	j.snapshot()
}

func (j *journey) delete(arn string) {
	j.Helper()
	name := "blue"
	if _, err := j.sdk.DeleteAccessEntry(j.Context(), &sdk.DeleteAccessEntryInput{ClusterName: &name, PrincipalArn: &arn}); err != nil {
		j.Fatal(err)
	}
}

func (j *journey) live() *corev1.ConfigMap {
	j.Helper()
	cm, err := shared.admin.CoreV1().ConfigMaps("kube-system").Get(j.Context(), "aws-auth", metav1.GetOptions{})
	if err != nil {
		j.Fatal(err)
	}
	return cm
}

func (j *journey) remove(w *writer) error {
	w.mu.Lock()
	w.warnings = nil
	w.mu.Unlock()
	return w.CoreV1().ConfigMaps("kube-system").Delete(j.Context(), "aws-auth", metav1.DeleteOptions{})
}

// everybodyGetsIn holds that each role has a door: an access entry of the very role, or the map while EKS reads it.
func (j *journey) everybodyGetsIn() {
	j.Helper()
	name := "blue"
	out, err := j.sdk.DescribeCluster(j.Context(), &sdk.DescribeClusterInput{Name: &name})
	if err != nil {
		j.Fatal(err)
	}
	doc := awsauth.Read(nil)
	cm, err := shared.admin.CoreV1().ConfigMaps("kube-system").Get(j.Context(), "aws-auth", metav1.GetOptions{})
	if err == nil && out.Cluster.AccessConfig.AuthenticationMode != types.AuthenticationModeApi {
		doc = awsauth.Read(cm.Data)
	}
	for _, arn := range []string{nodeRole, devRole, adminRole} {
		if j.api.LetsIn("blue", arn) == nil && doc.Resolve(awsauth.Caller{ARN: arn}).Match == nil {
			j.Errorf("%s does not get in any more", arn)
		}
	}
}
