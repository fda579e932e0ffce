package controlplane

import (
	"fmt"
	"os"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

const (
	// contextName names the cluster, the user and the context of every kubeconfig file written here.
	contextName = "aws-auth-guard"
	// The client's own limits would only slow tests down.
	queriesPerSecond = 1000
	burst            = 2000
)

// User makes a user who signs in with a certificate of that name and groups. It gives the user's access and the
// path of a kubeconfig file with the same access. Without bindings the user may do nothing.
func (c *ControlPlane) User(name string, groups ...string) (*rest.Config, string, error) {
	user, err := c.servers.AddUser(envtest.User{Name: name, Groups: groups}, &rest.Config{QPS: queriesPerSecond, Burst: burst})
	if err != nil {
		return nil, "", fmt.Errorf("making the user %s: %w", name, err)
	}
	config := user.Config()
	path, err := c.WriteKubeconfig(config)
	return config, path, err
}

// Impersonate gives the administrator's access acting as somebody, and the path of a kubeconfig file with the
// same access. Unlike certificates it carries extra attributes, such as the ARN that EKS attaches to a caller.
// The API server lower-cases the names of extra attributes that come this way.
func (c *ControlPlane) Impersonate(who rest.ImpersonationConfig) (*rest.Config, string, error) {
	config := rest.CopyConfig(c.AdminConfig)
	config.Impersonate = who
	path, err := c.WriteKubeconfig(config)
	return config, path, err
}

// WriteKubeconfig writes a kubeconfig file with the access that the configuration gives, and gives its path.
// The file lives as long as the control plane.
func (c *ControlPlane) WriteKubeconfig(config *rest.Config) (string, error) {
	file, err := os.CreateTemp(c.Directory, "*.kubeconfig")
	if err != nil {
		return "", err
	}
	path := file.Name()
	if err := file.Close(); err != nil {
		return "", err
	}
	content := clientcmdapi.NewConfig()
	content.Clusters[contextName] = &clientcmdapi.Cluster{Server: config.Host, CertificateAuthorityData: config.CAData}
	content.AuthInfos[contextName] = &clientcmdapi.AuthInfo{
		ClientCertificateData: config.CertData,
		ClientKeyData:         config.KeyData,
		Impersonate:           config.Impersonate.UserName,
		ImpersonateUID:        config.Impersonate.UID,
		ImpersonateGroups:     config.Impersonate.Groups,
		ImpersonateUserExtra:  config.Impersonate.Extra,
	}
	content.Contexts[contextName] = &clientcmdapi.Context{Cluster: contextName, AuthInfo: contextName}
	content.CurrentContext = contextName
	return path, clientcmd.WriteToFile(*content, path)
}
