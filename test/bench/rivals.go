package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"

	"github.com/aws-auth-guard/aws-auth-guard/test/controlplane"
	"github.com/aws-auth-guard/aws-auth-guard/test/guard"
)

const (
	// applyLimit bounds the wait for an object whose kind, or whose webhook, is still being made.
	applyLimit = 2 * time.Minute
	// endLimit bounds how long a program may take to stop.
	endLimit = 10 * time.Second
	// shownLines is how much of a program's log is shown.
	shownLines = 15
)

// gatekeeperPolicy is the nearest that Gatekeeper can say: it reads the list as YAML 1.2, and judges entry by entry.
const gatekeeperPolicy = `apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata:
  name: awsauthmap
spec:
  crd: {spec: {names: {kind: AwsAuthMap}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package awsauthmap

      text := input.review.object.data.mapRoles

      entries := yaml.unmarshal(text)

      violation[{"msg": "mapRoles does not parse"}] {
        not yaml.is_valid(text)
      }

      violation[{"msg": "mapRoles is no list"}] {
        not is_array(entries)
      }

      violation[{"msg": sprintf("no caller arrives as mapRoles[%d].rolearn", [i])}] {
        e := entries[i]
        not arrives(e)
      }

      violation[{"msg": sprintf("mapRoles[%d] has no username", [i])}] {
        e := entries[i]
        not is_string(e.username)
      }

      violation[{"msg": sprintf("the groups of mapRoles[%d] are no list of texts", [i])}] {
        e := entries[i]
        not texts(e)
      }

      violation[{"msg": sprintf("nobody reads mapRoles[%d].%v", [i, key])}] {
        some key
        entries[i][key]
        not known[key]
      }

      violation[{"msg": sprintf("%v is mapped twice", [arn])}] {
        some i, j
        arn := entries[i].rolearn
        arn == entries[j].rolearn
        i < j
        count(entries) < 100
      }

      known := {"rolearn", "username", "groups"}

      arrives(e) {
        regex.match("^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_-]+$", e.rolearn)
      }

      texts(e) {
        is_array(e.groups)
        count([g | g := e.groups[_]; not is_string(g)]) == 0
      }
`

const gatekeeperConstraint = `apiVersion: constraints.gatekeeper.sh/v1beta1
kind: AwsAuthMap
metadata:
  name: aws-auth
spec:
  match:
    kinds: [{apiGroups: [""], kinds: [ConfigMap]}]
    namespaces: [kube-system]
    name: aws-auth
`

// kyvernoPolicy is the nearest that Kyverno can say.
const kyvernoPolicy = `apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: aws-auth
spec:
  admission: true
  background: false
  webhookConfiguration:
    failurePolicy: Fail
    timeoutSeconds: 10
    matchConditions:
    - {name: user, expression: "request.userInfo.username == 'bench-kyverno'"}
  rules:
  - name: map-roles
    match:
      any:
      - resources: {kinds: [ConfigMap], names: [aws-auth], namespaces: [kube-system], operations: [CREATE, UPDATE]}
    validate:
      failureAction: Enforce
      message: mapRoles holds an entry that nobody arrives by
      foreach:
      - list: parse_yaml(request.object.data.mapRoles)
        deny:
          conditions:
            any:
            - key: "{{ regex_match('^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_-]+$', element.rolearn || '') }}"
              operator: Equals
              value: false
            - key: "{{ element.username || '' }}"
              operator: Equals
              value: ""
            - key: "{{ type(element.groups) }}"
              operator: NotEquals
              value: array
            - key: "{{ keys(element) }}"
              operator: AnyNotIn
              value: [rolearn, username, groups]
`

const kyvernoObjects = `apiVersion: v1
kind: ConfigMap
metadata: {name: kyverno, namespace: kyverno}
data:
  resourceFilters: ""
  webhooks: '{"namespaceSelector": {"matchExpressions": []}}'
---
apiVersion: v1
kind: ConfigMap
metadata: {name: kyverno-metrics, namespace: kyverno}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: kyverno, namespace: kyverno, labels: {app.kubernetes.io/part-of: kyverno}}
spec:
  replicas: 1
  selector: {matchLabels: {app: kyverno}}
  template:
    metadata: {labels: {app: kyverno}}
    spec: {containers: [{name: kyverno, image: kyverno}]}
`

func installGatekeeper(ctx context.Context, l *lab, v *variant) error {
	if l.programs.gatekeeper == "" {
		return errors.New("it was left out by -rivals=false")
	}
	source, err := moduleFolder(ctx, "../gatekeeper", "github.com/open-policy-agent/gatekeeper/v3")
	if err != nil {
		return err
	}
	manifest, err := os.ReadFile(filepath.Join(source, "deploy", "gatekeeper.yaml"))
	if err != nil {
		return err
	}
	pod := "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: gatekeeper-system}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: gatekeeper, namespace: gatekeeper-system}\n" +
		"spec: {containers: [{name: gatekeeper, image: gatekeeper}]}\n"
	if err := l.apply(ctx, definitions(string(manifest))+pod); err != nil {
		return err
	}
	dir, err := l.folder("gatekeeper")
	if err != nil {
		return err
	}
	authority, err := guard.NewAuthority()
	if err != nil {
		return err
	}
	if err := authority.Issue(dir); err != nil {
		return err
	}
	ports, err := freePorts(2)
	if err != nil {
		return err
	}
	v.pid, err = l.run(ctx, "gatekeeper", l.programs.gatekeeper, []string{"POD_NAMESPACE=gatekeeper-system", "POD_NAME=gatekeeper", "NAMESPACE=gatekeeper-system"},
		"--kubeconfig", l.plane.AdminKubeconfig, "--operation=webhook", "--operation=generate", "--operation=status", "--disable-cert-rotation", "--cert-dir", dir, "--host", "127.0.0.1",
		"--port", ports[0], "--health-addr", "127.0.0.1:"+ports[1], "--prometheus-port", "0", "--log-level", "ERROR")
	if err != nil {
		return err
	}
	if err := l.apply(ctx, gatekeeperPolicy); err != nil {
		return err
	}
	if err := l.apply(ctx, gatekeeperConstraint); err != nil {
		return err
	}
	url := "https://127.0.0.1:" + ports[0] + "/v1/admit"
	return v.registration(v.hooks[0], admissionregistrationv1.WebhookClientConfig{URL: &url, CABundle: authority.PEM}).Validating(ctx, l.admin)
}

func installKyverno(ctx context.Context, l *lab, v *variant) error {
	if l.programs.kyverno == "" {
		return errors.New("it was left out by -rivals=false")
	}
	source, err := moduleFolder(ctx, "../kyverno", "github.com/kyverno/kyverno")
	if err != nil {
		return err
	}
	var manifests strings.Builder
	err = filepath.WalkDir(filepath.Join(source, "config", "crds"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".yaml" {
			return err
		}
		text, err := os.ReadFile(path)
		manifests.WriteString("\n---\n" + string(text))
		return err
	})
	if err != nil {
		return err
	}
	namespaceText := "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: kyverno}\n---\n"
	if err := l.apply(ctx, definitions(manifests.String())+namespaceText); err != nil {
		return err
	}
	if err := l.apply(ctx, kyvernoObjects); err != nil {
		return err
	}
	ports, err := freePorts(2)
	if err != nil {
		return err
	}
	v.pid, err = l.run(ctx, "kyverno", l.programs.kyverno, []string{
		"KYVERNO_NAMESPACE=kyverno", "KYVERNO_POD_NAME=kyverno", "KYVERNO_DEPLOYMENT=kyverno", "KYVERNO_SERVICEACCOUNT_NAME=kyverno",
		"KYVERNO_ROLE_NAME=kyverno", "KYVERNO_SVC=kyverno-svc", "INIT_CONFIG=kyverno", "METRICS_CONFIG=kyverno-metrics", "TUF_ROOT=" + l.plane.Directory,
	},
		"--kubeconfig", l.plane.AdminKubeconfig, "--serverIP", "127.0.0.1:"+ports[0], "--webhookServerHost", "127.0.0.1", "--webhookServerPort", ports[0],
		"--metricsHost", "127.0.0.1", "--metricsPort", ports[1], "--caSecretName", "kyverno-ca", "--tlsSecretName", "kyverno-tls",
		"--controllerRuntimeMetricsAddress", "0", "--admissionReports=false", "--disableMetrics=true", "--loggingFormat=json", "--v=0")
	if err != nil {
		return err
	}
	return l.apply(ctx, kyvernoPolicy)
}

// definitions are the custom resource definitions of a manifest.
func definitions(manifest string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(manifest, "\n---\n") {
		if strings.Contains(part, "\nkind: CustomResourceDefinition\n") {
			b.WriteString(strings.TrimPrefix(part, "---\n") + "\n---\n")
		}
	}
	return b.String()
}

// apply applies manifests, again and again until the API server has taken all of them.
func (l *lab) apply(ctx context.Context, manifests string) error {
	call := controlplane.Call{Arguments: []string{"apply", "--server-side", "--force-conflicts", "-f", "-"}, Input: manifests}
	for end := time.Now().Add(applyLimit); ; time.Sleep(500 * time.Millisecond) {
		result, err := l.plane.Kubectl(ctx, call)
		if err != nil {
			return err
		}
		if result.ExitCode == 0 {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("kubectl apply: %s", firstLines(result.Errors))
		}
	}
}

// run starts a program that lasts as long as the lab.
func (l *lab) run(ctx context.Context, name, program string, environment []string, arguments ...string) (pid int, err error) {
	log, err := os.Create(filepath.Join(l.plane.Directory, name+".log"))
	if err != nil {
		return 0, err
	}
	defer log.Close()
	l.logs = append(l.logs, log.Name())
	command := exec.CommandContext(ctx, program, arguments...)
	command.Env = append(os.Environ(), environment...)
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	l.stops = append(l.stops, func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(endLimit):
			_ = command.Process.Kill()
			<-ended
		}
	})
	return command.Process.Pid, nil
}

// lastLines is the end of the log of the program that was started last.
func (l *lab) lastLines() string {
	if len(l.logs) == 0 {
		return ""
	}
	text, err := os.ReadFile(l.logs[len(l.logs)-1])
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-shownLines):], "\n")
}

// moduleFolder is where the module cache has the sources of a dependency of a nested module.
func moduleFolder(ctx context.Context, module, dependency string) (string, error) {
	command := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", dependency)
	command.Dir = module
	var problems bytes.Buffer
	command.Stderr = &problems
	output, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("looking for the sources of %s: %w: %s", dependency, err, firstLines(problems.String()))
	}
	return strings.TrimSpace(string(output)), nil
}

func freePorts(n int) ([]string, error) {
	var ports []string
	for range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer listener.Close()
		ports = append(ports, strconv.Itoa(listener.Addr().(*net.TCPAddr).Port))
	}
	return ports, nil
}

// firstLines is the beginning of an output.
func firstLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[:min(3, len(lines))], " ")
}
