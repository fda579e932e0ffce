package doctor

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// The form of a token: aws-iam-authenticator, pkg/token/token.go.
const (
	tokenPrefix  = "k8s-aws-v1."
	maxToken     = 4096
	clusterID    = "x-k8s-aws-id"
	dateForm     = "20060102T150405Z"
	tokenLife    = 15 * time.Minute
	maxExpires   = 900
	globalSTS    = "sts.amazonaws.com"
	partitionAWS = "aws"
)

// Token is what a token shows of itself: nothing that lets anybody in.
type Token struct {
	Host, Region, Partition, KeyID string
	Date                           time.Time
	Length                         int
	// Session is set where a session token is in it.
	Session bool
}

// Fault is why EKS does not take a token.
type Fault struct{ Cause, What string }

func (f *Fault) Error() string { return f.What }

// Decode reads a token as the authenticator does before it asks STS, and in the same order. The cluster's name can't be read out
// of it: it is in the signature alone.
func Decode(token string, now time.Time) (*Token, error) {
	t := &Token{Length: len(token)}
	if t.Length > maxToken {
		return t, &Fault{"token-large", fmt.Sprintf("it has %d characters, and EKS takes %d", t.Length, maxToken)}
	}
	encoded, ok := strings.CutPrefix(token, tokenPrefix)
	if !ok {
		return t, &Fault{"token-damaged", "it does not begin with " + tokenPrefix + ": it is not one for EKS"}
	}
	raw, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return t, &Fault{"token-damaged", "it is damaged: no base64 without padding"}
	}
	u, err := url.Parse(string(raw))
	if err != nil {
		return t, &Fault{"token-damaged", "it holds no address"}
	}
	t.Host = u.Host
	if err := t.place(u); err != nil {
		return t, err
	}
	return t, t.query(u, now)
}

// place reads where the token is to be sent.
func (t *Token) place(u *url.URL) error {
	if u.Scheme != "https" {
		return &Fault{"endpoint-url", fmt.Sprintf("it is for %s://%s, and EKS takes https alone: AWS_ENDPOINT_URL or AWS_ENDPOINT_URL_STS made this address", text.Visible(u.Scheme), text.Visible(u.Host))}
	}
	var ok bool
	if t.Region, t.Partition, ok = stsHost(u.Host); !ok {
		return &Fault{"endpoint-url", fmt.Sprintf("it is for %s, which is no host of STS: AWS_ENDPOINT_URL or a VPC endpoint's own name made this address", text.Name(u.Host))}
	}
	if u.Path != "/" {
		return &Fault{"token-damaged", "its address has the path " + text.Name(u.Path)}
	}
	return nil
}

// query reads what was signed.
func (t *Token) query(u *url.URL, now time.Time) error {
	values, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return &Fault{"token-damaged", "its address can't be read"}
	}
	known := []string{"action", "version", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-expires", "x-amz-security-token", "x-amz-signature", "x-amz-signedheaders"}
	lower := map[string]string{}
	for name, list := range values {
		key := strings.ToLower(name)
		if _, twice := lower[key]; twice || len(list) != 1 || !slices.Contains(known, key) {
			return &Fault{"token-damaged", "its address has the parameter " + text.Name(name) + ", which EKS does not take so"}
		}
		lower[key] = list[0]
	}
	t.KeyID, _, _ = strings.Cut(lower["x-amz-credential"], "/")
	t.Session = lower["x-amz-security-token"] != ""
	if lower["action"] != "GetCallerIdentity" {
		return &Fault{"token-damaged", "it does not ask who the caller is, but " + text.Name(lower["action"])}
	}
	if !slices.Contains(strings.Split(strings.ToLower(lower["x-amz-signedheaders"]), ";"), clusterID) {
		return &Fault{"token-damaged", "it is signed without the header " + clusterID + ", which names the cluster"}
	}
	if n, err := strconv.Atoi(lower["x-amz-expires"]); err != nil || n < 0 || n > maxExpires {
		return &Fault{"token-damaged", "its X-Amz-Expires is " + text.Name(lower["x-amz-expires"]) + ", and has to be 0 to 900"}
	}
	if t.Date, err = time.Parse(dateForm, lower["x-amz-date"]); err != nil {
		return &Fault{"token-damaged", "its X-Amz-Date can't be read"}
	}
	if age := now.Sub(t.Date); age > tokenLife {
		return &Fault{"token-old", fmt.Sprintf("it was made at %s, and lives for 15 minutes", t.Date.Format(time.RFC3339))}
	}
	return nil
}

// suffixes are the domains of each partition's STS: the usual one, and the one for IPv6.
func suffixes(partition string) []string {
	return map[string][]string{
		partitionAWS: {"amazonaws.com", "api.aws"}, "aws-us-gov": {"amazonaws.com", "api.aws"}, "aws-cn": {"amazonaws.com.cn", "api.amazonwebservices.com.cn"},
		"aws-iso": {"c2s.ic.gov"}, "aws-iso-b": {"sc2s.sgov.gov"}, "aws-iso-e": {"cloud.adc-e.uk"}, "aws-iso-f": {"csp.hci.ic.gov"}, "aws-eusc": {"amazonaws.eu"},
	}[partition]
}

// partitionOf is the partition of a region.
func partitionOf(region string) string {
	for _, p := range [][2]string{
		{"cn-", "aws-cn"}, {"us-gov-", "aws-us-gov"}, {"us-iso-", "aws-iso"}, {"us-isob-", "aws-iso-b"}, {"eu-isoe-", "aws-iso-e"}, {"us-isof-", "aws-iso-f"}, {"eusc-", "aws-eusc"},
	} {
		if strings.HasPrefix(region, p[0]) {
			return p[1]
		}
	}
	return partitionAWS
}

var stsName = regexp.MustCompile(`^sts(?:-fips)?\.([a-z]{2,}(?:-[a-z]+)+-\d+)\.([a-z0-9.-]+)$`)

// stsHost reads the region out of a host of STS.
func stsHost(host string) (region, partition string, ok bool) {
	if host == globalSTS {
		return "", partitionAWS, true
	}
	m := stsName.FindStringSubmatch(host)
	if m == nil {
		return "", "", false
	}
	partition = partitionOf(m[1])
	return m[1], partition, slices.Contains(suffixes(partition), m[2])
}
