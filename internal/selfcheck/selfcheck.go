package selfcheck

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/retry"

	"github.com/aws-auth-guard/aws-auth-guard/internal/history/restore"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

const (
	// fieldManager is that of a person with kubectl, whose edits are repaired.
	fieldManager = "kubectl"
	// limit bounds the check; each edit takes milliseconds, and at worst the webhooks' timeouts.
	limit = time.Minute

	mutateName   = "mutate.aws-auth-guard.dev"
	validateName = "validate.aws-auth-guard.dev"

	ruleRepair = validate.RolePath
	ruleRefuse = validate.ARNKind
)

// ruleDelete is the rule that refuses a delete.
func ruleDelete() string { return validate.Guarding(validate.Gone).Name }

// ErrNotGuarded says that the guard did not do what it is there for. What it did not do is in the output.
var ErrNotGuarded = errors.New("aws-auth is not guarded as it should be")

// Run tries the edits and writes a line about each to out. The error is ErrNotGuarded, or says why nothing could be
// tried.
func Run(ctx context.Context, config *rest.Config, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	c := &check{out: out}
	config = rest.CopyConfig(config)
	config.WarningHandler = c
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("the client of the cluster: %w", err)
	}
	c.client = client
	live, err := c.read(ctx)
	if err != nil {
		return err
	}
	if err := c.tryRepair(ctx, live); err != nil {
		return err
	}
	if err := c.tryRefusal(ctx, live); err != nil {
		return err
	}
	c.tryDelete(ctx, live)
	if c.failed {
		return ErrNotGuarded
	}
	return nil
}

// check is one run.
type check struct {
	client kubernetes.Interface
	out    io.Writer
	failed bool

	mu       sync.Mutex
	warnings []string
}

// HandleWarningHeader implements rest.WarningHandler.
func (c *check) HandleWarningHeader(_ int, _ string, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.warnings = append(c.warnings, text)
}

// warned is the warning of the last edit that names a rule, or "".
func (c *check) warned(rule string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := slices.IndexFunc(c.warnings, func(w string) bool { return strings.HasSuffix(w, mark(rule)) }); i >= 0 {
		return c.warnings[i]
	}
	return ""
}

// unread is the warning of the last edit that EKS does not read the map, or "": then the guard neither repairs nor refuses.
func (c *check) unread() string {
	for _, r := range validate.Rules() {
		if w := c.warned(r.Name); r.Unread && w != "" {
			return w
		}
	}
	return ""
}

// mark ends what the guard says by a rule.
func mark(rule string) string { return "[" + rule + "]" }

func (c *check) ok(format string, args ...any)   { fmt.Fprintf(c.out, "ok    "+format+"\n", args...) }
func (c *check) note(format string, args ...any) { fmt.Fprintf(c.out, "note  "+format+"\n", args...) }
func (c *check) fail(format string, args ...any) {
	c.failed = true
	fmt.Fprintf(c.out, "FAIL  "+format+"\n", args...)
}

// read is the live map, nil where there is none.
func (c *check) read(ctx context.Context) (*corev1.ConfigMap, error) {
	live, err := c.client.CoreV1().ConfigMaps(awsauth.Namespace).Get(ctx, awsauth.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		c.note("there is no %s/%s: the edits below would create it", awsauth.Namespace, awsauth.Name)
		return nil, nil //nolint:nilnil // Having no map is no error.
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s/%s: %w", awsauth.Namespace, awsauth.Name, err)
	}
	return live, nil
}

// write tries the live map with one role more. Somebody else's edit in between is no matter: then it is tried again
// on theirs.
func (c *check) write(ctx context.Context, live *corev1.ConfigMap, role func(*probe) string) (p *probe, stored *corev1.ConfigMap, err error) {
	maps := c.client.CoreV1().ConfigMaps(awsauth.Namespace)
	err = retry.OnError(retry.DefaultBackoff, overtaken, func() error {
		p = newProbe(live)
		edited, err := p.with(role(p))
		if err != nil {
			return err
		}
		c.mu.Lock()
		c.warnings = nil
		c.mu.Unlock()
		if live == nil {
			stored, err = maps.Create(ctx, edited, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}, FieldManager: fieldManager})
		} else {
			stored, err = maps.Update(ctx, edited, metav1.UpdateOptions{DryRun: []string{metav1.DryRunAll}, FieldManager: fieldManager})
		}
		if overtaken(err) {
			now, readErr := maps.Get(ctx, awsauth.Name, metav1.GetOptions{})
			switch {
			case apierrors.IsNotFound(readErr):
				live = nil
			case readErr != nil:
				return readErr
			default:
				live = now
			}
		}
		return err
	})
	return p, stored, err
}

// overtaken says that the map was changed, made or deleted meanwhile.
func overtaken(err error) bool {
	return apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) || apierrors.IsNotFound(err)
}

// tryRepair tries an edit that the mutating webhook repairs.
func (c *check) tryRepair(ctx context.Context, live *corev1.ConfigMap) error {
	p, stored, err := c.write(ctx, live, (*probe).needsRepair)
	const what = "a role ARN with a path"
	switch refusedBy := refusal(err); {
	case err == nil && holds(stored, p.repaired()):
		c.ok("%s is repaired (%s)", what, mutateName)
	case err == nil && c.unread() != "":
		c.note("%s is let through (%s): %s", what, validateName, c.unread())
	case err == nil && c.warned(ruleRepair) != "":
		c.note("%s is only warned about: %s; the policy does not repair (profile audit, or a setting of %s), or exempts you, so this check can't see whether the API server calls %s",
			what, c.warned(ruleRepair), ruleRepair, mutateName)
	case err == nil:
		c.fail("%s is stored as it is: %s is not asked (fail-open, or you are its break-glass), or its policy has %s off", what, mutateName, ruleRepair)
	case refusedBy == validateName && refusedFor(err, ruleRepair):
		c.fail("%s is refused, not repaired: %s is not asked (fail-open), or the policy does not repair edits of kubectl", what, mutateName)
	case refusedBy == validateName:
		c.ok("%s is repaired (%s); the policy refuses the tried entry for something else: %s", what, mutateName, oneLine(err))
	default:
		return c.other(what, err)
	}
	return nil
}

// tryRefusal tries an edit that the validating webhook refuses.
func (c *check) tryRefusal(ctx context.Context, live *corev1.ConfigMap) error {
	_, _, err := c.write(ctx, live, (*probe).wrong)
	const what = "the ARN of a session"
	switch {
	case err == nil && c.unread() != "":
		c.note("%s is let through (%s): %s", what, validateName, c.unread())
	case err == nil && c.warned(ruleRefuse) != "":
		c.note("%s is only warned about: %s; the policy does not refuse (profile audit, or a setting of %s), or exempts you", what, c.warned(ruleRefuse), ruleRefuse)
	case err == nil:
		c.fail("%s is stored: %s is not asked (fail-open, or you are its break-glass), or its policy has %s off", what, validateName, ruleRefuse)
	case refusal(err) == validateName:
		c.ok("%s is refused (%s)", what, validateName)
	default:
		return c.other(what, err)
	}
	return nil
}

// tryDelete tries a delete, which the validating webhook and the companion policy refuse.
func (c *check) tryDelete(ctx context.Context, live *corev1.ConfigMap) {
	if live == nil {
		return
	}
	c.mu.Lock()
	c.warnings = nil
	c.mu.Unlock()
	err := c.client.CoreV1().ConfigMaps(awsauth.Namespace).Delete(ctx, awsauth.Name, metav1.DeleteOptions{DryRun: []string{metav1.DryRunAll}})
	const what = "deleting aws-auth"
	by := refusal(err)
	switch {
	case by != "":
		c.ok("%s is refused (%s)", what, by)
	case apierrors.IsForbidden(err):
		c.note("%s was not tried: %s", what, oneLine(err))
	case apierrors.IsNotFound(err):
		c.note("%s was not tried: somebody else just did", what)
	case err != nil:
		c.fail("%s could not be tried: %s", what, oneLine(err))
	case c.unread() != "":
		c.note("%s is let through (%s): %s", what, validateName, c.unread())
	case c.warned(ruleDelete()) != "":
		c.note("%s is only warned about: %s", what, c.warned(ruleDelete()))
	case newProbe(live).worth() == 0:
		c.note("%s is let through: nobody is mapped in it, so nothing would be lost", what)
	default:
		c.fail("%s is let through: neither %s nor the companion policy is asked (or you are their break-glass)", what, validateName)
	}
}

// other is an answer that is neither a yes nor the guard's no.
func (c *check) other(what string, err error) error {
	switch {
	case strings.Contains(err.Error(), "failed calling webhook"):
		c.fail("%s can't be judged: the API server can't reach the guard, so edits are refused: %s", what, oneLine(err))
	case apierrors.IsInvalid(err):
		c.fail("%s is refused, and not by the guard: %s", what, oneLine(err))
	default:
		return fmt.Errorf("trying %s: %w", what, err)
	}
	return nil
}

// refusal is who of the guard refused, "" for anything else. The API server begins its answer with the name.
func refusal(err error) string {
	if !apierrors.IsInvalid(err) {
		return ""
	}
	switch text := err.Error(); {
	case strings.Contains(text, `admission webhook "`+validateName+`" denied the request`):
		return validateName
	case strings.Contains(text, "ValidatingAdmissionPolicy") && strings.Contains(text, mark(ruleDelete())):
		return "the companion policy"
	}
	return ""
}

// refusedFor reports that the guard names a rule as a cause of its refusal.
func refusedFor(err error, rule string) bool {
	r := restore.RefusalOf(err)
	return r != nil && slices.Contains(r.Rules, rule)
}

func oneLine(err error) string { return text.OneLine(err.Error()) }
