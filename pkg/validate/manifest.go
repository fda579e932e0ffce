package validate

func manifestSyntax() *Rule {
	return &Rule{
		Name:  "manifest-syntax",
		Title: "the manifest is not YAML or JSON",
		Rationale: "kubectl rejects such a file, or silently drops a part of it: in each document between two --- lines it " +
			"stops reading at a ... line, or at an item that is indented less. Only lint reports this rule.",
		Severity: High,
		Standard: Deny,
		LintOnly: true,
	}
}

func manifestShape() *Rule {
	return &Rule{
		Name:  "manifest-shape",
		Title: "the manifest is not a ConfigMap that EKS reads",
		Rationale: "EKS reads the ConfigMap aws-auth in the namespace kube-system, with mapRoles, mapUsers and mapAccounts " +
			"as texts under data. Without the | after mapRoles: the value is a list, which the API server rejects. It " +
			"rejects or drops keys beside data. Nobody reads the ConfigMap in another namespace, or without a " +
			"namespace. If a key appears twice, only the last one counts. A merge key (<<) replaces the keys before " +
			"it. Only lint reports this rule.",
		Severity: High,
		Standard: Deny,
		LintOnly: true,
	}
}

func ignoreComment() *Rule {
	return &Rule{
		Name:  "ignore-comment",
		Title: "a comment that is to ignore a finding, and does not",
		Rationale: "lint and fix pass over a finding where a comment in its line, or by itself in the line above, says so: " +
			"# aws-auth-guard: ignore RULE -- REASON. Such a comment needs the name of a rule and a reason. Every report " +
			"lists what was ignored, --no-ignores ignores nothing, and the webhook never reads these comments.",
		Severity: Low,
		Standard: Warn,
		LintOnly: true,
	}
}
