package validate

func adminBinding() *Rule {
	return &Rule{
		Name:  "admin-binding",
		Title: "a binding makes an administrator",
		Rationale: "A ClusterRoleBinding to cluster-admin, or to another ClusterRole with * on * for every verb, lets its users " +
			"and groups do everything in the whole cluster, as system:masters does. The map shows a group with any " +
			"name; only RBAC tells that the group is one of administrators. Bind a smaller role, and keep cluster-admin for " +
			"the few who need it.",
		Severity: Critical,
		Controls: []Control{adminOnlyWhereNeeded(), wildcards(), leastPrivilege(), clusterRoles()},
		Standard: Warn,
		Params:   allowParams(),
		Matter:   AdminByBinding,
	}
}
