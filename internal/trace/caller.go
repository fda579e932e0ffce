package trace

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/misread"
)

// Caller is who asks to be let in.
type Caller struct {
	// ARN is the one that the authenticator gets to see.
	ARN string
	// Note says how it differs from what was given.
	Note string
	// Login says how it signs in, where that is known.
	Login string
	// Cluster is the name of the EKS cluster, where it is known.
	Cluster string
}

// CallerOf takes the ARN that somebody gives for a caller as EKS gets to see it.
func CallerOf(given string) (Caller, error) {
	who := Caller{ARN: given}
	p, err := arn.ParsePrincipal(given)
	if err == nil && p.Kind == arn.AssumedRole {
		if at := strings.LastIndex(p.Path, "/"); at >= 0 || p.Service != "sts" {
			p.Service, p.Resource = "sts", fmt.Sprintf("assumed-role/%s/%s", p.Path[at+1:], p.Name)
			who.ARN = p.String()
			who.Note = "STS names a session by its role without the path, so this is what EKS gets to see"
		}
	}
	canonical, invalid := arn.Canonicalize(who.ARN)
	if invalid != nil {
		return Caller{}, invalid
	}
	named, err := arn.ParsePrincipal(canonical)
	switch {
	case err != nil:
		return who, nil
	case named.Kind != arn.Root && named.Name == "":
		return Caller{}, fmt.Errorf("%q lacks the name of the %s", given, named.Kind)
	case named.Kind == arn.FederatedUser:
		who.Note = "a federated user (sts get-federation-token): EKS compares this whole ARN with rolearn and userarn, and the IAM user or role " +
			"that it was made from counts for nothing; {{SessionName}} is empty for it"
	case canonical == who.ARN && named.Kind == arn.Role:
		// Of a role that is given by its own ARN, the sessions are the callers: they come without its path and with a name.
		who.Note = "taken as a session without a name; give the ARN of the session to see templates filled in"
		if named.Path != "" {
			who.ARN = named.WithoutPath()
			who.Note = fmt.Sprintf("sessions of %s arrive without its path, so this is what EKS gets to see", given)
		}
	}
	if session := arn.SessionName(who.ARN); nodeSession.MatchString(session) {
		instance := fmt.Sprintf("the session %s is that of an EC2 instance: to EKS it is a session of the role like any other; "+
			"{{EC2PrivateDNSName}} in its username becomes the private DNS name of the instance, and where EC2 does not know that, the caller is turned away", session)
		who.Note = strings.TrimPrefix(who.Note+"; "+instance, "; ")
	}
	return who, nil
}

// callerARN is an ARN of IAM or STS somewhere in a text.
var callerARN = regexp.MustCompile(`(?i)\barn:[a-z0-9-]+:(?:iam|sts)::[^\s"'|]*`)

// Identity finds the ARN in what was piped in: an ARN by itself, or what the AWS CLI prints in any of its formats.
func Identity(text string) (string, error) {
	text = strings.TrimSpace(strings.TrimPrefix(text, "\ufeff"))
	if packed := misread.Packed(text); packed != "" {
		return "", errors.New(packed)
	}
	if text == "" {
		return "", errors.New("nothing there; pipe in what `aws sts get-caller-identity` prints, or an ARN")
	}
	var id struct{ Arn string }
	switch err := json.Unmarshal([]byte(text), &id); {
	case err == nil && id.Arn != "":
		return id.Arn, nil
	case callerARN.MatchString(text):
		return strings.TrimRight(callerARN.FindString(text), ",;"), nil
	case err == nil:
		return "", errors.New("no \"Arn\" in this JSON; pipe in what `aws sts get-caller-identity` prints")
	case strings.HasPrefix(text, "{"):
		return "", fmt.Errorf("%s; pipe in what `aws sts get-caller-identity` prints, or an ARN", misread.JSON(text, 0, err))
	}
	return text, nil
}
