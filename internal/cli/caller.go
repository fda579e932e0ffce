package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
)

// caller is who asks to be let in.
type caller struct {
	// arn is the ARN that the authenticator gets to see.
	arn string
	// note says how it differs from what was given.
	note string
	// login says how it signs in, where that is known.
	login string
	// cluster is the name of the EKS cluster, where it is known.
	cluster string
}

// maxIdentity bounds what is read of a caller from standard input, in bytes.
const maxIdentity = 64 << 10

// readCaller takes an ARN, or "-" for one on standard input, by itself or in what `aws sts get-caller-identity` prints.
func readCaller(arg string, in io.Reader) (caller, error) {
	text := arg
	if arg == "-" {
		raw, err := io.ReadAll(io.LimitReader(in, maxIdentity))
		if err != nil {
			return caller{}, unreadable(fmt.Errorf("standard input: %w", err))
		}
		if text, err = identity(string(raw)); err != nil {
			return caller{}, unreadable(fmt.Errorf("standard input: %w", err))
		}
	}
	canonical, err := arn.Canonicalize(text)
	if err != nil {
		return caller{}, usage(fmt.Errorf("not the ARN of a caller: %w", err))
	}
	who := caller{arn: text}
	p, err := arn.ParsePrincipal(text)
	if err != nil || canonical != text || p.Kind != arn.Role {
		return who, nil
	}
	// Of a role that is given by its own ARN, the sessions are the callers: they come without its path and with a name.
	who.note = "taken as a session without a name; give the ARN of the session to see templates filled in"
	if p.Path != "" {
		who.arn = p.WithoutPath()
		who.note = fmt.Sprintf("sessions of %s arrive without its path, so this is what EKS gets to see", text)
	}
	return who, nil
}

// identity finds the ARN in what was piped in.
func identity(text string) (string, error) {
	text = strings.TrimSpace(strings.TrimPrefix(text, "\ufeff"))
	switch {
	case text == "":
		return "", errors.New("nothing there; pipe in what `aws sts get-caller-identity` prints, or an ARN")
	case strings.HasPrefix(text, "{"):
		var id struct{ Arn string }
		if err := json.Unmarshal([]byte(text), &id); err != nil {
			return "", fmt.Errorf("not the JSON of `aws sts get-caller-identity`: %w", err)
		}
		if id.Arn == "" {
			return "", errors.New("no \"Arn\" in this JSON; pipe in what `aws sts get-caller-identity` prints")
		}
		return id.Arn, nil
	}
	// --output text and table print the ARN among other columns.
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n|\"',", r) }) {
		if strings.HasPrefix(strings.ToLower(word), "arn:") {
			return word, nil
		}
	}
	return text, nil
}
