package misread

import "strings"

// Packed names a text that is packed with gzip, and what unpacks it; "" for any other text.
func Packed(raw string) string {
	if !strings.HasPrefix(raw, "\x1f\x8b") {
		return ""
	}
	return "packed with gzip; unpack it first: `gunzip < FILE > UNPACKED`"
}
