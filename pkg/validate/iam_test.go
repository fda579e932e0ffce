package validate

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/iam"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

func known(t *testing.T, texts ...string) *iam.Accounts {
	t.Helper()
	var files []iam.File
	for _, s := range texts {
		files = append(files, iam.File{Name: "iam.json", Text: s, At: exampleDay})
	}
	read, err := iam.Read(files...)
	if err != nil {
		t.Fatal(err)
	}
	return read
}

func TestIAM(t *testing.T) {
	const sso = "aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Dev_fedcba9876543210"
	masters := exampleDev + "  groups: [system:masters]\n"
	named := func(role string) string { return strings.Replace(exampleDev, "role/dev", "role/"+role, 1) }
	cn := func(s string) string { return strings.ReplaceAll(s, "arn:aws:", "arn:aws-cn:") }
	page := strings.Replace(exampleIAM("ops"), "{", `{"IsTruncated": true, "Marker": "x",`, 1)
	never := exampleIAMRole("dev", `, "RoleLastUsed": {}`)
	for name, tt := range map[string]struct {
		data   map[string]string
		iam    string
		params map[string]Params
		later  bool
		// since is when the map had its entries already, entry when the access entry of the role dev was created.
		since, entry time.Time
		stale        bool
		// want are the rule and a part of the message of each finding; fix is the value that is suggested.
		want [][2]string
		fix  string
	}{
		"there":                             {data: mapRoles(exampleDev), iam: exampleIAM("dev")},
		"there, under a path":               {data: mapRoles(exampleDev), iam: exampleIAM("team/DEV")},
		"not there":                         {data: mapRoles(exampleDev), iam: exampleIAM("ops"), want: [][2]string{{"iam-role-missing", `gets in as "dev" without groups`}}},
		"not there, an administrator":       {data: mapRoles(masters), iam: exampleIAM("ops"), want: [][2]string{{"iam-role-missing", "with the group system:masters"}}},
		"another account":                   {data: mapRoles(strings.Replace(exampleDev, "111122223333", "444455556666", 1)), iam: exampleIAM("ops")},
		"one page of several":               {data: mapRoles(exampleDev), iam: page},
		"a file without users":              {data: map[string]string{"mapUsers": exampleBob}, iam: exampleIAM("ops")},
		"filled in later":                   {data: mapRoles(exampleDev), iam: exampleIAM("ops"), later: true},
		"a path in the map has its rule":    {data: mapRoles(named("team/gone")), iam: exampleIAM("ops")},
		"root and federated users":          {data: map[string]string{"mapUsers": "- userarn: arn:aws:iam::111122223333:root\n  username: r\n- userarn: arn:aws:sts::111122223333:federated-user/f\n  username: f\n"}, iam: exampleIAM("ops")},
		"two entries, one counts":           {data: mapRoles(exampleDev + exampleDev), iam: exampleIAM("ops"), want: [][2]string{{"iam-role-missing", ""}}},
		"a user's path":                     {data: map[string]string{"mapUsers": exampleBob}, iam: exampleIAMUser("/a/b/"), want: [][2]string{{"iam-path", "write arn:aws:iam::111122223333:user/a/b/bob"}}, fix: "arn:aws:iam::111122223333:user/a/b/bob"},
		"a user's path in another case":     {data: map[string]string{"mapUsers": strings.Replace(exampleBob, "user/bob", "user/TEAM/Bob", 1)}, iam: exampleIAMUser("/team/")},
		"another suffix":                    {data: mapRoles(named("AWSReservedSSO_Dev_0123456789abcdef")), iam: exampleIAM(sso), want: [][2]string{{"iam-sso-suffix", "write arn:aws:iam::111122223333:role/AWSReservedSSO_Dev_fedcba9876543210"}}, fix: "arn:aws:iam::111122223333:role/AWSReservedSSO_Dev_fedcba9876543210"},
		"another suffix that is mapped too": {data: mapRoles(named("AWSReservedSSO_Dev_0123456789abcdef") + named("AWSReservedSSO_Dev_fedcba9876543210")), iam: exampleIAM(sso), want: [][2]string{{"iam-sso-suffix", "mapRoles[1] has arn:aws:iam::111122223333:role/AWSReservedSSO_Dev_fedcba9876543210 already; remove this entry"}}},
		"another permission set":            {data: mapRoles(named("AWSReservedSSO_Ops_0123456789abcdef")), iam: exampleIAM(sso), want: [][2]string{{"iam-role-missing", ""}}},
		"used lately":                       {data: mapRoles(exampleDev), iam: exampleIAMUse("2026-02-20T12:00:00Z")},
		"90 days ago":                       {data: mapRoles(exampleDev), iam: exampleIAMUse("2025-12-01T12:00:00Z")},
		"a day more":                        {data: mapRoles(exampleDev), iam: exampleIAMUse("2025-11-30T12:00:00Z"), want: [][2]string{{"iam-unused", "since 2025-11-30 (eu-west-1): more than 90 days"}}},
		"by the policy's days":              {data: mapRoles(exampleDev), iam: exampleIAMUse("2026-02-20T12:00:00Z"), params: map[string]Params{"iam-unused": {"days": {"7"}}}, want: [][2]string{{"iam-unused", "more than 7 days"}}},
		"never used":                        {data: mapRoles(exampleDev), iam: never, want: [][2]string{{"iam-unused", "in the 400 days that it looks back; the role is there since 2024-01-01"}}},
		"never used, and new":               {data: mapRoles(exampleDev), iam: strings.Replace(never, "2024-01-01", "2026-02-01", 1)},
		"another account may come":          {data: mapRoles(masters), iam: exampleIAMTrust(`{"AWS": ["444455556666", "777788889999"]}`), want: [][2]string{{"iam-trust", "by its trust policy the account 444455556666, the account 777788889999 may assume this role, and gets in with the group system:masters"}}},
		"anybody may come":                  {data: mapRoles(exampleDev), iam: exampleIAMTrust(`"*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o"}}`), want: [][2]string{{"iam-trust", "anybody in AWS (with conditions on aws:PrincipalOrgID, not judged)"}}},
		"anybody, though some are allowed":  {data: mapRoles(exampleDev), iam: exampleIAMTrust(`"*"`), params: map[string]Params{"iam-trust": {"accounts": {"444455556666"}}}, want: [][2]string{{"iam-trust", "anybody in AWS may"}}},
		"created later":                     {data: mapRoles(masters), iam: exampleIAM("dev"), since: exampleCreated.Add(-time.Hour), want: [][2]string{{"iam-recreated", "this role was created at 2024-01-01T09:00:00Z, and the map had its entry at 2024-01-01T08:00:00Z already: if there was one before, this is another, and somebody else may be in it; it gets in with the group system:masters"}}},
		"created later, in another case":    {data: mapRoles(strings.Replace(exampleDev, "role/dev", "role/DEV", 1)), iam: exampleIAM("team/dev"), since: exampleCreated.Add(-time.Hour), want: [][2]string{{"iam-recreated", ""}}},
		"a user that was created later":     {data: map[string]string{"mapUsers": exampleBob}, iam: exampleIAMUser("/"), since: exampleCreated.Add(-time.Hour), want: [][2]string{{"iam-recreated", "this user was created at"}}},
		"created before":                    {data: mapRoles(exampleDev), iam: exampleIAM("dev"), since: exampleCreated.Add(time.Hour)},
		"in the same minute":                {data: mapRoles(exampleDev), iam: exampleIAM("dev"), since: exampleCreated.Add(-time.Minute)},
		"gone, whatever was before":         {data: mapRoles(exampleDev), iam: exampleIAM("ops"), since: exampleCreated.Add(-time.Hour), want: [][2]string{{"iam-role-missing", ""}}},
		"an access entry of before":         {data: mapRoles(exampleDev), iam: exampleIAM("dev"), entry: exampleCreated.Add(-time.Hour), want: [][2]string{{"iam-recreated", "EKS had an access entry for one of its name at 2024-01-01T08:00:00Z already: it was deleted and created again"}}},
		"the same, and stale-entry says it": {data: mapRoles(exampleDev), iam: exampleIAM("dev"), entry: exampleCreated.Add(-time.Hour), stale: true},
		"an access entry of after":          {data: mapRoles(exampleDev), iam: exampleIAM("dev"), entry: exampleCreated.Add(time.Hour)},
		"anybody whom GitHub signs in":      {data: mapRoles(exampleDev), iam: strings.Replace(exampleIAMTrust(`{"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"}`), "sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", 1), want: [][2]string{{"iam-trust", "by its trust policy whoever has a token of token.actions.githubusercontent.com may assume this role"}}},
		"any repository at GitHub":          {data: mapRoles(exampleDev), iam: strings.Replace(exampleIAMTrust(`{"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"}, "Condition": {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:*"}}`), "sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", 1), want: [][2]string{{"iam-trust", "whoever has a token of token.actions.githubusercontent.com (with conditions on token.actions.githubusercontent.com:sub, not judged) may assume this role"}}},
		"a branch at GitHub":                {data: mapRoles(exampleDev), iam: strings.Replace(exampleIAMTrust(`{"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"}, "Condition": {"StringEquals": {"token.actions.githubusercontent.com:sub": "repo:o/r:ref:refs/heads/main"}}`), "sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", 1)},
		"anybody, and what nobody can read": {data: mapRoles(exampleDev), iam: exampleIAMTrust(`{"AWS": ["*", "garbage"]}`), want: [][2]string{{"iam-trust", "anybody in AWS may"}, {"iam-trust", `who else may assume this role is not known: of its trust policy, it names the principal "garbage"`}}},
		"own principals and deleted ones":   {data: mapRoles(exampleDev), iam: exampleIAMTrust(`{"AWS": ["arn:aws:iam::111122223333:user/a/b", "AROAEXAMPLEEXAMPLEXXX", "AIDAEXAMPLEEXAMPLEXXX"], "Service": "ec2.amazonaws.com", "Federated": "arn:aws:iam::111122223333:saml-provider/sso"}`)},
		"China":                             {data: mapRoles(cn(exampleDev)), iam: cn(exampleIAMTrust(`{"AWS": "arn:aws:iam::444455556666:root"}`)), want: [][2]string{{"iam-trust", "the account 444455556666 may"}}},
		"China, and the file is of AWS":     {data: mapRoles(cn(exampleDev)), iam: exampleIAM("ops")},
		"another suffix in China":           {data: mapRoles(cn(named("AWSReservedSSO_Dev_0123456789abcdef"))), iam: cn(exampleIAM(sso)), want: [][2]string{{"iam-sso-suffix", ""}}, fix: "arn:aws-cn:iam::111122223333:role/AWSReservedSSO_Dev_fedcba9876543210"},
		"another suffix, two of them":       {data: mapRoles(named("AWSReservedSSO_Dev_0123456789abcdef")), iam: strings.Replace(exampleIAM(sso), `"RoleDetailList": [`, `"RoleDetailList": [{"Arn": "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_dev_1111111111111111"},`, 1), want: [][2]string{{"iam-sso-suffix", "write one of arn:aws:iam::111122223333:role/AWSReservedSSO_dev_1111111111111111, arn:aws:iam::111122223333:role/AWSReservedSSO_Dev_fedcba9876543210"}}},
		"a namesake outside of the path":    {data: mapRoles(named("AWSReservedSSO_Dev_0123456789abcdef")), iam: exampleIAM("AWSReservedSSO_Dev_fedcba9876543210"), want: [][2]string{{"iam-role-missing", ""}}},
		"a user without its old path":       {data: map[string]string{"mapUsers": strings.Replace(exampleBob, "user/bob", "user/old/bob", 1)}, iam: exampleIAMUser("/"), want: [][2]string{{"iam-path", ""}}, fix: "arn:aws:iam::111122223333:user/bob"},
		"a user under another path":         {data: map[string]string{"mapUsers": strings.Replace(exampleBob, "user/bob", "user/old/bob", 1)}, iam: exampleIAMUser("/new/"), want: [][2]string{{"iam-path", ""}}, fix: "arn:aws:iam::111122223333:user/new/bob"},
		"a user that is gone":               {data: map[string]string{"mapUsers": strings.Replace(exampleBob, "bob", "zoe", 1)}, iam: exampleIAMUser("/"), want: [][2]string{{"iam-role-missing", "no user of this name"}}},
		"a user, in mapRoles":               {data: mapRoles(strings.Replace(exampleBob, "userarn", "rolearn", 1)), iam: exampleIAMUser("/team/"), want: [][2]string{{"iam-path", ""}}, fix: "arn:aws:iam::111122223333:user/team/bob"},
		"a role, in mapUsers":               {data: map[string]string{"mapUsers": strings.Replace(exampleDev, "rolearn", "userarn", 1)}, iam: exampleIAMTrust(`"*"`), want: [][2]string{{"iam-trust", ""}}},
		"a policy nobody can read":          {data: mapRoles(exampleDev), iam: exampleIAMTrust(`{"AWS": "x"}`), want: [][2]string{{"iam-trust", `who may assume this role is not known: of its trust policy, it names the principal "x"`}}},
	} {
		t.Run(name, func(t *testing.T) {
			o := Options{IAM: known(t, tt.iam), Params: tt.params}
			if tt.later {
				o.Later = func(string) bool { return true }
			}
			doc := awsauth.Read(tt.data)
			if !tt.since.IsZero() {
				o.Since = map[string]time.Time{}
				for _, p := range InIAM(doc) {
					o.Since[arn.Fold(p.String())] = tt.since
				}
			}
			if !tt.entry.IsZero() {
				e := exampleEntry("path/dev")
				created := tt.entry.AddDate(-1, 0, 0)
				if tt.stale {
					created = exampleCreated
				}
				e.CreatedAt, e.PrincipalCreatedAt = tt.entry, &created
				o.Entries = exampleEntries(snapshot.Both, e)
			}
			var found []Finding
			for _, f := range Check(doc, o) {
				if Lookup(f.Rule).FromIAM() {
					found = append(found, f)
				}
			}
			if len(found) != len(tt.want) {
				t.Fatalf("found:%s", describe(doc, found))
			}
			for i, want := range tt.want {
				f := found[i]
				if f.Rule != want[0] || !strings.Contains(f.Sentence().Text, want[1]) {
					t.Errorf("found:%s", describe(doc, found))
				}
				fix := ""
				if f.Fix != nil {
					fix = f.Fix.Want[0].Value
				}
				if fix != tt.fix {
					t.Errorf("suggests %q", fix)
				}
			}
			// An edit is not held against IAM, whatever the options say.
			for _, c := range []*Change{{New: doc}, {Old: awsauth.Read(nil), New: doc}} {
				for _, f := range CheckChange(c, o) {
					if Lookup(f.Rule).FromIAM() {
						t.Errorf("an edit is judged: %+v", f)
					}
				}
			}
		})
	}
}

func TestUntoldByIAM(t *testing.T) {
	data := mapRoles(exampleDev + strings.Replace(exampleDev, "111122223333", "444455556666", 1) + strings.Replace(exampleDev, "111122223333:role/dev", "444455556666:role/ops", 1))
	data["mapUsers"] = exampleBob
	for name, tt := range map[string]struct {
		known *iam.Accounts
		want  []string
	}{
		"no file": {},
		"an account and a kind are missing": {known(t, exampleIAM("ops")), []string{
			"IAM is not known of the account 444455556666: give its file with --iam too",
			`whether there is the user "arn:aws:iam::111122223333:user/bob" is not known: iam.json has no users at all, as after --filter`,
		}},
		"a page": {known(t, strings.Replace(exampleIAM("ops"), "{", `{"NextToken": "x",`, 1)), []string{
			"IAM is not known of the account 444455556666: give its file with --iam too",
			`whether there is the role "arn:aws:iam::111122223333:role/dev" is not known: iam.json is one page of several: leave out --no-paginate and --max-items`,
			`whether there is the user "arn:aws:iam::111122223333:user/bob" is not known: iam.json is one page of several: leave out --no-paginate and --max-items`,
		}},
	} {
		if got := UntoldByIAM(awsauth.Read(data), tt.known, nil); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}
