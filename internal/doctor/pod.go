package doctor

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// podTokenLife is how long EKS takes a service account's token, whatever its own end says.
const podTokenLife = 90 * 24 * time.Hour

// savedToken looks at a token that the kubeconfig holds, or a file that it names.
func (e *Examination) savedToken(step *Step) {
	s := &e.subject
	token := s.user.Token
	if path := s.user.TokenFile; path != "" && token == "" {
		raw, err := os.ReadFile(path)
		if err != nil {
			step.wrong("no-credentials-in-user", "the user's token can't be read: "+text.OneLine(err.Error()), e.update())
			return
		}
		token = strings.TrimSpace(string(raw))
	}
	if !strings.HasPrefix(token, tokenPrefix) {
		step.saw("the user signs in by a token, not by IAM")
		e.podToken(step, token)
		return
	}
	step.saw("the user signs in by a saved token of EKS")
	t, err := Decode(token, e.Now())
	e.show(step, t)
	if fault, ok := errors.AsType[*Fault](err); ok {
		step.wrong(fault.Cause, "EKS does not take this token: "+fault.What, e.remedy(fault.Cause)...)
		return
	}
	step.maybe("token-old", "a token of EKS lives for 15 minutes, and this one is saved", "let the plugin make one for each login: "+e.update())
}

// podToken looks at the age of a service account's token, which is a JWT.
func (e *Examination) podToken(step *Step, token string) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return
	}
	var claims struct {
		Issued int64 `json:"iat"`
	}
	if err := json.Unmarshal(raw, &claims); err != nil || claims.Issued == 0 {
		return
	}
	if made := time.Unix(claims.Issued, 0).UTC(); e.Now().Sub(made) > podTokenLife {
		step.wrong("pod-token-old", fmt.Sprintf("the token was made at %s, and EKS takes no token of a pod that is older than 90 days", made.Format(time.RFC3339)),
			"use a client library that reads the token again (client-go since 0.21), and start the program again")
	}
}
