package history

import (
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// maxProtectedLost bounds in bytes what is kept of the protected entries that a state lost: all annotations of an object share
// 256 KiB.
const maxProtectedLost = 16 << 10

// PutBack notes that auto-restore has put an entry back.
type PutBack struct {
	// ARN of the principal, as the entry has it.
	ARN string `json:"arn"`
	// At is when it began to do so.
	At time.Time `json:"at"`
	// State is the name of the state that this made (Content.Name).
	State string `json:"state"`
}

// protectedLost are the principals that the step from one state to the next lets in no more, where the policy would have
// refused that because it protects their entries.
func protectedLost(before, now *awsauth.Document, p *policy.Policy) []string {
	rule := validate.Guarding(validate.ProtectedOut).Name
	if len(p.Protected) == 0 || p.Action(rule).Level() != validate.Error {
		return nil
	}
	var lost []string
	size := 0
	for _, c := range access.Diff(before, now) {
		if c.Kind != access.Lost || c.Account || !validate.Protects(p.Protected, c.ARN, c.Old.Username) {
			continue
		}
		if size += len(c.ARN) + 1; size > maxProtectedLost {
			break
		}
		lost = append(lost, c.ARN)
	}
	return lost
}
