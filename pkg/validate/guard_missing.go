package validate

func guardMissing() *Rule {
	return &Rule{
		Name:  "guard-missing",
		Title: "no guard checks edits of the map",
		Rationale: "No webhook of the guard is registered in the cluster: the API server stores every edit of aws-auth as it " +
			"comes, with its typos and its grants. Install the guard, or find out who has taken it away.",
		Severity: High,
		Standard: Warn,
		Matter:   GuardMissing,
	}
}
