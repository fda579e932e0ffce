package awsauth

// Difference tells which entries of two documents are not the same entries at the beginning or at the end of their lists:
// of an ordinary edit one or two, however long the lists are.
type Difference struct {
	// differing are the entries of both documents that are left, kept or not.
	differing []*Entry
	common    map[Key]ends
}

// ends are what two lists have in common: the entries before head, and those from tail on, by their index in the new list.
type ends struct{ head, tail int }

// Compare finds the entries in which two documents differ.
func Compare(old, doc *Document) *Difference {
	d := &Difference{common: map[Key]ends{}}
	for _, k := range []Key{MapRoles, MapUsers} {
		before, after := old.Section(k).Entries, doc.Section(k).Entries
		shorter := min(len(before), len(after))
		head := 0
		for head < shorter && before[head].SameReading(after[head]) {
			head++
		}
		tail := 0
		for tail < shorter-head && before[len(before)-1-tail].SameReading(after[len(after)-1-tail]) {
			tail++
		}
		d.differing = append(append(d.differing, before[head:len(before)-tail]...), after[head:len(after)-tail]...)
		d.common[k] = ends{head, len(after) - tail}
	}
	return d
}

// Common reports whether an entry of the new document is among those that both have in common.
func (d *Difference) Common(e *Entry) bool {
	c := d.common[e.Section.Key]
	return e.Index < c.head || e.Index >= c.tail
}

// Principals are the folded ARNs that the differing entries name. What any other principal becomes is the same in both
// documents, but for mapAccounts: the entries that name it are the same, in the same order.
func (d *Difference) Principals() map[string]bool {
	folded := make(map[string]bool, len(d.differing))
	for _, e := range d.differing {
		folded[e.FoldedARN()] = true
	}
	return folded
}
