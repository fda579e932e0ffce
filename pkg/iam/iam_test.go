package iam

import (
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
)

const (
	role = `{"Arn": "arn:aws:iam::111122223333:role/team/Dev", "RoleId": "AROA1", "CreateDate": "2024-01-01T09:00:00+00:00", "AssumeRolePolicyDocument": {"Statement": []}}`
	user = `{"Arn": "arn:aws:iam::111122223333:user/team/bob", "UserId": "AIDA1", "CreateDate": 1704099600}`
)

func details(roles, users, more string) string {
	return fmt.Sprintf(`{"RoleDetailList": [%s], "UserDetailList": [%s]%s}`, roles, users, more)
}

func principalOf(t *testing.T, s string) *arn.Principal {
	t.Helper()
	p, err := arn.ParsePrincipal(s)
	if err != nil {
		t.Fatal(err)
	}
	return &p
}

func TestFind(t *testing.T) {
	const other = `{"Arn": "arn:aws:iam::111122223333:role/other", "CreateDate": "2024-01-01T09:00:00Z"}`
	for name, tt := range map[string]struct {
		text, of string
		// found is the ARN in IAM, all whether the account is known to have no other.
		found          string
		account, alike bool
	}{
		"a role":                       {text: details(role, user, ""), of: "role/Dev", found: "role/team/Dev", account: true, alike: true},
		"in another case":              {text: details(role, user, ""), of: "role/dev", found: "role/team/Dev", account: true, alike: true},
		"a role of a user's name":      {text: details(role, user, ""), of: "role/bob", account: true, alike: true},
		"a user":                       {text: details(role, user, ""), of: "user/bob", found: "user/team/bob", account: true, alike: true},
		"none":                         {text: details(role, user, ""), of: "user/zoe", account: true, alike: true},
		"no users at all":              {text: details(role, "", ""), of: "user/zoe", account: true},
		"no roles at all":              {text: details("", user, ""), of: "role/zoe", account: true},
		"a page":                       {text: details(other, user, `, "IsTruncated": true, "Marker": "x"`), of: "role/dev", account: true},
		"found in a page":              {text: details(role, user, `, "NextToken": "x"`), of: "role/dev", found: "role/team/Dev", account: true},
		"the last page by the marker":  {text: details(other, user, `, "IsTruncated": false, "Marker": null`), of: "role/dev", account: true, alike: true},
		"with the mark of some shells": {text: "\ufeff" + details(role, user, ""), of: "role/dev", found: "role/team/Dev", account: true, alike: true},
	} {
		t.Run(name, func(t *testing.T) {
			known, err := Read(File{Name: "iam.json", Text: tt.text})
			if err != nil {
				t.Fatal(err)
			}
			p := principalOf(t, "arn:aws:iam::111122223333:"+tt.of)
			account := known.Of(p)
			if (account != nil) != tt.account {
				t.Fatalf("the account is known: %v", account != nil)
			}
			found, all := account.Find(p)
			got := ""
			if found != nil {
				got = found.Resource
			}
			if got != tt.found || all != tt.alike {
				t.Errorf("found %q, all of them %v", got, all)
			}
		})
	}
	known, err := Read(File{Name: "iam.json", Text: details(role, "", "")})
	if err != nil {
		t.Fatal(err)
	}
	for _, elsewhere := range []string{"arn:aws:iam::444455556666:role/dev", "arn:aws-cn:iam::111122223333:role/dev"} {
		if known.Of(principalOf(t, elsewhere)) != nil {
			t.Errorf("%s is known", elsewhere)
		}
	}
	if (*Accounts)(nil).Of(principalOf(t, "arn:aws:iam::111122223333:role/dev")) != nil {
		t.Error("something is known without a file")
	}
}

func TestReadTimesAndUse(t *testing.T) {
	used := strings.Replace(role, "}}", `}, "RoleLastUsed": {"LastUsedDate": "2025-03-01T09:00:00Z", "Region": "eu-west-1"}}`, 1)
	never := strings.Replace(role, "}}", `}, "RoleLastUsed": {}}`, 1)
	for name, tt := range map[string]struct {
		role string
		want *Use
	}{
		"used":     {used, &Use{At: time.Date(2025, 3, 1, 9, 0, 0, 0, time.UTC), Region: "eu-west-1"}},
		"never":    {never, &Use{}},
		"not told": {role, nil},
	} {
		known, err := Read(File{Name: "iam.json", Text: details(tt.role, user, "")})
		if err != nil {
			t.Fatal(err)
		}
		dev := principalOf(t, "arn:aws:iam::111122223333:role/dev")
		found, _ := known.Of(dev).Find(dev)
		if !reflect.DeepEqual(found.Use, tt.want) || !found.Created.Equal(time.Date(2024, 1, 1, 9, 0, 0, 0, time.UTC)) || found.ID != "AROA1" {
			t.Errorf("%s: %+v, use %+v", name, found, found.Use)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	good := details(role, user, "")
	for name, tt := range map[string]struct {
		files []string
		want  string
	}{
		"nothing":              {[]string{" \n"}, "a.json: it is empty"},
		"cut off":              {[]string{good[:len(good)-20]}, "a.json: it ends in line 1 before its JSON does"},
		"two documents":        {[]string{good + good}, "a.json: its JSON ends before line 1"},
		"a list":               {[]string{"[]"}, "a.json: it is a list, and an object is wanted; save again what `aws iam get-account-authorization-details --output json` prints"},
		"another output":       {[]string{`{"Roles": []}`}, "it is not what `aws iam get-account-authorization-details"},
		"no account":           {[]string{details("", "", "")}, "it names no role and no user"},
		"two accounts":         {[]string{details(role, strings.Replace(user, "1111", "9999", 1), "")}, "it is of more than one account"},
		"one account twice":    {[]string{good, good}, "b.json: it is of the account 111122223333, as a.json is"},
		"one role twice":       {[]string{details(role+","+strings.Replace(role, "team/Dev", "DEV", 1), "", "")}, `it has the role "DEV" twice`},
		"a user among roles":   {[]string{details(user, "", "")}, "is not the ARN of a role"},
		"no ARN":               {[]string{details(`{"Arn": "x\u001b"}`, "", "")}, `"x\x1b" is not the ARN of a role`},
		"no time":              {[]string{details(strings.Replace(role, "2024-01-01", "x\\u001b", 1), "", "")}, `a.json: "x\\u001bT09:00:00+00:00" in line 1 is no time`},
		"UTF-16 of PowerShell": {[]string{"\xff\xfe{"}, "it is UTF-16"},
		"a hostile name":       {[]string{details(strings.Replace(role, "role/team/Dev", "role/a\\u202eb", 1), "", "")}, `a\u202eb`},
	} {
		var files []File
		for i, s := range tt.files {
			files = append(files, File{Name: string(rune('a'+i)) + ".json", Text: s})
		}
		if name == "UTF-16 of PowerShell" {
			tt.want = "a.json is UTF-16"
		}
		if _, err := Read(files...); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPermissionSets(t *testing.T) {
	const path = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1/"
	known, err := Read(File{Name: "iam.json", Text: details(
		`{"Arn": "`+path+`AWSReservedSSO_My_Set_fedcba9876543210"}, {"Arn": "arn:aws:iam::111122223333:role/AWSReservedSSO_Fake_fedcba9876543210"}`, "", "")})
	if err != nil {
		t.Fatal(err)
	}
	account := known.Of(principalOf(t, "arn:aws:iam::111122223333:role/x"))
	for name, want := range map[string]int{"AWSReservedSSO_My_Set_0123456789abcdef": 1, "AWSReservedSSO_Fake_0123456789abcdef": 0, "AWSReservedSSO_My_Set_0123": 0, "My_Set": 0} {
		set := PermissionSet(principalOf(t, "arn:aws:iam::111122223333:role/"+name))
		if got := len(account.Provisioned(set)); got != want {
			t.Errorf("%s: %d roles of %q", name, got, set)
		}
	}
}

func TestTrust(t *testing.T) {
	allow := func(more string) string {
		return `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", ` + more + `}}`
	}
	const others = `"Principal": {"AWS": ["arn:aws:iam::444455556666:root", "444455556666", "arn:aws:sts::777788889999:assumed-role/a/b"]}`
	for name, tt := range map[string]struct {
		policy string
		want   []Grant
		untold string
	}{
		"a service":                               {policy: allow(`"Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}`)},
		"accounts, one named twice":               {policy: allow(`"Action": "sts:AssumeRole", ` + others), want: []Grant{{Account: "444455556666"}, {Account: "777788889999"}}},
		"everybody":                               {policy: allow(`"Action": "sts:AssumeRole", "Principal": "*"`), want: []Grant{{}}},
		"everybody of AWS":                        {policy: allow(`"Action": ["sts:TagSession", "STS:assumerole"], "Principal": {"AWS": "*"}`), want: []Grant{{}}},
		"all but one":                             {policy: allow(`"Action": "sts:*", "NotPrincipal": {"AWS": "arn:aws:iam::444455556666:root"}`), want: []Grant{{}}},
		"any action but":                          {policy: allow(`"NotAction": "sts:TagSession", "Principal": "*"`), want: []Grant{{}}},
		"no action but":                           {policy: allow(`"NotAction": "sts:*", "Principal": "*"`)},
		"another action":                          {policy: allow(`"Action": "sts:TagSession", "Principal": "*"`)},
		"a pattern with one letter":               {policy: allow(`"Action": "sts:Assume?ole", "Principal": "*"`), want: []Grant{{}}},
		"by a web identity":                       {policy: allow(`"Action": "sts:AssumeRoleWithWebIdentity", "Principal": {"Federated": "accounts.google.com"}`), want: []Grant{{Provider: "accounts.google.com"}}},
		"conditions":                              {policy: allow(`"Action": "sts:AssumeRole", "Principal": "*", "Condition": {"StringEquals": {"sts:ExternalId": "x", "aws:PrincipalOrgID": ["o"]}, "Bool": {"sts:ExternalId": "y"}}`), want: []Grant{{Conditions: []string{"aws:PrincipalOrgID", "sts:ExternalId"}}}},
		"a principal that is deleted":             {policy: allow(`"Action": "sts:AssumeRole", "Principal": {"AWS": "AROAEXAMPLEEXAMPLEXX"}`)},
		"own and foreign":                         {policy: allow(`"Action": "sts:AssumeRole", "Principal": {"AWS": ["arn:aws:iam::111122223333:role/a/b", "arn:aws:iam::444455556666:user/p/bob"], "Service": ["ec2.amazonaws.com"]}`), want: []Grant{{Account: "111122223333"}, {Account: "444455556666"}}},
		"China and the government":                {policy: allow(`"Action": "sts:AssumeRole", "Principal": {"AWS": ["arn:aws-cn:iam::444455556666:root", "arn:aws-us-gov:iam::777788889999:role/x"]}`), want: []Grant{{Account: "444455556666"}, {Account: "777788889999"}}},
		"a condition in two cases":                {policy: allow(`"Action": "sts:AssumeRole", "Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o"}, "ForAnyValue:StringLike": {"AWS:principalorgid": "p"}, "Null": {"aws:PrincipalTag/x": false}}`), want: []Grant{{Conditions: []string{"aws:PrincipalOrgID", "aws:PrincipalTag/x"}}}},
		"an identity provider of another account": {policy: allow(`"Action": "sts:AssumeRoleWithSAML", "Principal": {"Federated": "arn:aws:iam::444455556666:saml-provider/x"}, "Condition": {"StringEquals": {"SAML:aud": "a"}}`), want: []Grant{{Account: "444455556666", Conditions: []string{"SAML:aud"}}}},
		"an own identity provider":                {policy: allow(`"Action": "sts:AssumeRoleWithSAML", "Principal": {"Federated": "arn:aws:iam::111122223333:saml-provider/x"}`), want: []Grant{{Account: "111122223333"}}},
		"everybody at GitHub":                     {policy: allow(`"Action": "sts:AssumeRoleWithWebIdentity", "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"}, "Condition": {"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}}`), want: []Grant{{Provider: "token.actions.githubusercontent.com", Conditions: []string{"token.actions.githubusercontent.com:aud"}}}},
		"a repository at GitHub":                  {policy: allow(`"Action": "sts:AssumeRoleWithWebIdentity", "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"}, "Condition": {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:o/r:*"}}`), want: []Grant{{Account: "111122223333", Conditions: []string{"token.actions.githubusercontent.com:sub"}}}},
		"an OIDC provider, but no tokens":         {policy: allow(`"Action": "sts:AssumeRole", "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/x"}`), want: []Grant{{Account: "111122223333"}}},
		"an application at Google":                {policy: allow(`"Action": "sts:AssumeRoleWithWebIdentity", "Principal": {"Federated": "accounts.google.com"}, "Condition": {"StringEquals": {"accounts.google.com:aud": "app"}}`)},
		"garbage beside everybody":                {policy: allow(`"Action": "sts:AssumeRole", "Principal": {"AWS": ["*", "garbage"]}`), want: []Grant{{}}, untold: `it names the principal "garbage"`},
		"everybody after garbage":                 {policy: allow(`"Action": "sts:AssumeRole", "Principal": {"AWS": ["garbage", "*"]}`), want: []Grant{{}}, untold: `it names the principal "garbage"`},
		"an effect in lower case besides":         {policy: `{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"}, {"Effect": "allow"}]}`, want: []Grant{{}}, untold: `a statement has the effect "allow"`},
		"a condition that all fulfill":            {policy: allow(`"Action": "sts:AssumeRole", "Principal": "*", "Condition": {"StringLike": {"aws:PrincipalArn": ["x", "*"]}}`), want: []Grant{{}}},
		"everybody federated":                     {policy: allow(`"Action": "sts:AssumeRoleWithWebIdentity", "Principal": {"Federated": "*"}`), want: []Grant{{}}},
		"a denial":                                {policy: strings.Replace(allow(`"Action": "sts:AssumeRole", "Principal": "*"`), "Allow", "Deny", 1)},
		"an account that is a star":               {policy: allow(`"Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::*:role/x"}`), want: []Grant{{}}},
		"a principal nobody knows":                {policy: allow(`"Action": "sts:AssumeRole", "Principal": {"AWS": "x\u001b"}`), untold: `it names the principal "x\x1b"`},
		"another effect":                          {policy: allow(`"Effect": "Perhaps"`), untold: `a statement has the effect "Perhaps"`},
		"no statement":                            {policy: `{}`, untold: "it has no statement"},
		"no policy":                               {policy: `[1]`, untold: "it is no policy"},
		"nothing":                                 {policy: `null`, untold: "the file does not have it"},
	} {
		t.Run(name, func(t *testing.T) {
			encoded, err := json.Marshal(url.PathEscape(tt.policy))
			if err != nil {
				t.Fatal(err)
			}
			forms := []string{tt.policy, string(encoded)}
			if tt.policy == "null" {
				forms = forms[:1]
			}
			for _, form := range forms {
				got, err := readTrust(json.RawMessage(form))
				untold := ""
				if err != nil {
					untold = err.Error()
				}
				if !reflect.DeepEqual(got, tt.want) || untold != tt.untold {
					t.Errorf("%s\ngives %+v, %q", form, got, untold)
				}
			}
		})
	}
	if _, err := readTrust(json.RawMessage(`"%zz"`)); err == nil || err.Error() != "its encoding is broken" {
		t.Error(err)
	}
}

func TestConditionsOnWho(t *testing.T) {
	const github, aud = "token.actions.githubusercontent.com", `"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}, `
	for name, tt := range map[string]struct {
		// provider is GitHub for "".
		provider, conditions string
		open                 bool
		// keys are the conditions that are named where it is open.
		keys string
	}{
		"none":                           {conditions: ``, open: true},
		"any sub":                        {conditions: aud + `"StringLike": {"token.actions.githubusercontent.com:sub": "*"}`, open: true, keys: ":aud"},
		"any sub among others":           {conditions: `"StringLike": {"token.actions.githubusercontent.com:sub": ["repo:o/r:*", "*"]}`, open: true},
		"a sub of one letter or more":    {conditions: `"StringLike": {"token.actions.githubusercontent.com:sub": "?*"}`, open: true, keys: ":sub"},
		"any repository":                 {conditions: `"StringLike": {"token.actions.githubusercontent.com:sub": "repo:*"}`, open: true, keys: ":sub"},
		"any repository's main":          {conditions: `"StringLike": {"token.actions.githubusercontent.com:sub": "repo:*:ref:refs/heads/main"}`, open: true, keys: ":sub"},
		"any service account":            {conditions: `"StringLike": {"token.actions.githubusercontent.com:sub": "system:serviceaccount:*:x"}`, open: true, keys: ":sub"},
		"all subs but one":               {conditions: `"StringNotEquals": {"token.actions.githubusercontent.com:sub": "repo:o/r:x"}`, open: true, keys: ":sub"},
		"all subs but some":              {conditions: `"ForAnyValue:StringNotLikeIfExists": {"token.actions.githubusercontent.com:sub": "repo:o/*"}`, open: true, keys: ":sub"},
		"a sub that is there":            {conditions: `"Null": {"token.actions.githubusercontent.com:sub": "false"}`, open: true, keys: ":sub"},
		"a region":                       {conditions: aud + `"StringEqualsIgnoreCase": {"aws:RequestedRegion": "eu-west-1"}`, open: true, keys: "aws:RequestedRegion :aud"},
		"a name of the caller's choice":  {conditions: `"StringLike": {"sts:RoleSessionName": "ci-*"}`, open: true, keys: "sts:RoleSessionName"},
		"a branch of any repository":     {conditions: `"StringEquals": {"token.actions.githubusercontent.com:ref": "refs/heads/main"}`, open: true, keys: ":ref"},
		"a claim that may be missing":    {conditions: `"StringEqualsIfExists": {"token.actions.githubusercontent.com:repository": "o/r"}`, open: true, keys: ":repository"},
		"Google, any sub":                {provider: "accounts.google.com", conditions: `"StringLike": {"accounts.google.com:sub": "*"}`, open: true},
		"Cognito, all who are signed in": {provider: "cognito-identity.amazonaws.com", conditions: `"ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "authenticated"}`, open: true, keys: "cognito-identity.amazonaws.com:amr"},
		"Cognito, a pool":                {provider: "cognito-identity.amazonaws.com", conditions: `"StringEquals": {"cognito-identity.amazonaws.com:aud": "p"}, "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "authenticated"}`},
		"whoever is of a domain":         {conditions: `"StringLike": {"token.actions.githubusercontent.com:email": "*@example.com"}`},
		"a branch":                       {conditions: aud + `"StringEqualsIgnoreCase": {"token.actions.githubusercontent.com:sub": "repo:o/r:ref:refs/heads/main"}`},
		"an organization":                {conditions: `"StringLike": {"token.actions.githubusercontent.com:sub": "repo:o/*"}`},
		"a repository, for all values":   {conditions: `"ForAllValues:StringLike": {"TOKEN.actions.githubusercontent.com:SUB": ["repo:o/r:*"]}`},
		"a star that is no pattern":      {conditions: `"StringEquals": {"token.actions.githubusercontent.com:sub": "*"}`},
		"a repository by its claim":      {conditions: `"StringEquals": {"token.actions.githubusercontent.com:repository": "o/r"}`},
		"some and not others":            {conditions: `"StringNotEquals": {"token.actions.githubusercontent.com:sub": "x"}, "StringLike": {"token.actions.githubusercontent.com:sub": "repo:o/r:*"}`},
	} {
		t.Run(name, func(t *testing.T) {
			provider, full := github, "arn:aws:iam::111122223333:oidc-provider/"+github
			if tt.provider != "" {
				provider, full = tt.provider, tt.provider
			}
			got, err := readTrust(json.RawMessage(`{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": {"Federated": "` +
				full + `"}, "Condition": {` + strings.TrimSuffix(tt.conditions, ", ") + `}}}`))
			if err != nil {
				t.Fatal(err)
			}
			open := len(got) == 1 && got[0].Provider == provider
			var keys []string
			for _, g := range got {
				for _, key := range g.Conditions {
					keys = append(keys, strings.TrimPrefix(key, github))
				}
			}
			if open != tt.open || open && strings.Join(keys, " ") != tt.keys {
				t.Errorf("%+v", got)
			}
		})
	}
}

// FuzzRead holds that no file breaks the reading, and that what is read can be found again by its ARN.
func FuzzRead(f *testing.F) {
	f.Add(details(role, user, ""))
	f.Add(details(strings.Replace(role, `{"Statement": []}`, `"%7B%22Statement%22:%5B%5D%7D"`, 1), "", `, "IsTruncated": true`))
	f.Add(`{"RoleDetailList": [{}], "UserDetailList": null}`)
	f.Fuzz(func(t *testing.T, text string) {
		known, err := Read(File{Name: "iam.json", Text: text})
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r\x1b") {
				t.Errorf("%q", err)
			}
			return
		}
		for _, account := range known.byID {
			for _, list := range []map[string]*Principal{account.roles, account.users} {
				for _, p := range list {
					if found, _ := known.Of(&p.Principal).Find(&p.Principal); found != p {
						t.Errorf("%s is not found", p)
					}
				}
			}
		}
	})
}
