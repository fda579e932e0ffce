package text

import "io"

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
