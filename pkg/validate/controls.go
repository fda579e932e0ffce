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

// The catalogues: the CIS Amazon EKS Benchmark, and MITRE ATT&CK for containers and clouds.
const (
	cisOld = "CIS EKS 1.5.0"
	cis    = "CIS EKS 1.7.0"
	mitre  = "MITRE ATT&CK"
)

// adminOnlyWhereNeeded and noMasters are the benchmark's; later versions have another control under the second's number.
func adminOnlyWhereNeeded() Control {
	return Control{cis, "4.1.1", "Ensure that the cluster-admin role is only used where required"}
}

func noMasters() Control { return Control{cisOld, "4.1.7", "Avoid use of system:masters group"} }

// The techniques that an entry of aws-auth, or an edit of it, can serve.
func clusterRoles() Control {
	return Control{mitre, "T1098.006", "Account Manipulation: Additional Container Cluster Roles"}
}

func cloudAccounts() Control { return Control{mitre, "T1078.004", "Valid Accounts: Cloud Accounts"} }

func masquerading() Control { return Control{mitre, "T1036", "Masquerading"} }

func accessRemoval() Control { return Control{mitre, "T1531", "Account Access Removal"} }
