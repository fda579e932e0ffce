package oracle

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/test/cases"
	"github.com/aws-auth-guard/aws-auth-guard/test/oracle/authenticator"
)

// readKept is what pkg/awsauth keeps of a document, in the table's form.
func readKept(doc *awsauth.Document) cases.Kept {
	entries := func(s *awsauth.Section) (list []cases.Entry) {
		for _, e := range s.Entries {
			if !e.Valid {
				continue
			}
			k := cases.Entry{ARN: e.ARN, Username: e.Username, Groups: e.Groups}
			if e.SSO != nil {
				k.SSO = &cases.SSO{PermissionSetName: e.SSO.PermissionSetName, AccountID: e.SSO.AccountID, Partition: e.SSO.Partition}
			}
			list = append(list, k)
		}
		return list
	}
	k := cases.Kept{Roles: entries(doc.Roles), Users: entries(doc.Users)}
	for _, a := range doc.Accounts.Accounts {
		if a.Valid {
			k.Accounts = append(k.Accounts, a.Value)
		}
	}
	return k
}

// compareRead checks that pkg/awsauth keeps what ParseMap keeps and that both see an error, or neither, also where it
// has read the same map before.
func compareRead(t *testing.T, data map[string]string) *awsauth.Document {
	t.Helper()
	roles, users, accounts, err := authenticator.Parse(data)
	doc, reader := awsauth.Read(data), awsauth.NewReader()
	reader.ReadAll(data, nil)
	for name, d := range map[string]*awsauth.Document{"": doc, ", which has read it before,": reader.ReadAll(data, nil)} {
		if want, got := kept(roles, users, accounts), readKept(d); !reflect.DeepEqual(got, want) {
			t.Errorf("%q\nawsauth%s keeps\n%+v\nthe authenticator keeps\n%+v\nand says %v", data, name, got, want, err)
		}
		if failed := hasError(d); failed != (err != nil) {
			t.Errorf("%q\nawsauth%s sees an error: %v, the authenticator's error: %v", data, name, failed, err)
		}
	}
	return doc
}

// hasError reports whether anything was lost that ParseMap would report.
func hasError(doc *awsauth.Document) bool {
	for _, s := range doc.Sections() {
		if s.Err != nil || s.TypeErr != nil {
			return true
		}
		for _, e := range s.Entries {
			if !e.Valid {
				return true
			}
		}
	}
	return false
}

func TestReadAgainstAuthenticator(t *testing.T) {
	for _, c := range cases.All() {
		t.Run(c.ID, func(t *testing.T) { compareRead(t, c.Data) })
	}
}

func TestCorpusAgainstAuthenticator(t *testing.T) {
	files := corpus(t)
	real := authenticator.Start(t)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		t.Run(name, func(t *testing.T) {
			for _, data := range files[name] {
				compareResolve(t, real, compareRead(t, data))
			}
		})
	}
}

// corpus reads the maps that were collected from public places, where they lie beside the repository: by file, each
// map that a file holds, and its raw text as the value of every key.
func corpus(t testing.TB) map[string][]map[string]string {
	t.Helper()
	const folder = "../../../shared/corpus"
	if _, err := os.Stat(folder); err != nil {
		t.Skip("no corpus beside the repository")
	}
	found := map[string][]map[string]string{}
	for _, pattern := range []string{"*.yaml", "templated/*.yaml"} {
		names, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			raw := string(text)
			found[filepath.Base(name)] = append(manifests(raw), map[string]string{"mapRoles": raw, "mapUsers": raw, "mapAccounts": raw})
		}
	}
	if len(found) == 0 {
		t.Fatalf("%s holds no YAML", folder)
	}
	return found
}

// manifests are the maps inside a text that is YAML itself.
func manifests(text string) (found []map[string]string) {
	decoder := yaml.NewDecoder(strings.NewReader(text))
	for {
		var node yaml.Node
		if decoder.Decode(&node) != nil {
			return found
		}
		found = append(found, dataIn(&node)...)
	}
}

// dataIn are the mappings below a node that have one of the three keys with a text after it.
func dataIn(node *yaml.Node) (found []map[string]string) {
	data := map[string]string{}
	for i, child := range node.Content {
		if node.Kind == yaml.MappingNode && i%2 == 1 && child.Kind == yaml.ScalarNode {
			if key := node.Content[i-1].Value; slices.Contains(awsauth.Keys(), awsauth.Key(key)) {
				data[key] = child.Value
			}
		}
		found = append(found, dataIn(child)...)
	}
	if len(data) > 0 {
		found = append(found, data)
	}
	return found
}
