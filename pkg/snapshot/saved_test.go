package snapshot

import (
	"encoding/base64"
	"strconv"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"
)

const (
	savedRoleARN = "arn:aws:iam::111122223333:role/team/dev"
	savedList    = `{"accessEntries": ["` + savedRoleARN + `"]}`
	savedDev     = `{"accessEntry": {"clusterName": "blue", "principalArn": "` + savedRoleARN + `", "kubernetesGroups": ["devs"], "accessEntryArn": "arn:aws:eks:eu-west-1:111122223333:access-entry/blue/role/111122223333/dev/c4ced664",
		"createdAt": "2026-04-20T23:25:44.917000+02:00", "modifiedAt": "2026-04-20T23:25:44.917000+02:00", "tags": {}, "username": "dev", "type": "STANDARD"}}`
	savedAssociated = `{"associatedAccessPolicies": [{"policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy", "accessScope": {"type": "cluster", "namespaces": []},
		"associatedAt": "2026-04-20T23:25:44+02:00"}], "clusterName": "blue", "principalArn": "` + savedRoleARN + `"}`
	savedRole = `{"Role": {"Path": "/team/", "RoleName": "dev", "RoleId": "AROAX", "Arn": "` + savedRoleARN + `", "CreateDate": "2024-01-01T00:00:00+00:00", "AssumeRolePolicyDocument": {}}}`
)

func savedBlue(mode string) string {
	data := base64.StdEncoding.EncodeToString(certificate("blue"))
	return `{"cluster": {"name": "blue", "arn": "arn:aws:eks:eu-west-1:111122223333:cluster/blue", "version": "1.31", "certificateAuthority": {"data": "` + data +
		`"}, "accessConfig": {"authenticationMode": "` + mode + `"}}}`
}

// inYAMLForm is an output in the form of --output yaml.
func inYAMLForm(t *testing.T, output string) string {
	t.Helper()
	form, err := yaml.JSONToYAML([]byte(output))
	if err != nil {
		t.Fatal(err)
	}
	return string(form)
}

func TestFromSaved(t *testing.T) {
	blue := savedBlue("API_AND_CONFIG_MAP")
	for name, tt := range map[string]struct {
		texts []string
		// wrong is in the error, noted in the notes.
		wrong, noted string
		entries      int
		created      string
	}{
		"all in one file": {texts: []string{blue + savedList + savedDev + savedAssociated + savedRole}, entries: 1, created: "2026-04-20T21:25:44.917Z"},
		"a file each":     {texts: []string{savedRole, savedAssociated, savedDev, savedList, blue}, entries: 1, created: "2026-04-20T21:25:44.917Z"},
		"seconds since 1970": {
			texts:   []string{blue, savedList, strings.NewReplacer(`"2026-04-20T23:25:44.917000+02:00"`, "1776720344.917").Replace(savedDev), savedAssociated, savedRole},
			entries: 1, created: "2026-04-20T21:25:44.917Z",
		},
		"without a fraction": {
			texts:   []string{blue, savedList, strings.ReplaceAll(savedDev, ".917000+02:00", "Z"), savedAssociated, savedRole},
			entries: 1, created: "2026-04-20T23:25:44Z",
		},
		"all roles at once": {
			texts:   []string{blue, savedList, savedDev, savedAssociated, strings.NewReplacer(`{"Role": {`, `{"Roles": [{`, `}}}`, `}}]}`).Replace(savedRole)},
			entries: 1, created: "2026-04-20T21:25:44.917Z",
		},
		"nobody asked IAM":                       {texts: []string{blue, savedList, savedDev, savedAssociated}, entries: 1, created: "2026-04-20T21:25:44.917Z", noted: "not known when 1 principal was created"},
		"mode CONFIG_MAP":                        {texts: []string{savedBlue("CONFIG_MAP")}},
		"no entries":                             {texts: []string{blue, `{"accessEntries": []}`}},
		"no cluster":                             {texts: []string{savedList, savedDev}, wrong: "aws eks describe-cluster"},
		"no mode":                                {texts: []string{savedBlue(""), savedList, savedDev, savedAssociated}, wrong: "authenticationMode"},
		"no list":                                {texts: []string{blue, savedDev}, wrong: "aws eks list-access-entries"},
		"no entry":                               {texts: []string{blue, savedList}, wrong: "aws eks describe-access-entry"},
		"no policies":                            {texts: []string{blue, savedList, savedDev}, wrong: "aws eks list-associated-access-policies"},
		"an entry that is not listed":            {texts: []string{blue, `{"accessEntries": []}`, savedDev}, wrong: "does not have"},
		"a page of the API":                      {texts: []string{blue, `{"accessEntries": [], "nextToken": "x"}`}, wrong: "one page of several"},
		"a page of the AWS CLI":                  {texts: []string{blue, `{"accessEntries": [], "NextToken": "x"}`}, wrong: "one page of several"},
		"a page of IAM":                          {texts: []string{blue, savedList, savedDev, savedAssociated, `{"Roles": [], "IsTruncated": true, "Marker": "m"}`}, wrong: "one page of several"},
		"another cluster's entry":                {texts: []string{blue, savedList, strings.Replace(savedDev, "blue", "green", 1), savedAssociated}, wrong: "of another cluster than arn:aws:eks:eu-west-1:111122223333:cluster/blue"},
		"another cluster's policies":             {texts: []string{blue, savedList, savedDev, strings.Replace(savedAssociated, "blue", "green", 1)}, wrong: "of another cluster than arn:aws:eks:eu-west-1:111122223333:cluster/blue"},
		"two clusters":                           {texts: []string{blue, strings.ReplaceAll(blue, "blue", "green")}, wrong: "and another one of blue"},
		"another account's cluster of this name": {texts: []string{blue, savedList, strings.Replace(savedDev, "eu-west-1:111122223333", "eu-west-1:444455556666", 1), savedAssociated}, wrong: "of another cluster than"},
		"another region's cluster of this name":  {texts: []string{blue, savedList, strings.Replace(savedDev, "eu-west-1", "us-east-1", 1), savedAssociated}, wrong: "of another cluster than"},
		"two modes":                              {texts: []string{blue, savedBlue("API"), savedList, savedDev, savedAssociated}, wrong: "something else of the cluster blue"},
		"the cluster twice":                      {texts: []string{blue, blue, savedList, savedDev, savedAssociated, savedRole}, entries: 1, created: "2026-04-20T21:25:44.917Z"},
		"the same entry twice":                   {texts: []string{blue, savedList, savedDev, savedDev}, wrong: "a second access entry"},
		"two lists":                              {texts: []string{blue, savedList, savedList}, wrong: "a second list"},
		"what --query leaves":                    {texts: []string{blue, `["` + savedRoleARN + `"]`}, wrong: "leave out --query"},
		"something else":                         {texts: []string{blue, `{"nodegroups": []}`}, wrong: "none of describe-cluster"},
		"cut off":                                {texts: []string{blue[:40]}, wrong: "cut off"},
		"a line that is no JSON":                 {texts: []string{"{\n  \"cluster\": {,\n}"}, wrong: "file, document 1: it is no JSON from line 2, column 15 on, where \",\" stands; save it again"},
		"a line of a later document":             {texts: []string{blue + "\n\nx"}, wrong: "file, document 2: it is no JSON from line " + strconv.Itoa(3+strings.Count(blue, "\n")) + ", column 1 on"},
		"a text for a list":                      {texts: []string{`{"accessEntries": "x"}`}, wrong: "accessEntries in line 1 is a text, and a list is wanted; save it again"},
		"a number in a later document":           {texts: []string{savedList + "\n\n{\"accessEntry\":\n{\"type\": 5}}"}, wrong: "file, document 2: accessEntry.type in line " + strconv.Itoa(4+strings.Count(savedList, "\n")) + " is a number, and a text is wanted; save it again"},
		"a number in YAML":                       {texts: []string{"accessEntries: 5\n"}, wrong: "file, document 1: accessEntries is a number, and a list is wanted; save it again"},
		"a certificate that is none":             {texts: []string{`{"cluster": {"name": "x", "certificateAuthority": {"data": "%"}}}`}, wrong: "is no base64"},
		"a byte order mark":                      {texts: []string{"\ufeff" + blue, savedList, savedDev, savedAssociated, savedRole}, entries: 1, created: "2026-04-20T21:25:44.917Z"},
		"YAML": {
			texts:   []string{inYAMLForm(t, blue), inYAMLForm(t, savedList) + "---\n" + inYAMLForm(t, savedDev), inYAMLForm(t, savedAssociated), inYAMLForm(t, savedRole)},
			entries: 1, created: "2026-04-20T21:25:44.917Z",
		},
		"several outputs in YAML": {texts: []string{inYAMLForm(t, blue), inYAMLForm(t, savedDev) + inYAMLForm(t, savedDev)}, wrong: "document 1: it holds several outputs, and in YAML they can't be told apart"},
		"text":                    {texts: []string{"CLUSTER\tarn:aws:eks:eu-west-1:111122223333:cluster/blue\tblue\n"}, wrong: "take --output json, not text or table"},
		"a table":                 {texts: []string{"-----\n|  DescribeCluster  |\n+-----+\n"}, wrong: "take --output json, not text or table"},
		"UTF-16":                  {texts: []string{"\xff\xfe{\x00"}, wrong: "file is UTF-16, as PowerShell writes it"},
		"nothing":                 {texts: []string{""}, wrong: "is empty"},
		"a time that is none":     {texts: []string{blue, savedList, strings.ReplaceAll(savedDev, "2026-04-20T23:25:44.917000+02:00", "soon"), savedAssociated}, wrong: "is no time"},
		"no time": {
			texts: []string{blue, savedList, strings.ReplaceAll(savedDev, `"2026-04-20T23:25:44.917000+02:00"`, "null"), savedAssociated}, wrong: "createdAt is missing",
		},
		"a type of tomorrow": {texts: []string{blue, savedList, strings.Replace(savedDev, "STANDARD", "EC2_BSD", 1), savedAssociated}, wrong: "none that this version knows"},
		"node types without policies": {
			texts:   []string{blue, savedList, strings.Replace(savedDev, "STANDARD", "EC2_LINUX", 1), savedRole},
			entries: 1, created: "2026-04-20T21:25:44.917Z",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var saved []Saved
			for _, text := range tt.texts {
				saved = append(saved, Saved{"file", text})
			}
			at := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
			s, notes, err := FromSaved(at, saved...)
			if tt.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), tt.wrong) {
					t.Errorf("got %v, want %q", err, tt.wrong)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(s.Entries) != tt.entries || !s.TakenAt.Equal(at) || !strings.Contains(strings.Join(notes, "\n"), tt.noted) || (tt.noted == "") != (len(notes) == 0) {
				t.Errorf("got %+v, notes %q", s, notes)
			}
			if tt.entries == 1 && s.Entries[0].CreatedAt.Format(time.RFC3339Nano) != tt.created {
				t.Errorf("created %s, want %s", s.Entries[0].CreatedAt.Format(time.RFC3339Nano), tt.created)
			}
			if _, err := s.Write(); err != nil {
				t.Error(err)
			}
		})
	}
}

func FuzzFromSaved(f *testing.F) {
	f.Add(savedBlue("API") + savedList + savedDev + savedAssociated + savedRole)
	f.Fuzz(func(t *testing.T, text string) {
		s, _, err := FromSaved(time.Unix(1, 0), Saved{"file", text})
		if err != nil {
			return
		}
		if _, err := s.Write(); err != nil {
			t.Errorf("what was read can't be written: %v", err)
		}
	})
}

// TestARoleThatIsToldTwiceIsTheLaterOne: a role that was created again has a later time, in whatever order the files come.
func TestARoleThatIsToldTwiceIsTheLaterOne(t *testing.T) {
	again := strings.Replace(savedRole, "2024-01-01", "2026-10-01", 1)
	for _, texts := range [][]string{{savedRole, again}, {again, savedRole}} {
		saved := []Saved{{"a", savedBlue("API_AND_CONFIG_MAP")}, {"b", savedList + savedDev + savedAssociated}, {"c", texts[0]}, {"d", texts[1]}}
		s, _, err := FromSaved(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), saved...)
		if err != nil {
			t.Fatal(err)
		}
		if s.Entries[0].Binding() != Stale {
			t.Errorf("the entry is not stale: %v", s.Entries[0].PrincipalCreatedAt)
		}
	}
}
