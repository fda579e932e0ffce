package validate

func adminAccessPolicy() *Rule {
	return &Rule{
		Name:  "admin-access-policy",
		Title: "an access policy makes an administrator",
		Rationale: "An access entry with AmazonEKSClusterAdminPolicy for the whole cluster lets its principal do everything, and no " +
			"RBAC takes it from it. AmazonEKSAdminPolicy for the whole cluster comes to the same: its principal may change " +
			"aws-auth, and let itself in as anybody. Associate the policy with namespaces, or a smaller policy " +
			"(aws eks associate-access-policy).",
		Severity: Critical,
		Controls: []Control{adminOnlyWhereNeeded(), leastPrivilege(), clusterRoles()},
		Standard: Warn,
		Params:   allowParams(),
		Matter:   AdminByPolicy,
	}
}
