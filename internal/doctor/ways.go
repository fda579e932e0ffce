package doctor

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/aws-auth-guard/aws-auth-guard/internal/login"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/misread"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// variable is what the plugin gets to see: the kubeconfig's value before the shell's.
func (e *Examination) variable(name string) string {
	if l := e.subject.Login; l != nil {
		if v, ok := l.Environment[name]; ok {
			return v
		}
	}
	return e.Environment(name)
}

// ways finds the settings that silently change who signs in, and how.
func (e *Examination) ways(step *Step) {
	l := e.subject.Login
	if l == nil {
		return
	}
	profile := e.variable("AWS_PROFILE")
	if e.variable("AWS_ACCESS_KEY_ID") != "" && profile != "" && !l.ProfileFlag {
		step.wrong("keys-beat-profile", fmt.Sprintf("AWS_ACCESS_KEY_ID is set, and beats AWS_PROFILE=%s: the keys sign, not the profile", text.Name(profile)),
			"unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN",
			"or add two lines to the args of the user in the file, where the profile beats them: --profile, "+text.Name(profile))
	}
	if d := e.variable("AWS_DEFAULT_PROFILE"); d != "" && profile != "" && d != profile && l.Command == login.CLI {
		step.maybe("default-profile", fmt.Sprintf("AWS_DEFAULT_PROFILE=%s beats AWS_PROFILE=%s in version 1 of the AWS CLI", text.Name(d), text.Name(profile)), "unset AWS_DEFAULT_PROFILE")
	}
	if f := e.variable("AWS_WEB_IDENTITY_TOKEN_FILE"); f != "" {
		step.maybe("web-identity", fmt.Sprintf("AWS_WEB_IDENTITY_TOKEN_FILE is set: its role %s signs before Pod Identity and before a profile's keys", text.Name(e.variable("AWS_ROLE_ARN"))),
			"unset AWS_WEB_IDENTITY_TOKEN_FILE AWS_ROLE_ARN", "or map that role")
	}
	if role := l.Environment["DEFAULT_ROLE"]; l.Command == login.Authenticator && role == "" && e.Environment("DEFAULT_ROLE") != "" && l.Role == "" {
		l.Role = e.Environment("DEFAULT_ROLE")
		step.saw("the shell's DEFAULT_ROLE makes aws-iam-authenticator sign in as the role %s", text.Name(l.Role))
	}
	for _, name := range []string{"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"} {
		if v := e.variable(name); v != "" {
			step.maybe("endpoint-url", fmt.Sprintf("%s=%s: a token for another host than that of STS is not taken by EKS", name, text.Name(v)), "unset "+name)
		}
	}
	if v := l.Output; l.Command == login.CLI && v != "" && !slices.Contains([]string{"json", "yaml", "yaml-stream"}, v) {
		step.maybe("output-format", fmt.Sprintf("the AWS CLI is to print %s, of which kubectl can read nothing", text.Name(v)), e.update())
	} else if v := e.Environment("AWS_DEFAULT_OUTPUT"); l.Command == login.CLI && l.Output == "" && slices.Contains([]string{"text", "table"}, v) {
		step.maybe("output-format", "AWS_DEFAULT_OUTPUT="+v+" and no --output json in the arguments: some versions of the AWS CLI print what kubectl can't read", e.update())
	}
	if e.variable("AWS_STS_REGIONAL_ENDPOINTS") == "legacy" {
		step.maybe("global-sts", "AWS_STS_REGIONAL_ENDPOINTS=legacy: sessions of the global STS do not work in regions that an account has to opt in to", "export AWS_STS_REGIONAL_ENDPOINTS=regional")
	}
	e.proxies(step)
	e.policy(step)
}

// proxies looks at what stands between kubectl and the server.
func (e *Examination) proxies(step *Step) {
	for _, name := range []string{"HTTPS_PROXY", "https_proxy"} {
		if v := e.Environment(name); v != "" {
			step.saw("%s is set: kubectl and the plugin go through it, but for what NO_PROXY names", name)
		}
	}
	if p := e.subject.server.ProxyURL; p != "" {
		step.saw("the kubeconfig's proxy-url %s is used for the server", text.Name(hostOf(p)))
	}
}

// policy looks for kubectl's own setting that forbids plugins.
func (e *Examination) policy(step *Step) {
	path := e.Environment("KUBERC")
	if path == "" {
		home := e.Environment("HOME")
		if home == "" {
			return
		}
		path = filepath.Join(home, ".kube", "kuberc")
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return
	}
	var settings struct {
		Policy  string `json:"credentialPluginPolicy"`
		Allowed []struct {
			Name    string `json:"name"`
			Command string `json:"command"`
		} `json:"credentialPluginAllowlist"`
	}
	if err := yaml.Unmarshal(raw, &settings); err != nil {
		step.unknown("%s can't be read: %s", text.Name(path), misread.YAML(err))
		return
	}
	command := e.subject.user.Exec.Command
	allowed := false
	for _, a := range settings.Allowed {
		allowed = allowed || a.Name == command || a.Command == command || filepath.Base(command) == a.Name
	}
	switch {
	case settings.Policy == "DenyAll", settings.Policy == "Allowlist" && !allowed:
		step.wrong("plugin-policy", fmt.Sprintf("%s has credentialPluginPolicy: %s, so kubectl does not run %s", text.Name(path), settings.Policy, text.Name(command)),
			fmt.Sprintf("write into it: credentialPluginPolicy: Allowlist, and credentialPluginAllowlist: [{name: %s}]", text.Name(command)))
	}
}

// hostOf is an address without what may be secret in it.
func hostOf(address string) string {
	_, rest, ok := strings.Cut(address, "://")
	if !ok {
		return address
	}
	rest, _, _ = strings.Cut(rest, "/")
	if at := strings.LastIndex(rest, "@"); at >= 0 {
		rest = rest[at+1:]
	}
	return rest
}
