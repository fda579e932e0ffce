package history

import (
	"maps"
	"strings"
	"testing"
	"time"
)

func TestSince(t *testing.T) {
	at := func(day int) time.Time { return time.Date(2026, 3, day, 12, 0, 0, 0, time.UTC) }
	for name, tt := range map[string]struct {
		// states are "NUMBER PRINCIPAL…": each is of the day of its number.
		states []string
		want   map[string]time.Time
	}{
		"one state":                  {[]string{"3 a b"}, map[string]time.Time{"a": at(3), "b": at(3)}},
		"since the first":            {[]string{"1 a", "2 a b", "3 a"}, map[string]time.Time{"a": at(1)}},
		"one came later":             {[]string{"1 a", "2 a b", "3 a b"}, map[string]time.Time{"a": at(1), "b": at(2)}},
		"one was away":               {[]string{"1 a b", "2 a", "3 a b"}, map[string]time.Time{"a": at(1), "b": at(3)}},
		"the map was gone":           {[]string{"1 a", "2", "3 a"}, map[string]time.Time{"a": at(3)}},
		"a state that came back":     {[]string{"2 a b", "3 b", "4 a"}, map[string]time.Time{"a": at(4)}},
		"numbers that were left out": {[]string{"2 a", "7 a"}, map[string]time.Time{"a": at(2)}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, order := range []bool{false, true} {
				var states []state
				for _, written := range tt.states {
					words := strings.Fields(written)
					number := int64(words[0][0] - '0')
					s := state{&Revision{Number: number, Time: at(int(number))}, map[string]bool{}}
					for _, who := range words[1:] {
						s.has[who] = true
					}
					if order {
						states = append([]state{s}, states...)
					} else {
						states = append(states, s)
					}
				}
				if got := since(states); !maps.Equal(got, tt.want) {
					t.Errorf("got %v", got)
				}
			}
		})
	}
}
