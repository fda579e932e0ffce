package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/aws-auth-guard/aws-auth-guard/test/controlplane"
	"github.com/aws-auth-guard/aws-auth-guard/test/guard"
)

const (
	// mistake is an old one: the entry never matched anybody.
	mistake = `- rolearn: arn:aws:iam::111122223333:role/legacy/Reporter
  username: reporter
  groups: [reports]
`
	before = `# made when the cluster was
- rolearn: arn:aws:iam::111122223333:role/NodeInstanceRole
  username: system:node:{{EC2PrivateDNSName}}
  groups:
  - system:bootstrappers
  - system:nodes
` + mistake
	added = `- rolearn: arn:aws:iam::111122223333:role/team/eng/Deployer # CI
  username: Deployer
  groups: [deployers]
- rolearn: arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_AdminAccess_0123456789abcdef
  username: admin:{{SessionName}}
  groups:
  - system:masters
`
	wrong = `- rolearn: arn:aws:sts::111122223333:assumed-role/Auditor/alice
  username: auditor
  groups: [auditors]
`
	pipeline = `- rolearn: arn:aws:iam::111122223333:role/ci/Runner
  username: runner
  groups: [runners]
`
	lastLine = "  groups: [reports]\n"
)

func (d *demo) story(ctx context.Context) error {
	if err := d.seed(ctx, map[string]string{"mapRoles": before}); err != nil {
		return err
	}
	title("1. mapRoles of kube-system/aws-auth before")
	text(before)

	for _, act := range []func(context.Context) error{d.repair, d.refuse, d.refuseTerraform} {
		if err := act(ctx); err != nil {
			return err
		}
	}
	return d.leaveAlone(ctx)
}

// repair lets a person make an edit that the guard repairs.
func (d *demo) repair(ctx context.Context) error {
	title("2. A person adds two roles with `kubectl edit configmap aws-auth -n kube-system`")
	typed := strings.Replace(before, lastLine, lastLine+added, 1)
	show(before, typed)
	say("\nWhat kubectl shows:")
	result, _, err := d.edit(ctx, guard.Step{Old: shown(lastLine), New: shown(lastLine + added)})
	if err != nil {
		return err
	}
	text(result.Errors + result.Output)
	title("3. What is stored, compared with what the person typed")
	after, err := d.stored(ctx)
	if err != nil {
		return err
	}
	show(typed, after)
	return nil
}

// refuse lets a person make an edit that can't be repaired, and give up.
func (d *demo) refuse(ctx context.Context) error {
	title("4. An edit that can't be repaired is refused: the editor opens again, the text is kept")
	_, seen, err := d.edit(ctx, guard.Step{Old: shown(lastLine), New: shown(lastLine + wrong)})
	if err != nil {
		return err
	}
	if len(seen) < 2 {
		return errors.New("the edit was not refused")
	}
	text(beginning(seen[1], 10) + "[…]\n" + shown(wrong) + "[…]\n")
	return nil
}

// refuseTerraform writes as a pipeline does.
func (d *demo) refuseTerraform(ctx context.Context) error {
	title("5. Terraform would see drift after a repair: it is refused, and shown the corrected text")
	now, err := d.stored(ctx)
	if err != nil {
		return err
	}
	manifest := "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: aws-auth\n  namespace: kube-system\ndata:\n  mapRoles: |\n" + shown(now+pipeline)
	result, err := d.Kubectl(ctx, controlplane.Call{
		Arguments: []string{"apply", "--server-side", "--force-conflicts", "--field-manager=Terraform", "-f", "-"}, Input: manifest,
	})
	if err != nil {
		return err
	}
	if result.ExitCode == 0 {
		return errors.New("the write was not refused")
	}
	text(pipeline)
	say("\nWhat Terraform shows:")
	text(result.Errors + result.Output)
	return nil
}

// leaveAlone shows that the old mistake is as it was.
func (d *demo) leaveAlone(ctx context.Context) error {
	title("6. What was there before is left alone")
	now, err := d.stored(ctx)
	if err != nil {
		return err
	}
	if !strings.Contains(now, mistake) {
		return fmt.Errorf("the old entry is not as it was:\n%s", now)
	}
	text(mistake)
	say("\nNo edit so far was about this entry, so it was neither rewritten nor a reason to refuse; the person was warned.")
	return nil
}

func (d *demo) edit(ctx context.Context, steps ...guard.Step) (result controlplane.Result, seen []string, err error) {
	dir, err := os.MkdirTemp(d.Directory, "editor-")
	if err != nil {
		return result, nil, err
	}
	editor, err := guard.NewEditor(dir, steps...)
	if err != nil {
		return result, nil, err
	}
	command, err := editor.Command()
	if err != nil {
		return result, nil, err
	}
	result, err = d.Kubectl(ctx, controlplane.Call{
		Arguments: []string{"edit", "configmap", "aws-auth", "-n", "kube-system"}, Editor: command, Environment: editor.Environment(),
	})
	if err != nil {
		return result, nil, err
	}
	seen, err = editor.Seen()
	return result, seen, err
}

// show prints what changed between two texts. Their names mean nothing here.
func show(old, updated string) {
	_, hunks, _ := strings.Cut(string(diff.Diff("old", []byte(old), "new", []byte(updated))), "\n@@")
	text("@@" + hunks)
}

// shown is a text as kubectl edit shows it under its key, and as a manifest holds it.
func shown(s string) string {
	return "    " + strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", "\n    ") + "\n"
}

// beginning is the first lines of a text.
func beginning(s string, lines int) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		if lines--; lines < 0 {
			break
		}
		b.WriteString(line)
	}
	return b.String()
}

func title(s string) { fmt.Printf("\n=== %s\n\n", s) }

func say(s string) { fmt.Println(s) }

func text(s string) {
	fmt.Print("  " + strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", "\n  ") + "\n")
}
