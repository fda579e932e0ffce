package validate

func manifestSyntax() *Rule {
	return &Rule{
		Name:      "manifest-syntax",
		Title:     "the manifest is not YAML or JSON",
		Rationale: "kubectl can't read such a file at all, so nothing of it reaches the cluster. Only lint reports this rule.",
		Severity:  High,
		Standard:  Deny,
		LintOnly:  true,
	}
}

func manifestShape() *Rule {
	return &Rule{
		Name:  "manifest-shape",
		Title: "the manifest is not a ConfigMap that EKS reads",
		Rationale: "EKS reads the ConfigMap aws-auth in the namespace kube-system, with mapRoles, mapUsers and mapAccounts as texts under data. A missing | behind mapRoles: makes it a list, " +
			"which the API server refuses; keys beside data are refused or dropped; in another namespace, or without one, nobody reads it. Only lint reports this rule.",
		Severity: High,
		Standard: Deny,
		LintOnly: true,
	}
}
