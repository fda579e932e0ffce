package text

import (
	"encoding/json"
	"io"
	"strings"
)

// Writer is the last gate in front of a terminal or a log: whatever is written passes as Lines. It is made for texts that
// are written whole lines at a time.
type Writer struct{ io.Writer }

// Write implements io.Writer.
func (w Writer) Write(p []byte) (int, error) {
	if _, err := io.WriteString(w.Writer, Lines(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Unwrap is the writer behind the gate.
func (w Writer) Unwrap() io.Writer { return w.Writer }

// WriteJSON writes a value for programs, and for people to look at: hidden characters stand in it as escapes.
func WriteJSON(w io.Writer, v any) error {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := io.WriteString(w, JSON(b.String()))
	return err
}
