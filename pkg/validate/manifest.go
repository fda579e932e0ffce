package validate

func manifestSyntax() *Rule {
	return &Rule{
		Name:  "manifest-syntax",
		Title: "the manifest is not YAML or JSON",
		Rationale: "kubectl refuses such a file where it is no longer YAML or JSON, or drops a part of it without a word: of each document between two lines of --- it reads " +
			"what stands before a line of ... or before an item that is indented less. Only lint reports this rule.",
		Severity: High,
		Standard: Deny,
		LintOnly: true,
	}
}

func manifestShape() *Rule {
	return &Rule{
		Name:  "manifest-shape",
		Title: "the manifest is not a ConfigMap that EKS reads",
		Rationale: "EKS reads the ConfigMap aws-auth in the namespace kube-system, with mapRoles, mapUsers and mapAccounts as texts under data. Without the | after mapRoles: it is a list, " +
			"which the API server refuses; keys beside data are refused or dropped; in another namespace, or without one, nobody reads it. Of a key that stands twice the last " +
			"counts, and a merge key (<<) takes the place of what stands before it. Only lint reports this rule.",
		Severity: High,
		Standard: Deny,
		LintOnly: true,
	}
}
