package validate

func guardBypassed() *Rule {
	return &Rule{
		Name:  "guard-bypassed",
		Title: "edits get past the guard, or it can't answer",
		Rationale: "The guard is registered, but some edits of aws-auth never reach it, or it can't answer: a selector or a match " +
			"condition leaves them out, no pod is ready, the certificate is over, the time is too short. With the failure " +
			"policy Ignore such edits go through unchecked, with Fail all are refused. The message says what to change.",
		Severity: High,
		Standard: Deny,
		Matter:   GuardBypassed,
	}
}
