package validate

func guardRemover() *Rule {
	return &Rule{
		Name:  "guard-remover",
		Title: "somebody who is no administrator may turn the guard off",
		Rationale: "Who may change or delete webhook configurations can take away those of the guard, and the API server asks no " +
			"webhook about that. From then on nothing checks edits of aws-auth. Leave the right to administrators, and to the " +
			"operators that need it for configurations of their own (resourceNames).",
		Severity: High,
		Controls: []Control{webhookObjects(), leastPrivilege()},
		Standard: Warn,
		Matter:   GuardRemover,
	}
}
