package doctor

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/misread"
)

// stsPatience is how long STS may take, as EKS's own client gives it.
const stsPatience = 10 * time.Second

// verdict is what STS says of a token.
type verdict struct {
	status int
	// arn is empty where it does not take it; said is its answer then.
	arn, said string
	// at is its clock.
	at time.Time
}

// askSTS sends the token where EKS sends it: its host is one of STS, which Decode has made sure of.
func askSTS(ctx context.Context, token, cluster string) (*verdict, error) {
	ctx, cancel := context.WithTimeout(ctx, stsPatience)
	defer cancel()
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(token, tokenPrefix))
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, string(raw), http.NoBody)
	if err != nil {
		return nil, bareError(err)
	}
	r.Header.Set(clusterID, cluster)
	r.Header.Set("Accept", "application/json")
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	if err != nil {
		return nil, bareError(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxOutput))
	if err != nil {
		return nil, bareError(err)
	}
	v := &verdict{status: response.StatusCode, said: string(body)}
	v.at, _ = http.ParseTime(response.Header.Get("Date"))
	if response.StatusCode == http.StatusOK {
		var answer struct {
			GetCallerIdentityResponse struct {
				GetCallerIdentityResult struct{ Arn string }
			}
		}
		if err := json.Unmarshal(body, &answer); err != nil {
			return nil, fmt.Errorf("what answers is perhaps no STS, but a proxy: %s", misread.JSON(v.said, 0, err))
		}
		v.arn = answer.GetCallerIdentityResponse.GetCallerIdentityResult.Arn
	}
	return v, nil
}

// bareError is an error without the address, which lets its holder in.
func bareError(err error) error {
	if e, ok := err.(*url.Error); ok { //nolint:errorlint // The client returns nothing else, and only the inner one is kept.
		return e.Err
	}
	return fmt.Errorf("the request could not be made")
}
