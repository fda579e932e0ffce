package evidence

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// Bounds of what is kept of the logins in a log.
const (
	// maxDenials is how many different refusals are told apart, and maxUsers how many principals.
	maxDenials = 5_000
	maxUsers   = 20_000
	// maxDays is how many days of a log are told apart.
	maxDays = 10_000
	// maxCallers is how many sessions of a principal are named.
	maxCallers = 5
	// maxWaiting is how many answers of STS wait for what becomes of them.
	maxWaiting = 4096
	// maxText bounds a text that is kept, in bytes.
	maxText = 2048
	day     = 24 * time.Hour
)

// AuthLog is what logs of aws-iam-authenticator tell of who came in and who did not.
type AuthLog struct {
	Counts Counts
	// Span is that of all lines of the authenticator.
	Span Span
	// Granted and Denied count its answers, and Untold the refusals that there was no room to tell apart.
	Granted, Denied, Untold int64
	// Crowded is set where more principals came in than could be kept.
	Crowded bool

	days    map[int64]bool
	denials map[denialKey]*Denial
	uses    map[string]*Use
	// waiting are the ARNs that STS gave, by the client of the request.
	waiting map[string]string
}

type denialKey struct{ arn, why string }

// Denial is one reason why one principal was turned away.
type Denial struct {
	// ARN is the principal as the map must have it, empty where the authenticator did not get to know who it was: of a token that
	// it can't read, or that AWS does not accept.
	ARN string `json:"arn"`
	// Why is the authenticator's reason. Times and identifiers in it are left out.
	Why   string    `json:"why"`
	Count int64     `json:"count"`
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
	// Callers are some of the sessions.
	Callers []string `json:"callers"`
}

// Use is how often a principal came in.
type Use struct {
	ARN         string
	Count       int64
	First, Last time.Time
}

// NewAuthLog makes an empty one.
func NewAuthLog() *AuthLog {
	return &AuthLog{days: map[int64]bool{}, denials: map[denialKey]*Denial{}, uses: map[string]*Use{}, waiting: map[string]string{}}
}

// Read reads a log to its end. The error is one of the reader.
func (a *AuthLog) Read(from io.Reader) error {
	r := NewReader(from)
	defer func() { a.Counts.Add(r.Counts()) }()
	for {
		record, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		fields, err := fieldsOf(string(record.Text))
		switch {
		case err != nil && (record.Text[0] == '{' || bytes.HasPrefix(record.Text, []byte("time="))):
			r.Broken() // a line of the authenticator's, cut or overwritten
		case err != nil || fields["msg"] == "":
			r.Foreign()
		default:
			a.take(fields, record.Time)
		}
	}
}

// take takes in one line.
func (a *AuthLog) take(fields map[string]string, at time.Time) {
	if own, err := time.Parse(time.RFC3339Nano, fields["time"]); err == nil {
		at = own
	}
	at = at.UTC()
	a.Span.Take(at)
	if !at.IsZero() && len(a.days) < maxDays {
		a.days[at.Unix()/int64(day/time.Second)] = true
	}
	// Copies: what is kept must not keep the line.
	name, client := strings.Clone(text.Cut(fields["arn"], maxText)), strings.Clone(text.Cut(fields["client"], maxText))
	switch fields["msg"] {
	case "STS response":
		if len(a.waiting) >= maxWaiting {
			clear(a.waiting)
		}
		a.waiting[client] = name
	case "access granted":
		a.Granted++
		delete(a.waiting, client)
		a.use(name, at)
	case "access denied":
		a.Denied++
		a.deny(name, a.waiting[client], fields["error"], at)
		delete(a.waiting, client)
	}
}

func (a *AuthLog) use(name string, at time.Time) {
	key := arn.Fold(name)
	u := a.uses[key]
	if u == nil {
		if len(a.uses) >= maxUsers {
			a.Crowded = true
			return
		}
		u = &Use{ARN: name, First: at, Last: at}
		a.uses[key] = u
	}
	u.Count++
	u.First, u.Last = earlier(u.First, at), later(u.Last, at)
}

// changing are times and identifiers, which differ each time.
var changing = regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[0-9.]*(?: [+-]\d{4} [A-Z]+|Z)?|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

func (a *AuthLog) deny(name, caller, why string, at time.Time) {
	why = strings.Clone(changing.ReplaceAllLiteralString(text.Cut(why, maxText), "…"))
	key := denialKey{arn.Fold(name), why}
	d := a.denials[key]
	if d == nil {
		if len(a.denials) >= maxDenials {
			a.Untold++
			return
		}
		d = &Denial{ARN: name, Why: why, First: at, Last: at, Callers: []string{}}
		a.denials[key] = d
	}
	d.Count++
	d.First, d.Last = earlier(d.First, at), later(d.Last, at)
	// What waits may be of another request from the same address.
	if canonical, err := arn.Canonicalize(caller); err == nil && arn.Fold(canonical) == arn.Fold(name) &&
		len(d.Callers) < maxCallers && !slices.Contains(d.Callers, caller) {
		d.Callers = append(d.Callers, caller)
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Denials are who was turned away, the latest first.
func (a *AuthLog) Denials() []*Denial {
	all := make([]*Denial, 0, len(a.denials))
	for _, d := range a.denials {
		slices.Sort(d.Callers)
		all = append(all, d)
	}
	slices.SortFunc(all, func(x, y *Denial) int {
		return cmp.Or(y.Last.Compare(x.Last), strings.Compare(x.ARN, y.ARN), strings.Compare(x.Why, y.Why))
	})
	return all
}

// Use says how often a principal came in, nil where it did not. The letter case of an ARN does not count.
func (a *AuthLog) Use(principal string) *Use { return a.uses[arn.Fold(principal)] }

// Uses are all who came in, sorted by ARN.
func (a *AuthLog) Uses() []*Use {
	all := make([]*Use, 0, len(a.uses))
	for _, u := range a.uses {
		all = append(all, u)
	}
	slices.SortFunc(all, func(x, y *Use) int { return strings.Compare(x.ARN, y.ARN) })
	return all
}

// Missing says of how many of the days before the end of the log there is no line in it.
func (a *AuthLog) Missing(days int) int {
	last, missing := a.Span.To.Unix()/int64(day/time.Second), 0
	for i := range days {
		if !a.days[last-int64(i)] {
			missing++
		}
	}
	return missing
}
