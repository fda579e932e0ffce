package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// unloaded is what client-go says of a file that it can't make a kubeconfig of, and why.
var unloaded = regexp.MustCompile(`(?s)error loading config file "([^"]*)": (.*)`)

// atLine is where a YAML reader stopped.
var atLine = regexp.MustCompile(`\bline (\d+)`)

// kubeconfigError says what is wrong with the kubeconfig. What the readers of client-go say of the contents of a file is about
// Go's types, so only the line is taken from it.
func kubeconfigError(err error) error {
	m := unloaded.FindStringSubmatch(err.Error())
	if m == nil || errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("the kubeconfig: %w", err)
	}
	where := ""
	if line := atLine.FindStringSubmatch(m[2]); line != nil {
		where = ", see line " + line[1]
	}
	return fmt.Errorf("the kubeconfig %s is not the YAML of a kubeconfig%s; fix it, or write one with `aws eks update-kubeconfig --name CLUSTER`",
		text.Visible(m[1]), where)
}
