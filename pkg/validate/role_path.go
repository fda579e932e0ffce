package validate

func rolePath() *Rule {
	return &Rule{Name: "role-path", Standard: Fix, Check: func(p *Pass) {}}
}
