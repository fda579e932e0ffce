package doctor

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"
)

// podTokenLife is how long EKS takes a service account's token, whatever its own end says.
const podTokenLife = 90 * 24 * time.Hour

// podToken looks at the age of a service account's token, which is a JWT.
func (e *Examination) podToken(step *Step) {
	token := e.subject.user.Token
	if path := e.subject.user.TokenFile; path != "" && token == "" {
		raw, err := os.ReadFile(path)
		if err != nil {
			step.unknown("the user's token: %s", err)
			return
		}
		token = strings.TrimSpace(string(raw))
	}
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
