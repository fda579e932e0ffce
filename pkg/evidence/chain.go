package evidence

import (
	"cmp"
	"container/heap"
	"slices"
	"strconv"
)

// Chain puts the edits of logs in order, which come in any, and more than once where logs overlap. It keeps as many as there
// is room for, the latest.
type Chain struct {
	room, size int64
	kept       byTime
	ids        map[string]bool
	left       int64
}

// NewChain makes a Chain with room for so many bytes.
func NewChain(room int64) *Chain { return &Chain{room: room, ids: map[string]bool{}} }

// Left says how many edits there was no room for: the earliest.
func (c *Chain) Left() int64 { return c.left }

// Add takes in an edit.
func (c *Chain) Add(e *Edit) {
	if e.id != "" {
		if c.ids[e.id] {
			return
		}
		c.ids[e.id] = true
	}
	heap.Push(&c.kept, e)
	c.size += e.size()
	for c.size > c.room && len(c.kept) > 1 {
		earliest := heap.Pop(&c.kept).(*Edit)
		delete(c.ids, earliest.id)
		c.size -= earliest.size()
		c.left++
	}
}

// overhead is what an edit takes beside its texts, in bytes, and what each of its texts does.
const (
	overhead     = 1 << 10
	overheadText = 64
)

// size is about what an edit takes in memory.
func (e *Edit) size() int64 {
	n := overhead
	add := func(texts ...string) {
		for _, s := range texts {
			n += len(s) + overheadText
		}
	}
	add(e.id, e.Verb, e.User.Username, e.User.UID, e.By, e.Manager, e.UserAgent, e.UID, e.Version, e.Read)
	add(e.Addresses...)
	add(e.User.Groups...)
	for key, values := range e.User.Extra {
		add(key)
		add(values...)
	}
	for key, value := range e.Annotations {
		add(key, value)
	}
	states := []*State{e.Result}
	if e.Wanted != e.Result {
		states = append(states, e.Wanted)
	}
	for _, s := range states {
		if s == nil {
			continue
		}
		for key, value := range s.Data {
			add(key, value)
		}
		for key, value := range s.BinaryData {
			add(key, "")
			n += len(value)
		}
	}
	return int64(n)
}

// Link is an edit in its place.
type Link struct {
	*Edit
	// Gap is set where at least one edit before it is missing in the log.
	Gap bool
}

// Links are the edits in order, the earliest first: by the versions of the object, which the API server counts up, and where
// there is none by the time. Each version comes once: an edit that changes nothing has that of the one before it.
func (c *Chain) Links() []Link {
	all := slices.Clone(c.kept)
	slices.SortStableFunc(all, func(a, b *Edit) int { return a.Time.Compare(b.Time) })
	var versioned, others []*Edit
	for _, e := range all {
		if e.version() > 0 {
			versioned = append(versioned, e)
		} else {
			others = append(others, e)
		}
	}
	slices.SortStableFunc(versioned, func(a, b *Edit) int { return cmp.Compare(a.version(), b.version()) })
	versioned = slices.CompactFunc(versioned, func(a, b *Edit) bool { return a.version() == b.version() })
	return linked(merged(versioned, others))
}

// version is the number of the object's version, 0 where it is not known.
func (e *Edit) version() uint64 {
	n, err := strconv.ParseUint(e.Version, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// merged puts the edits without a version in their place: a delete after the last edit of its object, others by time.
func merged(versioned, others []*Edit) []*Edit {
	last := map[string]int{}
	for i, e := range versioned {
		last[e.UID] = i + 1
	}
	// before are the edits that come before the one of an index.
	before := map[int][]*Edit{}
	for _, e := range others {
		at, known := last[e.UID]
		if !e.Gone || e.UID == "" || !known {
			at, _ = slices.BinarySearchFunc(versioned, e, func(v, e *Edit) int {
				if v.Time.After(e.Time) {
					return 1
				}
				return -1
			})
		}
		before[at] = append(before[at], e)
	}
	var all []*Edit
	for i := range len(versioned) + 1 {
		all = append(all, before[i]...)
		if i < len(versioned) {
			all = append(all, versioned[i])
		}
	}
	return all
}

// linked finds where edits are missing.
func linked(all []*Edit) []Link {
	links := make([]Link, 0, len(all))
	var last *Edit
	for _, e := range all {
		l := Link{Edit: e}
		if e.Version != "" && last != nil {
			switch {
			case last.Version == "": // made or deleted by an event that does not say which object
			case e.UID != last.UID:
				l.Gap = !last.Gone
			default:
				l.Gap = e.Read != "" && e.Read != last.Version
			}
		}
		if e.Version != "" || e.Gone || e.Verb == "create" {
			last = e
		}
		links = append(links, l)
	}
	return links
}

// byTime is a heap whose first edit is the earliest.
type byTime []*Edit

func (h byTime) Len() int           { return len(h) }
func (h byTime) Less(i, j int) bool { return h[i].Time.Before(h[j].Time) }
func (h byTime) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push implements heap.Interface.
func (h *byTime) Push(x any) { *h = append(*h, x.(*Edit)) }

// Pop implements heap.Interface.
func (h *byTime) Pop() any {
	last := len(*h) - 1
	e := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return e
}
