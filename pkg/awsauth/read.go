package awsauth

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	yamlv2 "go.yaml.in/yaml/v2"
	"go.yaml.in/yaml/v3"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/yamlpos"
)

// Read reads the data of an aws-auth ConfigMap. It never fails: what does not parse is reported by the sections.
func Read(data map[string]string) *Document { return ReadAll(data, nil) }

// ReadAll is Read for a ConfigMap that may have binaryData as well.
func ReadAll(data map[string]string, binaryData map[string][]byte) *Document {
	return (*Reader)(nil).ReadAll(data, binaryData)
}

// ReadAll reads the data of a ConfigMap. It never fails, as Read does not.
func (r *Reader) ReadAll(data map[string]string, binaryData map[string][]byte) *Document {
	d := &Document{BinaryKeys: slices.Sorted(maps.Keys(binaryData))}
	d.Roles = r.readMappings(MapRoles, data)
	d.Users = r.readMappings(MapUsers, data)
	d.Accounts = readAccounts(data)
	for key, value := range binaryData {
		d.Bytes += len(key) + len(value)
	}
	for key, value := range data {
		d.Bytes += len(key) + len(value)
		if d.Section(Key(key)) == nil {
			d.OtherKeys = append(d.OtherKeys, key)
		}
	}
	slices.Sort(d.OtherKeys)
	return d
}

// roleMapping and userMapping have the fields and tags of the authenticator's RoleMapping and UserMapping (pkg/config/types.go), so
// that encoding/json does to it what it does there.
type roleMapping struct {
	RoleARN  string   `json:"rolearn,omitempty"`
	SSO      *SSO     `json:"sso,omitempty"`
	Username string   `json:"username"`
	Groups   []string `json:"groups"`
	UserID   string   `json:"userid,omitempty"`

	identity *identity
}

type userMapping struct {
	UserARN  string   `json:"userarn"`
	Username string   `json:"username"`
	Groups   []string `json:"groups"`
	UserID   string   `json:"userid,omitempty"`

	identity *identity
}

func newSection(key Key, data map[string]string) *Section {
	text, present := data[string(key)]
	return &Section{Key: key, Present: present, Text: text, Blank: isSkippable(text)}
}

// isSkippable: configmap.go, isSkippable.
func isSkippable(text string) bool {
	switch strings.TrimSpace(text) {
	case "", "``", `""`, `''`:
		return true
	}
	return false
}

func (r *Reader) readMappings(key Key, data map[string]string) *Section {
	s := newSection(key, data)
	if s.Blank {
		return s
	}
	before, known := r.recall(key, s.Text)
	l := before.list
	if !known {
		l = s.readList()
	}
	s.Shape, s.TypeErr = l.shape, l.typeErr
	if s.Err != nil {
		return s
	}
	entries := make([]Entry, l.len())
	for i := range l.roles {
		m, e := &l.roles[i], &entries[i]
		*e = Entry{Section: s, Index: i, ARN: m.RoleARN, SSO: m.SSO, Username: m.Username, Groups: slices.Clip(m.Groups), identity: m.identity}
		e.Invalid = m.invalid()
		e.Valid = e.Invalid == ""
	}
	for i := range l.users {
		u, e := &l.users[i], &entries[i]
		*e = Entry{Section: s, Index: i, ARN: u.UserARN, Username: u.Username, Groups: slices.Clip(u.Groups), Valid: u.UserARN != "", identity: u.identity}
		if !e.Valid {
			e.Invalid = "it has no userarn"
		}
	}
	if len(entries) > 0 {
		s.Entries = make([]*Entry, len(entries))
		for i := range entries {
			s.Entries[i] = &entries[i]
		}
	}
	if !known {
		r.remember(s, l)
	}
	return s
}

// readList reads the text of mapRoles or mapUsers. Where it does not parse, Err says so.
func (s *Section) readList() list {
	js, err := toJSON(s.Text)
	if err != nil {
		s.Err = s.syntaxError(err)
		return list{}
	}
	l := list{shape: shapeOfJSON(js)}
	if s.Key == MapRoles {
		l.typeErr = s.unmarshal(js, &l.roles)
	} else {
		l.typeErr = s.unmarshal(js, &l.users)
	}
	for i := range l.roles {
		l.roles[i].identity = identityOf(l.roles[i].RoleARN)
	}
	for i := range l.users {
		l.users[i].identity = identityOf(l.users[i].UserARN)
	}
	return l
}

// unmarshal reads the list and returns what is of a wrong type, which stays empty. Text that begins with a brace is
// handed on as JSON unread: where it is none, Err says so.
func (s *Section) unmarshal(js []byte, list any) error {
	err := json.Unmarshal(js, list)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		s.Err = &SyntaxError{Message: "it begins with a brace, so it is read as JSON, and JSON can't go on here", Offset: int(min(max(syntax.Offset-1, 0), int64(len(s.Text)))), line: 1}
		return nil
	}
	return err
}

// toJSON is the authenticator's first step, kept from ever ending the process.
func toJSON(text string) (js []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("yaml: the text can't be read: %v", r)
		}
	}()
	return utilyaml.ToJSON([]byte(text))
}

func shapeOfJSON(js []byte) Shape {
	for _, c := range js {
		switch c {
		case ' ', '\t', '\r', '\n':
			continue
		case '[':
			return List
		case '{':
			return Mapping
		case '"':
			return String
		case 'n':
			return Null
		case 't', 'f':
			return Bool
		}
		return Number
	}
	return NoValue
}

// permissionSetName: pkg/config/mapper.go, Validate.
var permissionSetName = regexp.MustCompile(`^[\w+=,.@-]{1,32}$`)

// invalid says why the authenticator drops a role mapping: pkg/config/mapper.go, Validate.
func (r *roleMapping) invalid() string {
	switch {
	case r.RoleARN == "" && r.SSO == nil:
		return "it has no rolearn"
	case r.RoleARN != "" && r.SSO != nil:
		return "it has both rolearn and sso"
	case r.SSO == nil:
		return ""
	case !arn.IsAccountID(r.SSO.AccountID):
		return fmt.Sprintf("its sso.accountID %q is not 12 digits in quotes", r.SSO.AccountID)
	case !permissionSetName.MatchString(r.SSO.PermissionSetName):
		return fmt.Sprintf("its sso.permissionSetName %q is not the name of a permission set", r.SSO.PermissionSetName)
	case r.SSO.Partition != "" && !slices.Contains(arn.Partitions(), r.SSO.Partition):
		return fmt.Sprintf("its sso.partition %q is not an AWS partition", r.SSO.Partition)
	}
	return ""
}

// Account is one item of mapAccounts.
type Account struct {
	Section *Section
	Index   int
	// Valid is false where the item is not a scalar: the authenticator drops it.
	Valid bool
	// Value is the account as the authenticator reads it: the text as written, "" for null.
	Value string
}

// Node is the item in the syntax tree, or nil.
func (a *Account) Node() *yaml.Node { return a.Section.item(a.Index) }

// Span is the range of the item.
func (a *Account) Span() Span {
	s, _ := a.Section.NodeSpan(a.Node())
	return s
}

// readAccounts: mapAccounts goes straight from YAML into a list of strings, so numbers keep their text.
func readAccounts(data map[string]string) *Section {
	s := newSection(MapAccounts, data)
	if s.Blank {
		return s
	}
	accounts, err := unmarshalAccounts(s.Text)
	var typeErr *yamlv2.TypeError
	switch {
	case errors.As(err, &typeErr):
		s.TypeErr = err
	case err != nil && accounts != nil:
		// One item could not be decoded. The list had been made by then: the items before it are kept, it and those
		// after it are empty.
		s.TypeErr, s.Shape = err, List
		s.keepAccounts(accounts)
		return s
	case err != nil:
		s.Err = s.syntaxError(err)
		return s
	}
	s.Shape = ShapeOf(s.Root())
	if s.Shape == NoValue {
		s.Shape = Null
	}
	s.alignAccounts(accounts)
	return s
}

func unmarshalAccounts(text string) (accounts []string, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("yaml: the text can't be read: %v", r)
		}
	}()
	err = yamlv2.Unmarshal([]byte(text), &accounts)
	return accounts, err
}

// alignAccounts gives each item of the list the value that was read from it: items that are not scalars were
// left out.
func (s *Section) alignAccounts(values []string) {
	root := yamlpos.Target(s.Root())
	if root == nil || root.Kind != yaml.SequenceNode {
		s.keepAccounts(values)
		return
	}
	next := 0
	for i, n := range root.Content {
		a := &Account{Section: s, Index: i}
		if t := yamlpos.Target(n); t.Kind == yaml.ScalarNode && next < len(values) {
			a.Valid, a.Value = true, values[next]
			next++
		}
		s.Accounts = append(s.Accounts, a)
	}
}

func (s *Section) keepAccounts(values []string) {
	for i, v := range values {
		s.Accounts = append(s.Accounts, &Account{Section: s, Index: i, Valid: true, Value: v})
	}
}
