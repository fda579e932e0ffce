package awsauth

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
)

// The templates that the authenticator renders in usernames and groups, exactly so written: pkg/server/server.go,
// renderTemplate.
const (
	TemplateEC2PrivateDNSName = "{{EC2PrivateDNSName}}"
	TemplateAccountID         = "{{AccountID}}"
	TemplateSessionName       = "{{SessionName}}"
	TemplateSessionNameRaw    = "{{SessionNameRaw}}"
	TemplateAccessKeyID       = "{{AccessKeyID}}"
)

// Templates returns all of them.
func Templates() []string {
	return []string{TemplateEC2PrivateDNSName, TemplateAccountID, TemplateSessionName, TemplateSessionNameRaw, TemplateAccessKeyID}
}

// Caller is someone who presents a token.
type Caller struct {
	// ARN is what STS GetCallerIdentity returns: of an assumed role, with the session.
	ARN string
	// SessionName is taken from the ARN where it is empty.
	SessionName string
	// AccessKeyID stands for {{AccessKeyID}}, which stays as it is where this is empty.
	AccessKeyID string
	// PrivateDNSName looks up an EC2 instance for {{EC2PrivateDNSName}}, which stays as it is where this is nil.
	PrivateDNSName func(instanceID string) (string, error)
}

// Resolution is what the authenticator makes of a caller.
type Resolution struct {
	// Mapped callers are let in as Username with Groups.
	Mapped   bool
	Username string
	Groups   []string
	// Section and Entry say what matched. An account of mapAccounts counts from 0 like an entry; nothing is -1.
	Section Key
	Entry   int
	// Match is the entry of mapRoles or mapUsers that matched, also when the caller is denied after all.
	Match *Entry
	// Reason says why the caller is not let in; Nearest says what comes close.
	Reason string
	// Others are entries that match as well, differing in letter case: the authenticator takes one of them at
	// random each time (it ranges over a Go map).
	Others []*Entry
	// Nearest are entries that come close to matching, best first.
	Nearest []Miss
}

// instanceID is the session name of an EC2 instance's role: pkg/server/server.go, instanceIDPattern.
var instanceID = regexp.MustCompile(`^i-(\w{8}|\w{17})$`)

// Resolve does what the authenticator does with a caller: pkg/server/server.go, doMapping, and
// pkg/mapper/configmap/mapper.go, Map.
func (d *Document) Resolve(c Caller) Resolution {
	canonical, err := arn.Canonicalize(c.ARN)
	if err != nil {
		return Resolution{Entry: -1, Reason: "the authenticator rejects this caller: " + err.Error()}
	}
	if c.SessionName == "" {
		c.SessionName = arn.SessionName(c.ARN)
	}
	parsed, _ := arn.Parse(canonical)

	matches := d.match(canonical)
	if len(matches) == 0 {
		return d.resolveAccount(canonical, parsed.Account)
	}
	e := matches[0]
	r := Resolution{Section: e.Section.Key, Entry: e.Index, Match: e, Others: matches[1:]}
	username, groups, err := c.render(e, parsed.Account)
	if err != nil {
		r.Reason = err.Error()
		return r
	}
	r.Mapped, r.Username, r.Groups = true, username, groups
	return r
}

// match returns the entries that the authenticator may pick for a canonical ARN.
func (d *Document) match(canonical string) []*Entry {
	var matches []*Entry
	for _, e := range d.Mappings() {
		if e.SSO == nil && strings.EqualFold(e.ARN, canonical) {
			matches = append(matches, e)
		}
	}
	return candidates(matches)
}

func (d *Document) resolveAccount(canonical, account string) Resolution {
	for _, a := range d.Accounts.Accounts {
		if a.Valid && a.Value == account {
			return Resolution{Mapped: true, Username: canonical, Groups: []string{}, Section: MapAccounts, Entry: a.Index}
		}
	}
	reason := "no entry has the ARN " + canonical
	for _, s := range []*Section{d.Roles, d.Users, d.Accounts} {
		if s.Discarded() {
			reason += fmt.Sprintf("; %s %s, so EKS reads nothing of it", s.Key, s.whyLost())
		}
	}
	return Resolution{Entry: -1, Reason: reason, Nearest: d.nearest(canonical)}
}

func (c Caller) render(e *Entry, account string) (string, []string, error) {
	username, err := c.renderTemplate(e.Username, account)
	if err != nil {
		return "", nil, fmt.Errorf("username %q: %w", e.Username, err)
	}
	groups := []string{}
	for _, g := range e.Groups {
		group, err := c.renderTemplate(g, account)
		if err != nil {
			return "", nil, fmt.Errorf("group %q: %w", g, err)
		}
		groups = append(groups, group)
	}
	return username, groups, nil
}

func (c Caller) renderTemplate(template, account string) (string, error) {
	if strings.Contains(template, TemplateEC2PrivateDNSName) {
		if !instanceID.MatchString(c.SessionName) {
			return "", fmt.Errorf("%s needs a session named after an EC2 instance (i-…), this one is %q: the caller is denied",
				TemplateEC2PrivateDNSName, c.SessionName)
		}
		if c.PrivateDNSName != nil {
			name, err := c.PrivateDNSName(c.SessionName)
			if err != nil {
				return "", err
			}
			template = strings.ReplaceAll(template, TemplateEC2PrivateDNSName, name)
		}
	}
	template = strings.ReplaceAll(template, TemplateAccountID, account)
	template = strings.ReplaceAll(template, TemplateSessionName, strings.ReplaceAll(c.SessionName, "@", "-"))
	template = strings.ReplaceAll(template, TemplateSessionNameRaw, c.SessionName)
	if c.AccessKeyID != "" {
		template = strings.ReplaceAll(template, TemplateAccessKeyID, c.AccessKeyID)
	}
	return template, nil
}
