package validate

// Control is what a public catalogue says about the same danger.
type Control struct {
	// Catalogue with its version, where controls change their numbers from one to the next.
	Catalogue string
	ID, Title string
}

// Name is short enough for a tag: `CIS EKS 1.7.0 4.1.1`.
func (c Control) Name() string { return c.Catalogue + " " + c.ID }

// String is the control in one line.
func (c Control) String() string { return c.Name() + ": " + c.Title }

// The catalogues: the CIS Amazon EKS Benchmark, the Kubernetes Hardening Guidance of NSA and CISA, which has chapters and no
// numbers, and MITRE ATT&CK for containers and clouds.
const (
	cisOld = "CIS EKS 1.5.0"
	cis    = "CIS EKS 1.7.0"
	cisNew = "CIS EKS 1.8.0"
	nsa    = "NSA/CISA 1.2"
	mitre  = "MITRE ATT&CK"
)

// SignedOff reports whether the control is one that an auditor of a cluster signs: one of a benchmark, and not a technique of
// attackers.
func (c Control) SignedOff() bool { return c.Catalogue != mitre }

// adminOnlyWhereNeeded and noMasters are the benchmark's; later versions have another control under the second's number.
func adminOnlyWhereNeeded() Control {
	return Control{cis, "4.1.1", "Ensure that the cluster-admin role is only used where required"}
}

func wildcards() Control {
	return Control{cis, "4.1.3", "Minimize wildcard use in Roles and ClusterRoles"}
}

func accessManager() Control {
	return Control{cis, "4.1.7", "Cluster Access Manager API to streamline and enhance the management of access controls within EKS clusters"}
}

func escalation() Control {
	return Control{cis, "4.1.8", "Limit use of the Bind, Impersonate and Escalate permissions in the Kubernetes cluster"}
}

func webhookObjects() Control {
	return Control{cisNew, "4.1.11", "Minimize access to webhook configuration objects"}
}

// leastPrivilege is the chapter of the guidance on who may do what, uniqueUsers that on who is who.
func leastPrivilege() Control {
	return Control{nsa, "Role-based access control", "Give users and service accounts the least privileges that they need"}
}

func uniqueUsers() Control {
	return Control{nsa, "Authentication", "Authenticate every user, and tell one from another"}
}

func noMasters() Control { return Control{cisOld, "4.1.7", "Avoid use of system:masters group"} }

// The techniques that an entry of aws-auth, or an edit of it, can serve.
func clusterRoles() Control {
	return Control{mitre, "T1098.006", "Account Manipulation: Additional Container Cluster Roles"}
}

func cloudAccounts() Control { return Control{mitre, "T1078.004", "Valid Accounts: Cloud Accounts"} }

func masquerading() Control { return Control{mitre, "T1036", "Masquerading"} }

func accessRemoval() Control { return Control{mitre, "T1531", "Account Access Removal"} }
