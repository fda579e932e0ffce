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

func wantedEntry() *Rule {
	return &Rule{
		Name:  "wanted-entry",
		Title: "an access entry that somebody asks for overrules the mapping, or EKS refuses it",
		Rationale: "Objects of ACK (AccessEntry), Crossplane (AccessEntry, AccessPolicyAssociation) and Cluster API " +
			"(AWSManagedControlPlane) ask for access entries and for an authentication mode. Once EKS has the entry, it takes " +
			"that, and not the mapping of the same principal; in the mode API it reads no map. What EKS refuses in an entry " +
			"never comes to be. Such an object says what somebody wants and not what is, so it is a warning in every profile, " +
			"and never counts as an access entry: take a snapshot (access-entries snapshot) for that. Only lint reports this rule.",
		Severity: Medium,
		Standard: Warn,
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
