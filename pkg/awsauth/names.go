package awsauth

// The usernames and groups that are special to Kubernetes and EKS.
const (
	// MastersGroup passes every check of the API server before RBAC is asked.
	MastersGroup = "system:masters"
	// Every node needs both of these groups, and a username that begins so: EKS User Guide, "Apply the aws-auth ConfigMap to
	// your cluster".
	NodesGroup         = "system:nodes"
	BootstrappersGroup = "system:bootstrappers"
	NodeUsernamePrefix = "system:node:"
	// What kube-proxy runs with on Windows nodes, and on Fargate and hybrid nodes.
	WindowsProxyGroup = "eks:kube-proxy-windows"
	ProxyGroup        = "system:node-proxier"
)
