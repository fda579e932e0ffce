package validate

func mapEditor() *Rule {
	return &Rule{
		Name:  "map-editor",
		Title: "somebody who is no administrator may change the map",
		Rationale: "Who may change the ConfigMap aws-auth can let in whoever it likes, as a member of system:masters: the " +
			"right to edit it is as much as the right to everything. A role for ConfigMaps in kube-system gives it, and so " +
			"does the access policy AmazonEKSEditPolicy there. Name other ConfigMaps in the role (resourceNames), or " +
			"limit the writer in the policy of the guard (writers).",
		Severity: High,
		Controls: []Control{escalation(), leastPrivilege(), clusterRoles()},
		Standard: Warn,
		Matter:   MapEditor,
	}
}
