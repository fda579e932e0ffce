// Package awscli reads what the AWS CLI writes: its times, and files that a shell has saved.
package awscli

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/misread"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// Time is a time as any version of the AWS CLI writes it: ISO 8601, or seconds since 1970.
type Time struct{ time.Time }

// UnmarshalJSON implements json.Unmarshaler.
func (t *Time) UnmarshalJSON(raw []byte) error {
	written := strings.Trim(string(raw), `"`)
	if written == "null" {
		return nil
	}
	if seconds, err := strconv.ParseFloat(written, 64); err == nil && seconds > 0 && seconds < 1<<40 {
		whole, part := math.Modf(seconds)
		t.Time = time.Unix(int64(whole), int64(part*float64(time.Second))).Round(time.Microsecond).UTC()
		return nil
	}
	at, err := time.Parse(time.RFC3339Nano, written)
	if err != nil {
		return err
	}
	t.Time = at.UTC()
	return nil
}

// Body is a saved text of so many bytes at most, without the mark that some shells put before it.
func Body(name, saved string, most int) (string, error) {
	if len(saved) > most {
		return "", fmt.Errorf("%s is larger than %d MiB", text.Name(name), most>>20)
	}
	if packed := misread.Packed(saved); packed != "" {
		return "", fmt.Errorf("%s is %s", text.Name(name), packed)
	}
	if strings.HasPrefix(saved, "\xff\xfe") || strings.HasPrefix(saved, "\xfe\xff") {
		return "", fmt.Errorf("%s is UTF-16, as PowerShell writes it: save it as UTF-8 (in PowerShell: `aws … | Set-Content -Encoding utf8 FILE`)", text.Name(name))
	}
	return strings.TrimPrefix(saved, "\ufeff"), nil
}
