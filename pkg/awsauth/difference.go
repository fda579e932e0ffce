package awsauth

// Difference says which entries of two documents are not the same entries at the beginning or at the end of their lists:
// of an ordinary edit one or two, however long the lists are.
type Difference struct {
	old *Document
	// differing are the entries of both documents that are left, kept or not.
	differing []*Entry
	common    map[Key]ends
}

// ends are what two lists have in common: the entries before head, and those from tail on, by their index in the new list.
type ends struct{ head, tail int }

// Compare finds the entries in which two documents differ. The new one remembers the last answer.
func Compare(old, doc *Document) *Difference {
	if doc.difference != nil && doc.difference.old == old {
		return doc.difference
	}
	d := &Difference{old: old, common: map[Key]ends{}}
	doc.difference = d
	for _, k := range []Key{MapRoles, MapUsers} {
		before, after := old.Section(k).Entries, doc.Section(k).Entries
		head, tail := commonEnds(before, after)
		d.differing = append(append(d.differing, before[head:len(before)-tail]...), after[head:len(after)-tail]...)
		d.common[k] = ends{head, len(after) - tail}
	}
	return d
}

// commonEnds counts the entries that two lists have in common at their beginning, and those of the rest at their end.
func commonEnds(before, after []*Entry) (head, tail int) {
	shorter := min(len(before), len(after))
	for head < shorter && before[head].sameReading(after[head]) {
		head++
	}
	for tail < shorter-head && before[len(before)-1-tail].sameReading(after[len(after)-1-tail]) {
		tail++
	}
	return head, tail
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
