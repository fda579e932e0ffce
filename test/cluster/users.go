package cluster

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// user is somebody whom the API server knows by a token.
type user struct {
	name   string
	groups []string
	token  string
}

// The users of the cluster beside its nodes.
const (
	adminUser      = "admin"
	managerUser    = "system:kube-controller-manager"
	schedulerUser  = "system:kube-scheduler"
	tokensFile     = "tokens.csv"
	mastersGroup   = "system:masters"
	nodesGroup     = "system:nodes"
	nodeUserPrefix = "system:node:"
)

// makeUsers writes the file of tokens for the API server and gives the users by their names.
func makeUsers(dir string) (map[string]*user, error) {
	users := []*user{{name: adminUser, groups: []string{mastersGroup}}, {name: managerUser}, {name: schedulerUser}}
	for n := 1; n <= nodeCount; n++ {
		users = append(users, &user{name: nodeUserPrefix + nodeName(n), groups: []string{nodesGroup}})
	}
	byName := map[string]*user{}
	var lines strings.Builder
	for _, u := range users {
		u.token = rand.Text()
		byName[u.name] = u
		fmt.Fprintf(&lines, "%s,%s,%s,%q\n", u.token, u.name, u.name, strings.Join(u.groups, ","))
	}
	return byName, os.WriteFile(filepath.Join(dir, tokensFile), []byte(lines.String()), 0o600)
}

// writeKubeconfig writes a kubeconfig for a user and gives its path.
func writeKubeconfig(dir, server string, authority []byte, u *user) (string, error) {
	config := clientcmdapi.NewConfig()
	config.Clusters["test"] = &clientcmdapi.Cluster{Server: server, CertificateAuthorityData: authority}
	config.AuthInfos[u.name] = &clientcmdapi.AuthInfo{Token: u.token}
	config.Contexts["test"] = &clientcmdapi.Context{Cluster: "test", AuthInfo: u.name}
	config.CurrentContext = "test"
	path := filepath.Join(dir, strings.ReplaceAll(u.name, ":", "-")+".kubeconfig")
	return path, clientcmd.WriteToFile(*config, path)
}
