package validate

// FieldImmutable is the field of the ConfigMap, beside its data, that the rule map-immutable is about.
const FieldImmutable = "immutable"

func mapImmutable() *Rule {
	return &Rule{
		Name:  "map-immutable",
		Title: "a map that nobody can change",
		Rationale: "With immutable: true the API server rejects every change of the data, and nobody can unset the field. " +
			"EKS then can't add the role of a new node group or Fargate profile, nobody can revoke access, and no " +
			"repair or undo works. The only way out is to delete the map and create it again (docs/emergency.md says " +
			"how), which locks everybody out in between. Leave the field out.",
		Severity:  High,
		Standard:  Deny,
		Companion: true,
		Bad: []Example{
			{Data: map[string]string{"mapRoles": exampleDev}, Immutable: true},
			{Old: map[string]string{"mapRoles": exampleDev}, Data: map[string]string{"mapRoles": exampleDev}, Immutable: true},
		},
		Good: []Example{roles(exampleDev)},
		Check: func(p *Pass) {
			if !p.Doc.Immutable {
				return
			}
			p.Report(Finding{
				Entry: -1, Field: FieldImmutable, Touched: p.Change != nil && (p.Change.Old == nil || !p.Change.Old.Immutable),
				What:   "with immutable: true nobody can change the map any more, not even EKS: no new node group, no repair, no undo. It can only be deleted and created again",
				Remedy: "leave immutable out",
			})
		},
	}
}
