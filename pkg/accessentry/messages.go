package accessentry

import (
	"fmt"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// commented turns text into comments.
func commented(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimRight("# "+line, " \n") + "\n")
	}
	return b.String()
}

// width is the length of lines of comments, in characters.
const width = 110

// wrapped breaks a sentence into lines that begin with indent, the first one with first.
func wrapped(first, indent, prose string) string {
	var b strings.Builder
	line, empty := first, true
	for word := range strings.FieldsSeq(text.Lines(prose)) {
		if !empty && len([]rune(line))+1+len([]rune(word)) > width {
			b.WriteString(line + "\n")
			line, empty = indent, true
		}
		if !empty {
			line += " "
		}
		line, empty = line+word, false
	}
	return b.String() + line + "\n"
}

// explanation tells all about an item.
func (it *Item) explanation() string {
	var b strings.Builder
	b.WriteString(it.Heading() + "\n")
	for _, n := range it.Notes {
		b.WriteString(wrapped("  ", "  ", n))
	}
	for _, t := range it.Todo {
		b.WriteString(wrapped("  to do: ", "         ", t))
	}
	return b.String()
}

// Summary counts the mappings by status.
func (p *Plan) Summary() string {
	attention, covered := p.Count(Attention), p.Count(Covered)
	return fmt.Sprintf("%d ready, %d %s attention, %d %s no change", p.Count(Ready), attention, text.Choose(attention, "needs", "need"),
		covered, text.Choose(covered, "needs", "need"))
}

// region is the flag for commands of the AWS CLI.
func (p *Plan) region() string {
	if p.Region == "" {
		return ""
	}
	return " --region " + p.Region
}

// before is what has to be done before the access entries are made.
func (p *Plan) before(made string) string {
	return fmt.Sprintf(`The move of aws-auth to EKS access entries on the cluster %[1]s: %[3]s.
Made by kubectl aws-auth access-entries plan. Read it before you use it: for its principal an access entry wins over
aws-auth from the moment on that it is there.

1. The cluster must read both, access entries and aws-auth. See whether it does, and switch if it says CONFIG_MAP.
   There is no way back to CONFIG_MAP.
     aws eks describe-cluster --name %[1]s%[2]s --query cluster.accessConfig.authenticationMode
     aws eks update-cluster-config --name %[1]s%[2]s --access-config authenticationMode=API_AND_CONFIG_MAP
     aws eks wait cluster-active --name %[1]s%[2]s

2. Make the access entries: %[4]s
   What is commented out does something else than its mapping: decide first. Where EKS does not know a role, it has
   a path, which aws-auth leaves out: aws iam get-role --role-name NAME --query Role.Arn
`, p.Cluster, p.region(), p.Summary(), made)
}

// after is what has to be done when they are made.
func (p *Plan) after() string {
	return fmt.Sprintf(`3. See that everybody gets in as before, while aws-auth is still there. An access entry takes some seconds.
     kubectl aws-auth access-entries snapshot --cluster %[1]s%[2]s -o access.json
     kubectl aws-auth access-entries verify --snapshot access.json
     kubectl auth whoami
     kubectl get nodes
   Without its access entry a principal is back to its mapping:
     aws eks delete-access-entry --cluster-name %[1]s%[2]s --principal-arn ARN

4. Take the mappings that verify calls safe to remove out of aws-auth, a few at a time, those of nodes last.

5. When verify says that it is safe to switch, stop the cluster from reading aws-auth. There is no way back from this
   either.
     aws eks update-cluster-config --name %[1]s%[2]s --access-config authenticationMode=API
`, p.Cluster, p.region())
}
