package doctor

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"
)

// made is when the tokens of the tests were signed.
var made = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const query = "Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20260301%2Feu-west-1%2Fsts%2Faws4_request" +
	"&X-Amz-Date=20260301T120000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id&X-Amz-Signature=0123456789abcdef"

func encoded(address string) string {
	return tokenPrefix + base64.RawURLEncoding.EncodeToString([]byte(address))
}

// tokens are addresses with the cause for which EKS refuses them, empty where it asks STS.
var tokens = []struct {
	name, token, cause, partition string
	after                         time.Duration
}{
	{name: "of a region", token: encoded("https://sts.eu-west-1.amazonaws.com/?" + query), partition: "aws"},
	{name: "global", token: encoded("https://sts.amazonaws.com/?" + query), partition: "aws"},
	{name: "FIPS", token: encoded("https://sts-fips.us-east-1.amazonaws.com/?" + query), partition: "aws"},
	{name: "IPv6", token: encoded("https://sts.eu-west-1.api.aws/?" + query), partition: "aws"},
	{name: "China", token: encoded("https://sts.cn-north-1.amazonaws.com.cn/?" + query), partition: "aws-cn"},
	{name: "GovCloud", token: encoded("https://sts.us-gov-west-1.amazonaws.com/?" + query), partition: "aws-us-gov"},
	{name: "China with the domain of others", token: encoded("https://sts.cn-north-1.amazonaws.com/?" + query), cause: "endpoint-url"},
	{name: "a VPC endpoint", token: encoded("https://vpce-0123-abcd.sts.eu-west-1.vpce.amazonaws.com/?" + query), cause: "endpoint-url"},
	{name: "localhost", token: encoded("http://127.0.0.1:4566/?" + query), cause: "endpoint-url"},
	{name: "another host", token: encoded("https://sts.eu-west-1.amazonaws.com.example.com/?" + query), cause: "endpoint-url"},
	{name: "a user before the host", token: encoded("https://sts.eu-west-1.amazonaws.com@example.com/?" + query), cause: "endpoint-url"},
	{name: "a port", token: encoded("https://sts.eu-west-1.amazonaws.com:8443/?" + query), cause: "endpoint-url"},
	{name: "a path", token: encoded("https://sts.eu-west-1.amazonaws.com/x?" + query), cause: "token-damaged"},
	{name: "14 minutes old", token: encoded("https://sts.eu-west-1.amazonaws.com/?" + query), partition: "aws", after: 14 * time.Minute},
	{name: "16 minutes old", token: encoded("https://sts.eu-west-1.amazonaws.com/?" + query), cause: "token-old", after: 16 * time.Minute},
	{name: "of the future", token: encoded("https://sts.eu-west-1.amazonaws.com/?" + query), partition: "aws", after: -time.Hour},
	{name: "too long", token: encoded("https://sts.eu-west-1.amazonaws.com/?" + query + "&X-Amz-Security-Token=" + strings.Repeat("a", maxToken)), cause: "token-large"},
	{name: "padded", token: encoded("https://sts.eu-west-1.amazonaws.com/?"+query) + "=", cause: "token-damaged"},
	{name: "a line break", token: encoded("https://sts.eu-west-1.amazonaws.com/?"+query) + "\n", partition: "aws"},
	{name: "of a service account", token: "eyJhbGciOiJSUzI1NiJ9.e30.c2ln", cause: "token-damaged"},
	{name: "another question", token: encoded("https://sts.eu-west-1.amazonaws.com/?" + strings.Replace(query, "GetCallerIdentity", "GetSessionToken", 1)), cause: "token-damaged"},
	{name: "without the cluster's header", token: encoded("https://sts.eu-west-1.amazonaws.com/?" + strings.Replace(query, "%3Bx-k8s-aws-id", "", 1)), cause: "token-damaged"},
	{name: "another parameter", token: encoded("https://sts.eu-west-1.amazonaws.com/?" + query + "&X=1"), cause: "token-damaged"},
	{name: "a parameter twice", token: encoded("https://sts.eu-west-1.amazonaws.com/?" + query + "&action=GetCallerIdentity"), cause: "token-damaged"},
	{name: "too long a life", token: encoded("https://sts.eu-west-1.amazonaws.com/?" + strings.Replace(query, "Expires=60", "Expires=901", 1)), cause: "token-damaged"},
}

func TestDecode(t *testing.T) {
	for _, tt := range tokens {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Decode(tt.token, made.Add(tt.after))
			fault, _ := errors.AsType[*Fault](err)
			switch {
			case tt.cause == "" && err != nil:
				t.Fatal(err)
			case tt.cause != "" && (fault == nil || fault.Cause != tt.cause):
				t.Fatalf("got %v, want %s", err, tt.cause)
			case tt.cause == "" && (got.Partition != tt.partition || got.KeyID != "AKIAIOSFODNN7EXAMPLE" || !got.Date.Equal(made)):
				t.Errorf("got %+v", got)
			}
		})
	}
}

// FuzzDecode: whatever the token, nothing of its signature is in the words about it.
func FuzzDecode(f *testing.F) {
	for _, tt := range tokens {
		f.Add(tt.token)
	}
	f.Fuzz(func(t *testing.T, token string) {
		_, err := Decode(token, made)
		if err != nil && strings.Contains(token, "X-Amz-Signature=0123456789abcdef") && strings.Contains(err.Error(), "0123456789abcdef") {
			t.Errorf("it shows the signature: %v", err)
		}
	})
}
