package lru

import (
	"slices"
	"strings"
	"testing"
)

// all are the values that are kept, without using them.
func (l *Cache[V]) all() (values []V) {
	for _, h := range l.held {
		values = append(values, h.value)
	}
	return values
}

func TestTheLastOfUseAreKept(t *testing.T) {
	l := &Cache[string]{Max: 3, MaxBytes: 100}
	is := func(s string) func(string) bool { return func(o string) bool { return s == o } }
	for _, s := range []string{"a", "b", "c"} {
		l.Add(s, 1)
	}
	if _, ok := l.Find(is("a")); !ok {
		t.Error("a is not kept")
	}
	l.Add("d", 1)
	if got := l.all(); !slices.Equal(got, []string{"c", "a", "d"}) {
		t.Errorf("kept: %q", got)
	}
	if _, ok := l.Find(is("b")); ok {
		t.Error("b is still found")
	}
	if got, _ := l.Find(func(string) bool { return true }); got != "d" {
		t.Errorf("of all that match it gives %q", got)
	}
}

func TestBytesAreBounded(t *testing.T) {
	l := &Cache[string]{Max: 8, MaxBytes: 100}
	add := func(n int) { l.Add(strings.Repeat("x", n), n) }
	for _, tt := range []struct{ add, kept int }{{30, 1}, {30, 2}, {30, 3}, {30, 3}, {51, 3}, {50, 2}, {50, 2}, {0, 3}} {
		add(tt.add)
		if got := l.all(); len(got) != tt.kept || len(strings.Join(got, "")) > 100 {
			t.Errorf("after one of %d bytes it keeps %d", tt.add, len(got))
		}
	}
}

func TestNothingIsKeptWithoutRoom(t *testing.T) {
	var l Cache[int]
	l.Add(1, 0)
	if got := l.all(); len(got) != 0 {
		t.Errorf("kept: %v", got)
	}
}
