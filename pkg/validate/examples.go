package validate

const (
	exampleNodes = "- rolearn: arn:aws:iam::111122223333:role/nodes\n  username: system:node:{{EC2PrivateDNSName}}\n  groups:\n  - system:bootstrappers\n  - system:nodes\n"
	exampleDev   = "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n"
)

// roles builds an Example from the text of mapRoles.
func roles(value string) Example { return Example{Data: map[string]string{"mapRoles": value}} }

// users builds an Example from the text of mapUsers.
func users(value string) Example { return Example{Data: map[string]string{"mapUsers": value}} }
