package selfcheck

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

const (
	// probeName is the role and the username of the entries that the check adds.
	probeName = "aws-auth-guard-check"
	// The partition and the account of the probe where the map has no entry to take them from; the account is the one
	// of AWS' own examples.
	examplePartition, exampleAccount = "aws", "111122223333"
)

// probe makes the edits that the check tries: the live map with one entry more.
type probe struct {
	live *corev1.ConfigMap // nil where there is none
	// partition and account are those of the map, so that rules about them stay silent.
	partition, account string
	kept               []*awsauth.Entry
}

func newProbe(live *corev1.ConfigMap) *probe {
	p := &probe{live: live, partition: examplePartition, account: exampleAccount}
	if live == nil {
		return p
	}
	doc := awsauth.ReadAll(live.Data, live.BinaryData)
	for _, e := range doc.Roles.Entries {
		if e.Valid && e.ARN != "" {
			p.kept = append(p.kept, e)
		}
	}
	for _, e := range doc.Mappings() {
		if a, err := arn.Parse(e.ARN); err == nil && arn.IsAccountID(a.Account) && slices.Contains(arn.Partitions(), a.Partition) {
			p.partition, p.account = a.Partition, a.Account
			break
		}
	}
	return p
}

// needsRepair is a role ARN with a path, repaired the same without it: the rule role-path.
func (p *probe) needsRepair() string {
	return fmt.Sprintf("arn:%s:iam::%s:role/path/%s", p.partition, p.account, probeName)
}

func (p *probe) repaired() string {
	return fmt.Sprintf("arn:%s:iam::%s:role/%s", p.partition, p.account, probeName)
}

// wrong is the ARN of a session, which never matches and can't be repaired: the rule arn-kind.
func (p *probe) wrong() string {
	return fmt.Sprintf("arn:%s:sts::%s:assumed-role/%s/session", p.partition, p.account, probeName)
}

// with is the live map with one more role. mapRoles is written from what the authenticator reads in it: so the
// new entry is read also where the text is broken, and the other entries are as they were.
func (p *probe) with(role string) (*corev1.ConfigMap, error) {
	type entry struct {
		RoleARN  string   `json:"rolearn"`
		Username string   `json:"username"`
		Groups   []string `json:"groups,omitempty"`
	}
	entries := make([]entry, 0, len(p.kept)+1)
	for _, e := range p.kept {
		entries = append(entries, entry{e.ARN, e.Username, e.Groups})
	}
	text, err := yaml.Marshal(append(entries, entry{RoleARN: role, Username: probeName}))
	if err != nil {
		return nil, fmt.Errorf("writing the edit: %w", err)
	}
	edited := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: awsauth.Namespace, Name: awsauth.Name}}
	if p.live != nil {
		edited = p.live.DeepCopy()
	}
	edited.Data = maps.Clone(edited.Data)
	if edited.Data == nil {
		edited.Data = map[string]string{}
	}
	edited.Data[string(awsauth.MapRoles)] = string(text)
	return edited, nil
}

// holds reports whether a map has a role with an ARN.
func holds(c *corev1.ConfigMap, role string) bool {
	for _, e := range awsauth.Read(c.Data).Roles.Entries {
		if e.Valid && e.ARN == role {
			return true
		}
	}
	return false
}

// worth is how many entries and accounts the live map lets in.
func (p *probe) worth() int {
	doc := awsauth.Read(p.live.Data)
	n := len(doc.Mappings())
	for _, a := range doc.Accounts.Accounts {
		if a.Valid {
			n++
		}
	}
	return n
}
