package eks

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

const (
	entryPath = "/clusters/blue/access-entries/arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fteam%2Fdev"
	create    = `{"principalArn":"arn:aws:iam::111122223333:role/team/dev","clientRequestToken":"t"`
)

// TestServerIsStrict sends what a client must not send, and what EKS refuses.
func TestServerIsStrict(t *testing.T) {
	s, err := Start(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Stop() }()
	s.SetCluster("blue", modeBoth, nil)
	s.SetCluster("old", modeConfigMap, nil)
	s.SetPrincipal("arn:aws:iam::111122223333:role/team/dev", time.Unix(1, 0))
	s.SetPrincipal("arn:aws:iam::999922223333:role/dev", time.Unix(1, 0))
	s.SetPrincipal("arn:aws:iam::111122223333:user/bob", time.Unix(1, 0))
	for name, tt := range map[string]struct {
		method, path, body string
		unsigned           bool
		status             int
		says               string
	}{
		"a call that is none":         {"GET", "/clusters/blue/nodegroups", "", false, 400, "no call"},
		"another method":              {"PUT", entryPath, "", false, 400, "no call"},
		"a slash that is not escaped": {"GET", "/clusters/blue/access-entries/arn%3Aaws%3Aiam%3A%3A111122223333%3Arole/team/dev", "", false, 400, "no call"},
		"a colon that is not escaped": {"GET", "/clusters/blue/access-entries/arn:aws", "", false, 400, "is to be written"},
		"lower-case escapes":          {"GET", "/clusters/blue/access-entries/arn%3aaws", "", false, 400, "is to be written"},
		"an unknown parameter":        {"GET", "/clusters/blue/access-entries?max=1", "", false, 400, "takes no parameter"},
		"a parameter twice":           {"GET", "/clusters/blue/access-entries?maxResults=1&maxResults=2", "", false, 400, "takes it once"},
		"maxResults 0":                {"GET", "/clusters/blue/access-entries?maxResults=0", "", false, 400, "between 1 and 100"},
		"maxResults 101":              {"GET", "/clusters/blue/access-entries?maxResults=101", "", false, 400, "between 1 and 100"},
		"a token of something else":   {"GET", "/clusters/blue/access-entries?nextToken=eA", "", false, 400, "nextToken"},
		"no signature":                {"GET", "/clusters/blue", "", true, 403, "Missing Authentication Token"},
		"no cluster":                  {"GET", "/clusters/green/access-entries", "", false, 404, "No cluster found for name: green."},
		"no entries in CONFIG_MAP":    {"GET", "/clusters/old/access-entries", "", false, 400, "must be set to one of [API, API_AND_CONFIG_MAP]"},
		"no entry":                    {"GET", entryPath, "", false, 404, "could not be found"},
		"a body where there is none":  {"GET", "/clusters/blue", "{}", false, 400, "takes no body"},
		"an unknown member":           {"POST", "/clusters/blue/access-entries", create + `,"groups":[]}`, false, 400, "unknown field"},
		"no request token":            {"POST", "/clusters/blue/access-entries", `{"principalArn":"x"}`, false, 400, "required"},
		"a session":                   {"POST", "/clusters/blue/access-entries", strings.Replace(create, "iam::111122223333:role/team", "sts::111122223333:assumed-role", 1) + "}", false, 400, "format is not valid"},
		"a role that is not there":    {"POST", "/clusters/blue/access-entries", strings.Replace(create, "role/team/dev", "role/dev", 1) + "}", false, 400, "invalid principal"},
		"a service-linked role":       {"POST", "/clusters/blue/access-entries", strings.Replace(create, "team", "aws-service-role/x", 1) + "}", false, 400, "Service Linked Role"},
		"a type in lower case":        {"POST", "/clusters/blue/access-entries", create + `,"type":"Standard"}`, false, 400, "must be one of"},
		"nodes of another account":    {"POST", "/clusters/blue/access-entries", strings.Replace(create, "111122223333:role/team", "999922223333:role", 1) + `,"type":"EC2_LINUX"}`, false, 400, "same account"},
		"nodes of a user":             {"POST", "/clusters/blue/access-entries", strings.Replace(create, "role/team/dev", "user/bob", 1) + `,"type":"EC2_LINUX"}`, false, 400, "must be IAM role"},
		"groups of nodes":             {"POST", "/clusters/blue/access-entries", create + `,"type":"EC2_LINUX","kubernetesGroups":["g"]}`, false, 400, "setting kubernetesGroups is not allowed"},
		"a username of nodes":         {"POST", "/clusters/blue/access-entries", create + `,"type":"EC2_LINUX","username":"u"}`, false, 400, "setting username is not allowed"},
		"system:masters":              {"POST", "/clusters/blue/access-entries", create + `,"kubernetesGroups":["system:masters"]}`, false, 400, "it cannot start with system:"},
		"a group of IAM":              {"POST", "/clusters/blue/access-entries", create + `,"kubernetesGroups":["iam:x"]}`, false, 400, "it cannot start with iam:"},
		"a username of EKS":           {"POST", "/clusters/blue/access-entries", create + `,"username":"eks:x"}`, false, 400, "must not begin with system:"},
		"a raw session":               {"POST", "/clusters/blue/access-entries", create + `,"username":"x:{{SessionNameRaw}}"}`, false, 400, "username is invalid"},
		"a session without a colon":   {"POST", "/clusters/blue/access-entries", create + `,"username":"x{{SessionName}}"}`, false, 400, "username is invalid"},
		"back to the map":             {"POST", "/clusters/blue/update-config", `{"accessConfig":{"authenticationMode":"CONFIG_MAP"}}`, false, 400, "Unsupported authentication mode update"},
		"the mode that it has":        {"POST", "/clusters/blue/update-config", `{"accessConfig":{"authenticationMode":"API_AND_CONFIG_MAP"}}`, false, 400, "Unsupported authentication mode update"},
		"two steps at once":           {"POST", "/clusters/old/update-config", `{"accessConfig":{"authenticationMode":"API"}}`, false, 400, "Unsupported authentication mode update"},
		"namespaces of a cluster":     {"POST", entryPath + "/access-policies", `{"policyArn":"arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy","accessScope":{"type":"cluster","namespaces":["x"]}}`, false, 400, "should not include namespaces"},
		"no namespace":                {"POST", entryPath + "/access-policies", `{"policyArn":"arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy","accessScope":{"type":"namespace"}}`, false, 400, "At least 1 namespace"},
		"a policy of IAM":             {"POST", entryPath + "/access-policies", `{"policyArn":"arn:aws:iam::aws:policy/X","accessScope":{"type":"cluster"}}`, false, 400, "format is not valid"},
		"a policy of another partition": {"POST", entryPath + "/access-policies", `{"policyArn":"arn:aws-cn:eks::aws:cluster-access-policy/AmazonEKSViewPolicy","accessScope":{"type":"cluster"}}`, false, 400,
			"could not be found"},
	} {
		t.Run(name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), tt.method, s.URL+tt.path, strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			if tt.body != "" {
				request.Header.Set("Content-Type", "application/json")
			}
			service := serviceEKS
			if tt.unsigned {
				service = ""
			}
			if body := answered(t, request, service, tt.status); !strings.Contains(body, tt.says) {
				t.Errorf("%s, want %q", body, tt.says)
			}
		})
	}
	if len(s.Entries("blue")) > 0 {
		t.Errorf("something was made: %+v", s.Entries("blue"))
	}
}

// answered sends a request, signed for a service unless that is empty, and gives the body of the answer.
func answered(t *testing.T, request *http.Request, service string, status int) string {
	t.Helper()
	if service != "" {
		request.Header.Set("X-Amz-Date", "20260301T120000Z")
		request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260301/eu-west-1/"+service+
			"/aws4_request, SignedHeaders=host;x-amz-date, Signature="+strings.Repeat("0", 64))
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != status {
		t.Errorf("%d (%v), want %d: %s", response.StatusCode, err, status, body)
	}
	return string(body)
}
