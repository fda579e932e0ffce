package oracle

import (
	"reflect"
	"strings"
	"testing"

	"sigs.k8s.io/aws-iam-authenticator/pkg/config"

	"github.com/aws-auth-guard/aws-auth-guard/test/cases"
	"github.com/aws-auth-guard/aws-auth-guard/test/oracle/authenticator"
)

// Every row of the table is what the real authenticator does.
func TestTableAgainstAuthenticator(t *testing.T) {
	real := authenticator.Start(t)
	for _, c := range cases.All() {
		t.Run(c.ID, func(t *testing.T) {
			roles, users, accounts, err := authenticator.Parse(c.Data)
			checkError(t, c.Error, err)
			if got := kept(roles, users, accounts); !reflect.DeepEqual(got, c.Kept) {
				t.Errorf("%s: kept\n%+v\nwant\n%+v", c.Title, got, c.Kept)
			}
			if err := real.Load(c.Data); err != nil {
				t.Fatal(err)
			}
			for _, call := range c.Calls {
				got, err := real.Outcomes(call.Caller)
				if err != nil {
					t.Fatal(err)
				}
				checkOutcomes(t, call, got)
			}
		})
	}
}

func checkError(t *testing.T, want string, err error) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("parse error %v, want none", err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("parse error %v, want one with %q", err, want)
	}
}

// checkOutcomes compares outcomes; of a reason only a part is wanted.
func checkOutcomes(t *testing.T, call cases.Call, got []cases.Outcome) {
	t.Helper()
	if len(got) != len(call.Want) {
		t.Errorf("%s: got %v, want %v", call.Caller.ARN, got, call.Want)
		return
	}
	for i, want := range call.Want {
		o := got[i]
		if o.Kind != want.Kind || o.Username != want.Username || !reflect.DeepEqual(o.Groups, want.Groups) || !strings.Contains(o.Reason, want.Reason) {
			t.Errorf("%s: got %v, want %v", call.Caller.ARN, o, want)
		}
	}
}

// kept puts what ParseMap returns into the table's form.
func kept(roles []config.RoleMapping, users []config.UserMapping, accounts []string) cases.Kept {
	var k cases.Kept
	for _, r := range roles {
		e := cases.Entry{ARN: r.RoleARN, Username: r.Username, Groups: r.Groups}
		if r.SSO != nil {
			e.SSO = &cases.SSO{PermissionSetName: r.SSO.PermissionSetName, AccountID: r.SSO.AccountID, Partition: r.SSO.Partition}
		}
		k.Roles = append(k.Roles, e)
	}
	for _, u := range users {
		k.Users = append(k.Users, cases.Entry{ARN: u.UserARN, Username: u.Username, Groups: u.Groups})
	}
	if len(accounts) > 0 {
		k.Accounts = accounts
	}
	return k
}
