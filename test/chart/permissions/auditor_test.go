package permissions

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
	"github.com/aws-auth-guard/aws-auth-guard/test/nodeclass"
)

// What the auditor does with what its account may do.
const (
	acts            = "it acts"
	looks           = "it looks"
	writesOpen      = "it writes reports.openreports.io"
	writesPolicy    = "it writes policyreports.wgpolicyk8s.io"
	removesOpen     = "it removes reports.openreports.io"
	removesPolicy   = "it removes policyreports.wgpolicyk8s.io"
	tellsEvents     = "Events"
	remembers       = "it remembers what it told"
	keepsHistory    = "the history"
	renumbers       = "the history of a state that comes back"
	prunesHistory   = "the history is kept short"
	judgesGroups    = "group-unbound"
	knowsGuard      = "it knows how the guard stands"
	knowsNodes      = "it knows whether there are nodes"
	knowsRoles      = "it knows by which role nodes came in"
	findsBypasses   = "bypasses"
	prunesNotes     = "old notes are removed"
	restoresBroken  = "a broken map is restored"
	restoresDeleted = "a deleted map is restored"
	writesOnce      = "the CronJob's report is complete"
	followsMap      = "it follows the map"
	followsBindings = "it follows rolebindings"
	followsCluster  = "it follows clusterrolebindings"
	followsMutates  = "it follows mutatingwebhookconfigurations"
	followsRefuses  = "it follows validatingwebhookconfigurations"
	followsOpen     = "it follows the kind reports.openreports.io"
	followsPolicy   = "it follows the kind policyreports.wgpolicyk8s.io"
	followsEC2      = "it follows ec2nodeclasses"
	followsAuto     = "it follows nodeclasses"
	followsEC2Kind  = "it follows the kind ec2nodeclasses.karpenter.k8s.aws"
	followsAutoKind = "it follows the kind nodeclasses.eks.amazonaws.com"
	knowsClasses    = "node-class-unmapped"
)

// lack is how the auditor is run without a permission, and what becomes blind then. What is blind is tried besides what always is.
type lack struct {
	blind []string
	// policy writes the second kind of report instead of the first.
	policy bool
	// bare takes the objects away first that the chart makes for the auditor.
	bare bool
	// listing is how API servers before 1.34 are asked: they can't stream a list.
	listing bool
}

func blindAuditor() map[string]lack {
	table := map[string]lack{
		"cluster list nodes":                                                  {blind: []string{knowsNodes, writesOnce}},
		"cluster list certificatesigningrequests":                             {blind: []string{knowsRoles}},
		"cluster get validatingadmissionpolicies/aws-auth-guard":              {blind: []string{knowsGuard}},
		"cluster get validatingadmissionpolicybindings/aws-auth-guard":        {blind: []string{knowsGuard}},
		"cluster get validatingadmissionpolicies/aws-auth-guard-delete":       {blind: []string{knowsGuard}},
		"cluster get validatingadmissionpolicybindings/aws-auth-guard-delete": {blind: []string{knowsGuard}},
		"cluster list roles":                                                  {blind: []string{writesOnce}},
		"cluster list clusterroles":                                           {blind: []string{writesOnce}},
		"kube-system get configmaps/aws-auth":                                 {blind: []string{writesOnce}},
		"kube-system update configmaps/aws-auth":                              {blind: []string{restoresBroken}},
		"kube-system create configmaps":                                       {blind: []string{restoresDeleted}},
		"kube-system create events":                                           {blind: []string{tellsEvents}},
		"own get leases/aws-auth-guard-auditor":                               {blind: []string{acts, looks}},
		"own update leases/aws-auth-guard-auditor":                            {blind: []string{acts, looks}},
		"own create leases":                                                   {blind: []string{acts, looks}, bare: true},
		"own get configmaps/aws-auth-guard-auditor":                           {blind: []string{looks}},
		"own update configmaps/aws-auth-guard-auditor":                        {blind: []string{remembers, tellsEvents}},
		"own create configmaps":                                               {blind: []string{remembers, tellsEvents}, bare: true},
		"own get configmaps/aws-auth-guard-admitted":                          {blind: []string{findsBypasses}},
		"own patch configmaps/aws-auth-guard-admitted":                        {blind: []string{prunesNotes}},
		"own list controllerrevisions":                                        {blind: []string{keepsHistory}},
		"own get controllerrevisions":                                         {blind: []string{keepsHistory}},
		"own create controllerrevisions":                                      {blind: []string{keepsHistory}},
		"own patch controllerrevisions":                                       {blind: []string{renumbers}},
		"own delete controllerrevisions":                                      {blind: []string{prunesHistory}},
		"own get services/aws-auth-guard":                                     {blind: []string{knowsGuard}},
		"own list endpointslices":                                             {blind: []string{knowsGuard}},
		"kube-system delete reports/aws-auth-guard":                           {blind: []string{removesOpen}, policy: true},
		"kube-system delete policyreports/aws-auth-guard":                     {blind: []string{removesPolicy}},
	}
	for _, verb := range []string{"create reports", "get reports/aws-auth-guard", "update reports/aws-auth-guard"} {
		table["kube-system "+verb] = lack{blind: []string{writesOpen}}
	}
	table["cluster get clusterroles/aws-auth-guard-auditor"] = lack{blind: []string{writesOpen}}
	for _, verb := range []string{"create policyreports", "get policyreports/aws-auth-guard", "update policyreports/aws-auth-guard"} {
		table["kube-system "+verb] = lack{blind: []string{writesPolicy}, policy: true}
	}
	// Who may watch and not list is served by API servers from 1.34 on; who may list and not watch sees changes late.
	for resource, names := range map[string][]string{
		"cluster %s rolebindings":                                               {followsBindings, judgesGroups, writesOnce},
		"cluster %s clusterrolebindings":                                        {followsCluster, judgesGroups, writesOnce},
		"cluster %s mutatingwebhookconfigurations/aws-auth-guard":               {followsMutates, knowsGuard, writesOnce},
		"cluster %s validatingwebhookconfigurations/aws-auth-guard":             {followsRefuses, knowsGuard, writesOnce},
		"cluster %s customresourcedefinitions/reports.openreports.io":           {followsOpen},
		"cluster %s customresourcedefinitions/policyreports.wgpolicyk8s.io":     {followsPolicy},
		"cluster %s ec2nodeclasses":                                             {followsEC2, knowsClasses, writesOnce},
		"cluster %s nodeclasses":                                                {followsAuto, knowsClasses, writesOnce},
		"cluster %s customresourcedefinitions/ec2nodeclasses.karpenter.k8s.aws": {followsEC2Kind, knowsClasses},
		"cluster %s customresourcedefinitions/nodeclasses.eks.amazonaws.com":    {followsAutoKind, knowsClasses},
		"kube-system %s configmaps/aws-auth":                                    {followsMap, looks},
	} {
		table[fmt.Sprintf(resource, "list")] = lack{blind: names, listing: true}
		table[fmt.Sprintf(resource, "watch")] = lack{blind: names[:1]}
	}
	return table
}

func TestTheAuditorWithWhatTheChartGives(t *testing.T) {
	chart := renderChart(t, "auditor.autoRestore.enabled=true", "auditor.autoRestore.gracePeriod=1s", "auditor.historyLimit=3",
		"auditor.report.schedule=0 6 * * *")
	table := blindAuditor()
	all := chart.permissions(t, auditorAccount)
	expectations(t, table, all)
	for _, k := range reportKinds() {
		k.install(t)
	}
	classes := nodeclass.Install(t, shared.AdminConfig, root)
	classes.Create(t, validate.EC2NodeClass, "default", "unmapped")
	classes.Create(t, validate.AutoNodeClass, "default", "auto")
	service := chart.named(t, "Service", namespace, "aws-auth-guard").DeepCopy()
	// Nobody answers behind it, and the API server is to learn that at once.
	service.Object["spec"] = map[string]any{"type": "ExternalName", "externalName": "127.0.0.1", "ports": []any{map[string]any{"name": "https", "port": int64(443)}}}
	// The policy for deletes refuses while the ConfigMap with the mode is missing.
	install(t, rendering{service, chart.named(t, "ConfigMap", namespace, accessConfigMap).DeepCopy()})
	install(t, chart.kinds("ServiceAccount", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding",
		"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"))
	s := newAuditSite(t, chart)
	for _, p := range all {
		awaitAllowed(t.Context(), t, auditorAccount, p, true)
	}
	every := []string{
		judgesGroups, knowsGuard, knowsNodes, knowsRoles, findsBypasses, prunesNotes, restoresBroken, restoresDeleted, writesOnce, renumbers, prunesHistory,
		followsMap, followsBindings, followsCluster, followsMutates, followsRefuses, followsOpen, followsPolicy,
		followsEC2, followsAuto, followsEC2Kind, followsAutoKind, knowsClasses,
	}
	t.Run("all", func(t *testing.T) { s.try(t, lack{}, every) })
	t.Run("all, the other kind of report", func(t *testing.T) { s.try(t, lack{policy: true}, nil) })
	t.Run("all, of an API server that can't stream", func(t *testing.T) { s.try(t, lack{listing: true}, every) })
	t.Run("all, without what the chart makes", func(t *testing.T) { s.try(t, lack{bare: true}, nil) })
	for _, p := range all {
		t.Run("without "+p.String(), func(t *testing.T) {
			take(t, auditorAccount, p)
			s.try(t, table[p.String()], nil)
		})
	}
}

// try runs the auditor and has it do what it always does, what becomes blind, and more.
func (s *auditSite) try(t *testing.T, r lack, more []string) {
	t.Helper()
	a := s.start(t, r)
	written, removed := writesOpen, removesPolicy
	if r.policy {
		written, removed = writesPolicy, removesOpen
	}
	always := []string{acts, looks, written, removed, tellsEvents, remembers, keepsHistory}
	for _, step := range a.steps() {
		blind := slices.Contains(r.blind, step.name)
		if !blind && !slices.Contains(always, step.name) && !slices.Contains(more, step.name) {
			continue
		}
		switch {
		case blind && step.blind != nil:
			eventually(t, step.name, func() error {
				if step.works(t) == nil {
					return errors.New("it works without the permission")
				}
				return step.blind(t)
			})
		default:
			a.expect(t, step.name, !blind, func() error { return step.works(t) })
		}
		if t.Failed() || blind && (step.name == acts || step.name == looks) {
			return
		}
	}
}
