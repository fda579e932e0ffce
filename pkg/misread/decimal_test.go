package misread

import "testing"

func TestDecimal(t *testing.T) {
	tests := []struct {
		text   string
		isTime bool
		ok     bool
	}{
		{"0", false, true}, {"10", false, true}, {"-1", false, true}, {"abc", false, true}, // no number at all: the flag says so
		{"010", false, false}, {"-010", false, false}, {"0x10", false, false}, {"0b1", false, false}, {"1_000", false, false}, {"+5", false, false},
		{"0s", true, true}, {"05m", true, true}, {"1h30m", true, true}, {"+1h", true, false},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			if err := Decimal(tt.text, tt.isTime); (err == nil) != tt.ok {
				t.Errorf("%v, want an error: %v", err, !tt.ok)
			}
		})
	}
}
