package iam

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	kjson "sigs.k8s.io/json"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/awscli"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/misread"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// MaxSize bounds a file, in bytes. Without --filter it has all policies of the account too.
const MaxSize = 256 << 20

// File is what `aws iam get-account-authorization-details` has printed of one account.
type File struct {
	Name, Text string
	// At is when it was saved.
	At time.Time
}

// The output of the AWS CLI that is read (IAM API reference, GetAccountAuthorizationDetails).
type (
	document struct {
		Roles     *[]principal `json:"RoleDetailList"`
		Users     *[]principal `json:"UserDetailList"`
		Truncated bool         `json:"IsTruncated"`
		Marker    *string      `json:"Marker"`
		NextOfCLI *string      `json:"NextToken"`
	}
	principal struct {
		ARN     string          `json:"Arn"`
		RoleID  string          `json:"RoleId"`
		UserID  string          `json:"UserId"`
		Created awscli.Time     `json:"CreateDate"`
		Trust   json.RawMessage `json:"AssumeRolePolicyDocument"`
		Used    *struct {
			At     awscli.Time `json:"LastUsedDate"`
			Region string      `json:"Region"`
		} `json:"RoleLastUsed"`
	}
)

// Read reads files, each of another account. A file that is none, or of several accounts, is refused whole.
func Read(files ...File) (*Accounts, error) {
	all := &Accounts{byID: map[string]*Account{}}
	for _, f := range files {
		if err := all.read(f); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (a *Accounts) read(f File) error {
	body, err := awscli.Body(f.Name, f.Text, MaxSize)
	if err != nil {
		return err
	}
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("%s: %s", text.Name(f.Name), text.Visible(fmt.Sprintf(format, args...)))
	}
	if strings.TrimSpace(body) == "" {
		return wrong("it is empty")
	}
	var d document
	if err := kjson.UnmarshalCaseSensitivePreserveInts([]byte(body), &d); err != nil {
		return wrong("%s; save again what `aws iam get-account-authorization-details --output json` prints", misread.JSON(body, 0, err))
	}
	if d.Roles == nil || d.Users == nil {
		return wrong("it is not what `aws iam get-account-authorization-details --output json` prints: it has no RoleDetailList or no UserDetailList")
	}
	account := newAccount(f.Name, f.At)
	account.Page = d.Truncated || given(d.Marker) || given(d.NextOfCLI)
	key := ""
	for kind, list := range map[arn.Kind][]principal{arn.Role: *d.Roles, arn.User: *d.Users} {
		for i := range list {
			p, err := list[i].read(kind)
			if err != nil {
				return wrong("%v", err)
			}
			switch of := accountKey(&p.Principal); {
			case key == "":
				key, account.ID = of, p.Account
			case key != of:
				return wrong("it is of more than one account: give a file for each")
			}
			if !account.add(p) {
				return wrong("it has the %s %s twice", p.Kind, text.Quote(text.Middle(p.Name, maxName)))
			}
		}
	}
	switch {
	case key == "":
		return wrong("it names no role and no user, so it tells nothing of any account")
	case a.byID[key] != nil:
		return wrong("it is of the account %s, as %s is: give one file for each account", account.ID, text.Name(a.byID[key].File))
	}
	account.key, a.byID[key] = key, account
	return nil
}

func given(s *string) bool { return s != nil && *s != "" }

// maxName bounds what a message repeats of a name, in bytes.
const maxName = 80

func (p *principal) read(kind arn.Kind) (*Principal, error) {
	of, err := arn.ParsePrincipal(p.ARN)
	if err == nil {
		err = of.Check()
	}
	if err != nil || of.Kind != kind {
		return nil, fmt.Errorf("%s is not the ARN of a %s", text.Quote(text.Middle(p.ARN, maxName)), kind)
	}
	read := &Principal{Principal: of, ID: p.RoleID + p.UserID, Created: p.Created.Time}
	if kind == arn.User {
		return read, nil
	}
	if p.Used != nil {
		read.Use = &Use{At: p.Used.At.Time, Region: p.Used.Region}
	}
	read.Trust, err = readTrust(p.Trust)
	if err != nil {
		read.Untold = err.Error()
	}
	return read, nil
}
