package validate

// FieldImmutable is the field of the ConfigMap, beside its data, that the rule map-immutable is about.
const FieldImmutable = "immutable"

func mapImmutable() *Rule {
	return &Rule{
		Name:  "map-immutable",
		Title: "a map that nobody can change",
		Rationale: "With immutable: true the API server refuses every change of the data, and the field can't be taken back. EKS then can't add the role of a new node group or Fargate profile, nobody can take access away from " +
			"somebody, and no repair and no undo gets through. The one way out is to delete the map and to create it again (docs/emergency.md says how), which shuts everybody out in between. Leave the field out.",
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
				Message: "immutable: true lets nobody change the map any more, EKS included: no new node group, no repair, no undo. It can only be deleted and created again; leave immutable out",
			})
		},
	}
}
