package misread

import (
	"errors"
	"regexp"
	"strings"
)

var (
	errNotDecimal = errors.New("is not written in decimal digits")
	notDecimal    = regexp.MustCompile(`^-?0\w|_`)
)

// Decimal fails for a number that is not written as people write it, such as 0x10, 1_000, +5 and 010, which Go takes for 8. isTime is
// set for a time, which may begin with a 0.
func Decimal(text string, isTime bool) error {
	if strings.HasPrefix(text, "+") || !isTime && notDecimal.MatchString(text) {
		return errNotDecimal
	}
	return nil
}
