package doctor

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/aws-auth-guard/aws-auth-guard/internal/login"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

const serviceHost = "KUBERNETES_SERVICE_HOST"

// kubeconfig looks at the kubeconfig, and asks nobody.
func (e *Examination) kubeconfig() *Step {
	step, s := newStep("the kubeconfig"), &e.subject
	if !e.chosen(step) {
		return step
	}
	e.doubles(step)
	e.permissions(step)
	s.Cluster, s.Region = cmp.Or(e.Cluster, s.Cluster), cmp.Or(e.Region, s.Region)
	e.user(step)
	e.compareNames(step)
	e.ways(step)
	return step
}

// chosen finds the context, its cluster and its user.
func (e *Examination) chosen(step *Step) bool {
	s := &e.subject
	s.Context = cmp.Or(e.Context, e.Config.CurrentContext)
	shown := make([]string, len(e.Files))
	for i, f := range e.Files {
		shown[i] = text.Name(f)
	}
	files := strings.Join(shown, ", ")
	update := "write one: " + e.update()
	switch {
	case len(e.Config.Clusters)+len(e.Config.Contexts)+len(e.Config.AuthInfos) == 0 && e.Environment(serviceHost) != "":
		step.wrong("in-cluster", "there is no kubeconfig, and this is a pod: kubectl signs in as the pod's service account, not by IAM", update)
		return false
	case len(e.Config.Clusters)+len(e.Config.Contexts) == 0:
		step.wrong("no-kubeconfig", "no cluster is configured in "+cmp.Or(files, "any file")+": kubectl asks localhost:8080 then", update)
		return false
	case s.Context == "":
		step.wrong("context", "no context is chosen in "+files, "choose one: kubectl config use-context NAME ("+e.contexts()+")")
		return false
	}
	chosen := e.Config.Contexts[s.Context]
	if chosen == nil {
		step.wrong("context", fmt.Sprintf("there is no context %s in %s", text.Name(s.Context), files), "choose one: kubectl config use-context NAME ("+e.contexts()+")")
		return false
	}
	s.ClusterEntry, s.UserName = chosen.Cluster, cmp.Or(e.User, chosen.AuthInfo)
	if s.server = e.Config.Clusters[s.ClusterEntry]; s.server == nil {
		step.wrong("context", fmt.Sprintf("the context %s names the cluster %s, which is in no file: kubectl asks localhost:8080 then", text.Name(s.Context), text.Name(s.ClusterEntry)), update)
		return false
	}
	if fault := unusable(s.server.Server); fault != "" {
		step.wrong("context", fmt.Sprintf("the cluster %s has %s", text.Name(s.ClusterEntry), fault), update)
		return false
	}
	if s.user = e.Config.AuthInfos[s.UserName]; s.user == nil {
		step.wrong("context", fmt.Sprintf("the context %s names the user %s, which is in no file", text.Name(s.Context), text.Name(s.UserName)), update)
		return false
	}
	step.saw("context %s, server %s, user %s", text.Name(s.Context), text.Name(s.server.Server), text.Name(s.UserName))
	s.Cluster, s.Region = named(s.ClusterEntry)
	s.Region = cmp.Or(s.Region, regionOf(s.server.Server))
	return true
}

// unusable says what is wrong with the address of a server, nothing for one that kubectl can use.
func unusable(server string) string {
	if server == "" {
		return "no server: kubectl asks localhost:8080 then"
	}
	if _, _, err := rest.DefaultServerURL(server, "", schema.GroupVersion{}, true); err != nil {
		return fmt.Sprintf("the server %s, which is no address", text.Name(server))
	}
	return ""
}

func (e *Examination) contexts() string {
	names := slices.Sorted(maps.Keys(e.Config.Contexts))
	if len(names) == 0 {
		return "there is none"
	}
	return text.Some(names, 5)
}

var (
	clusterARN  = regexp.MustCompile(`^arn:(aws[a-z-]*):eks:([a-z0-9-]+):(\d{12}):cluster/([A-Za-z0-9][\w-]*)$`)
	eksctlName  = regexp.MustCompile(`^([A-Za-z0-9][\w-]*)\.([a-z]{2,}(?:-[a-z]+)+-\d+)\.eksctl\.io$`)
	eksEndpoint = regexp.MustCompile(`^[A-Za-z0-9-]+(?:\.[a-z0-9]+)?\.([a-z]{2,}(?:-[a-z]+)+-\d+)\.eks\.(?:amazonaws\.com(?:\.cn)?|api\.aws)$`)
)

// named reads the name and the region of a cluster out of its name in the kubeconfig, where `aws eks update-kubeconfig` or eksctl
// has given it.
func named(entry string) (cluster, region string) {
	if m := clusterARN.FindStringSubmatch(entry); m != nil {
		return m[4], m[2]
	}
	if m := eksctlName.FindStringSubmatch(entry); m != nil {
		return m[1], m[2]
	}
	return "", ""
}

// accountOf is the account of a cluster that the kubeconfig names by its ARN.
func accountOf(entry string) string {
	if m := clusterARN.FindStringSubmatch(entry); m != nil {
		return m[3]
	}
	return ""
}

// regionOf reads the region out of the address of an EKS cluster.
func regionOf(server string) string {
	u, err := url.Parse(server)
	if err != nil {
		return ""
	}
	if m := eksEndpoint.FindStringSubmatch(u.Hostname()); m != nil {
		return m[1]
	}
	return ""
}

// update is the command that writes the kubeconfig again.
func (e *Examination) update(more ...string) string {
	s := &e.subject
	line := []string{"aws eks update-kubeconfig", "--name " + text.Name(cmp.Or(e.Cluster, s.Cluster, "CLUSTER")), "--region " + text.Name(cmp.Or(e.Region, s.Region, "REGION"))}
	has := func(flag string) bool {
		return slices.ContainsFunc(more, func(m string) bool { return strings.HasPrefix(m, flag) })
	}
	if l := s.Login; l != nil && l.Profile != "" && !has("--profile") {
		line = append(line, "--profile "+text.Name(l.Profile))
	}
	if l := s.Login; l != nil && l.Role != "" && !has("--role-arn") {
		line = append(line, "--role-arn "+text.Name(l.Role))
	}
	more = slices.DeleteFunc(more, func(m string) bool { return strings.HasSuffix(m, " ") })
	return strings.Join(append(line, more...), " ")
}

// doubles finds names that several files of KUBECONFIG have: the first file wins.
func (e *Examination) doubles(step *Step) {
	if len(e.Files) < 2 {
		return
	}
	s := &e.subject
	type named struct {
		what, name string
		of         func(*clientcmdapi.Config) any
	}
	for _, n := range []named{
		{"context", s.Context, func(c *clientcmdapi.Config) any { return bare(c.Contexts[s.Context]) }},
		{"cluster", s.ClusterEntry, func(c *clientcmdapi.Config) any { return bare(c.Clusters[s.ClusterEntry]) }},
		{"user", s.UserName, func(c *clientcmdapi.Config) any { return bare(c.AuthInfos[s.UserName]) }},
	} {
		var first any
		var from string
		for _, path := range e.Files {
			c, err := clientcmd.LoadFromFile(path)
			if err != nil {
				continue
			}
			switch found := n.of(c); {
			case found == nil:
			case first == nil:
				first, from = found, path
			case !reflect.DeepEqual(first, found):
				step.maybe("several-files", fmt.Sprintf("the %s %s is in %s and, otherwise, in %s: the first file counts", n.what, text.Name(n.name), text.Name(from), text.Name(path)),
					"if you mean the other one, use its file alone: export KUBECONFIG="+text.Name(path))
			}
		}
	}
}

// bare is a part of a kubeconfig without the name of its file; nil for none.
func bare(part any) any {
	switch p := part.(type) {
	case *clientcmdapi.Context:
		if p != nil {
			c := *p
			c.LocationOfOrigin = ""
			return c
		}
	case *clientcmdapi.Cluster:
		if p != nil {
			c := *p
			c.LocationOfOrigin = ""
			return c
		}
	case *clientcmdapi.AuthInfo:
		if p != nil {
			c := *p
			c.LocationOfOrigin = ""
			return c
		}
	}
	return nil
}

// openModes are the permissions of a file that others may read.
const openModes = 0o044

func (e *Examination) permissions(step *Step) {
	for _, path := range e.Files {
		info, err := os.Stat(path)
		if err == nil && info.Mode().Perm()&openModes != 0 && filepath.Separator == '/' {
			step.saw("others can read %s (%s); it is better kept to yourself: chmod 600 %s", text.Name(path), info.Mode().Perm(), text.Name(path))
		}
	}
}

// user looks at how the user signs in.
func (e *Examination) user(step *Step) {
	s := &e.subject
	beside := ""
	switch u := s.user; {
	case u.Token != "" || u.TokenFile != "":
		beside = "token"
	case u.ClientCertificate != "" || len(u.ClientCertificateData) > 0:
		beside = "client certificate"
	case u.Username != "":
		beside = "username and password"
	}
	switch {
	case s.user.Exec == nil && strings.Contains(s.user.TokenFile, "eks.amazonaws.com"):
		step.wrong("irsa-token", fmt.Sprintf("the user sends the token %s to the API server: that token is for AWS, and the API server does not take it", text.Name(s.user.TokenFile)), e.update())
		return
	case s.user.Exec == nil && beside == "":
		step.wrong("no-credentials-in-user", fmt.Sprintf("the user %s has no credentials at all: the server takes you for system:anonymous", text.Name(s.UserName)), e.update())
		return
	case s.user.Exec == nil && beside == "token":
		e.savedToken(step)
		return
	case s.user.Exec == nil:
		step.saw("the user signs in by a %s, not by IAM", beside)
		return
	case beside != "":
		step.wrong("token-beside-exec", fmt.Sprintf("the user %s has a %s beside exec: the %s counts, and the plugin never runs", text.Name(s.UserName), beside, beside), e.unset(beside)...)
	}
	e.plugin(step)
	l, err := login.Read(s.UserName, s.user)
	if err != nil {
		step.unknown("%s", err)
		return
	}
	s.Login = l
	step.saw("%s", l)
	if l.Problem != "" {
		step.wrong("plugin-usage", l.Problem, e.update())
	}
	s.Cluster, s.Region = cmp.Or(s.Cluster, l.Cluster), cmp.Or(s.Region, l.Region)
	e.shared(step)
}

// unset are the commands that remove what stands beside exec.
func (e *Examination) unset(beside string) []string {
	fields := map[string][]string{
		"token": {"token", "tokenFile"}, "client certificate": {"client-certificate", "client-certificate-data", "client-key", "client-key-data"},
		"username and password": {"username", "password"},
	}
	u, name := e.subject.user, e.subject.UserName
	has := map[string]bool{
		"token": u.Token != "", "tokenFile": u.TokenFile != "", "client-certificate": u.ClientCertificate != "", "client-certificate-data": len(u.ClientCertificateData) > 0,
		"client-key": u.ClientKey != "", "client-key-data": len(u.ClientKeyData) > 0, "username": u.Username != "", "password": u.Password != "",
	}
	if strings.ContainsAny(name, ".") { // kubectl config takes a dot for the next part of a path.
		return []string{"remove these lines of the user " + text.Name(name) + " from the file: " + strings.Join(slices.DeleteFunc(fields[beside], func(f string) bool { return !has[f] }), ", ")}
	}
	var all []string
	for _, f := range fields[beside] {
		if has[f] {
			all = append(all, "kubectl config unset users."+text.Name(name)+"."+f)
		}
	}
	return all
}

// shared finds another context with the same user: a second `aws eks update-kubeconfig` overwrites the user of the first.
func (e *Examination) shared(step *Step) {
	s := &e.subject
	for _, name := range slices.Sorted(maps.Keys(e.Config.Contexts)) {
		if other := e.Config.Contexts[name]; name != s.Context && other.AuthInfo == s.UserName {
			step.maybe("shared-user", fmt.Sprintf("the contexts %s and %s have the same user %s: `aws eks update-kubeconfig --alias` names the context alone, and overwrites the user",
				text.Name(s.Context), text.Name(name), text.Name(s.UserName)), e.update("--alias "+text.Name(s.Context), "--user-alias "+text.Name(s.Context)))
			return
		}
	}
}

const execPrefix = "client.authentication.k8s.io/"

// plugin looks at how the program is called.
func (e *Examination) plugin(step *Step) {
	x := e.subject.user.Exec
	switch x.APIVersion {
	case execPrefix + "v1alpha1":
		step.wrong("exec-v1alpha1", "the plugin is called by "+x.APIVersion+", which kubectl has refused since 1.24",
			"update the AWS CLI (1.23.9, 2.6.3 or newer), then: "+e.update())
	case execPrefix + "v1":
		if x.InteractiveMode == "" {
			step.wrong("interactive-mode", "apiVersion "+x.APIVersion+" needs interactiveMode, and there is none", "add a line to the exec section of the user "+text.Name(e.subject.UserName)+" in the file: interactiveMode: IfAvailable")
		}
	case execPrefix + "v1beta1":
	default:
		step.wrong("exec-version", fmt.Sprintf("kubectl knows no apiVersion %s of plugins", text.Name(x.APIVersion)), e.update())
	}
	if _, err := exec.LookPath(x.Command); err != nil {
		step.wrong("plugin-missing", fmt.Sprintf("the plugin %s is not found: %v", text.Name(x.Command), err),
			"install it, or write its full path as command in the exec section of the user "+text.Name(e.subject.UserName)+"; programs that are not started from a shell have another PATH")
	}
}

// compareNames holds the plugin's names against those of the cluster.
func (e *Examination) compareNames(step *Step) {
	s := &e.subject
	l := s.Login
	if l == nil {
		return
	}
	if l.Cluster == "" {
		step.wrong("cluster-name", "the plugin is called without the name of a cluster", e.update())
		return
	}
	want := cmp.Or(e.Cluster, s.Cluster)
	if want != l.Cluster {
		step.wrong("cluster-name", fmt.Sprintf("the plugin signs for the cluster %s, but the server is that of %s: EKS does not take such a token", text.Name(l.Cluster), text.Name(want)), e.update())
	}
	region := cmp.Or(e.Region, regionOf(s.server.Server), s.Region)
	if l.Region == "" || region == "" || l.Region == region {
		return
	}
	if p, q := partitionOf(l.Region), partitionOf(region); p != q {
		step.wrong("partition", fmt.Sprintf("the plugin signs in %s, of the partition %s, but the cluster is in %s, of %s: EKS does not take such a token", text.Name(l.Region), p, text.Name(region), q), e.update())
		return
	}
	step.maybe("region", fmt.Sprintf("the plugin signs in %s, and the cluster is in %s: EKS takes that, but commands about the cluster look in the wrong region", text.Name(l.Region), text.Name(region)), e.update())
}
