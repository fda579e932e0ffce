package splice

import "testing"

func TestApply(t *testing.T) {
	for _, tt := range []struct {
		name  string
		edits []Edit
		want  string
		fails bool
	}{
		{name: "nothing", want: "abcdef"},
		{name: "replace", edits: []Edit{{1, 3, "X"}}, want: "aXdef"},
		{name: "put in", edits: []Edit{{6, 6, "g"}}, want: "abcdefg"},
		{name: "take out", edits: []Edit{{0, 6, ""}}, want: ""},
		{name: "any order", edits: []Edit{{4, 5, "E"}, {0, 1, "A"}}, want: "AbcdEf"},
		{name: "two at one place", edits: []Edit{{2, 2, "1"}, {2, 2, "2"}}, want: "ab12cdef"},
		{name: "side by side", edits: []Edit{{0, 2, "1"}, {2, 4, "2"}}, want: "12ef"},
		{name: "overlap", edits: []Edit{{0, 3, "1"}, {2, 4, "2"}}, fails: true},
		{name: "after the end", edits: []Edit{{5, 7, ""}}, fails: true},
		{name: "before the start", edits: []Edit{{-1, 1, ""}}, fails: true},
		{name: "backwards", edits: []Edit{{3, 2, ""}}, fails: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Apply("abcdef", tt.edits)
			if (err != nil) != tt.fails || got != tt.want {
				t.Errorf("got %q, %v; want %q, failure %v", got, err, tt.want, tt.fails)
			}
		})
	}
}
