package manifest

import (
	"fmt"
	"testing"
)

// TestEksctlTable reads the table of eksctl however its columns are set apart.
func TestEksctlTable(t *testing.T) {
	const (
		role = "arn:aws:iam::111122223333:role/MARK"
		user = "arn:aws:iam::111122223333:user/u"
		both = `mapRoles=[{"rolearn":"` + role + `","username":"a","groups":["g","h"]}]` + "\n"
	)
	for _, tt := range []struct {
		name, text string
		data       []string
		notes      []string
	}{
		{name: "blanks", text: "ARN                                  USERNAME  GROUPS  ACCOUNT\n" + role + "  a         g,h     \n", data: []string{both}},
		{name: "tabs", text: "ARN\t\t\t\t\tUSERNAME\tGROUPS\t\tACCOUNT\n" + role + "\ta\t\tg,h\t\n", data: []string{both}},
		{name: "without accounts, as older ones print", text: "ARN\tUSERNAME\tGROUPS\n" + role + "\ta\tg,h\n", data: []string{both}},
		{name: "CRLF", text: "ARN\tUSERNAME\tGROUPS\tACCOUNT\r\n" + role + "\ta\tg,h\t\r\n", data: []string{both}},
		{name: "a user and an account", text: "ARN\tUSERNAME\tGROUPS\tACCOUNT\n" + user + "\tu\tg\t\n\t\t\t111122223333\n",
			data: []string{"mapAccounts=[\"111122223333\"]\n", `mapUsers=[{"userarn":"` + user + `","username":"u","groups":["g"]}]` + "\n"}},
		{name: "no groups", text: "ARN                                  USERNAME  GROUPS  ACCOUNT\n" + role + "  a         \n",
			data: []string{`mapRoles=[{"rolearn":"` + role + `","username":"a"}]` + "\n"}},
		{name: "no username", text: "ARN                                  USERNAME  GROUPS  ACCOUNT\n" + role + "            g       \n",
			data: []string{`mapRoles=[{"rolearn":"` + role + `","groups":["g"]}]` + "\n"}},
		{name: "among other lines", text: "$ eksctl get iamidentitymapping --cluster blue\n2026-01-02 [i]  getting\nARN\tUSERNAME\tGROUPS\tACCOUNT\n" + role + "\ta\tg,h\t\n$ \n", data: []string{both}},
		{name: "beside a manifest", text: "ARN\tUSERNAME\tGROUPS\tACCOUNT\n" + role + "\ta\tg,h\t\n\ndata:\n  mapUsers: |\n    - userarn: x\n", data: []string{both}, notes: []string{"mapUsers in a document"}},
		{name: "nothing in it", text: "ARN\tUSERNAME\tGROUPS\tACCOUNT\n", data: nil},
		{name: "another table", text: "ARN\tNAME\n" + role + "\ta\n", data: nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := Read("x.txt", tt.text)
			var got []string
			for _, d := range f.Documents {
				for _, key := range []string{"mapAccounts", "mapRoles", "mapUsers"} {
					if text, ok := d.Data[key]; ok {
						got = append(got, key+"="+text)
					}
					checkPlaces(t, f, d, key, "eksctl")
				}
			}
			if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", tt.data) {
				t.Errorf("data\n%q, want\n%q", got, tt.data)
			}
			if len(f.Problems) > 0 {
				t.Errorf("problems: %s", problems(f))
			}
			checkNotes(t, f, tt.notes)
		})
	}
}
