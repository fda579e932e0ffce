package awsauth

import "github.com/aws-auth-guard/aws-auth-guard/pkg/arn"

// identity is what an ARN says. It is worked out once for all documents that hold the entry.
type identity struct {
	folded    string
	principal *arn.Principal
}

// identityOf is nil for no ARN.
func identityOf(a string) *identity {
	if a == "" {
		return nil
	}
	i := &identity{folded: arn.Fold(a)}
	if p, err := arn.ParsePrincipal(a); err == nil {
		i.principal = &p
	}
	return i
}

// FoldedARN is the same for two entries if the authenticator takes their ARNs for the same (arn.Fold).
func (e *Entry) FoldedARN() string {
	if e.identity == nil {
		return ""
	}
	return e.identity.folded
}

// Principal is the entry's ARN taken apart, nil where that can't be done. It must not be changed.
func (e *Entry) Principal() *arn.Principal {
	if e.identity == nil {
		return nil
	}
	return e.identity.principal
}
