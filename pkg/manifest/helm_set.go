package manifest

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

var (
	// setName is a value of a chart that is the map, or a part of it: x.mapRoles, mapRoles[1].rolearn, mapRoles[1].groups[0].
	setName = regexp.MustCompile(`(?:^|\.)(?:mapRoles|mapUsers|mapAccounts)(?:\[|$)`)
	// setStep is one step of such a name: a key, and the indexes after it.
	setStep = regexp.MustCompile(`((?:[^.\[\\]|\\.)+)((?:\[\d{1,4}\])*)(?:\.|$)`)
	setAt   = regexp.MustCompile(`\d+`)
)

// setValues puts the values that a helm_release sets one by one over others. known is set where the others are all known: else an
// entry that is set in part can't be read.
func (r *reader) setValues(n *yaml.Node, values fields, known bool) *yaml.Node {
	for _, block := range slices.Concat(items(values.get("set")), items(values.get("set_list")), items(values.get("set_sensitive"))) {
		name, value := r.get(block, "name"), r.get(block, "value")
		if name == nil || value == nil || !setName.MatchString(text(name)) {
			continue
		}
		if r.unresolved[value] != nil || !known && isPart(text(name)) {
			continue
		}
		if n == nil {
			n = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
			r.spans[n] = r.span(block)
		}
		r.cover(name)
		n = r.set(n, setStep.FindAllStringSubmatch(text(name), -1), name, r.setValue(value))
	}
	return n
}

// noteParts notes entries of which only a part is set over values that are not known.
func (r *reader) noteParts(values fields, over string) {
	noted := false
	for _, block := range items(values.get("set")) {
		name := r.get(block, "name")
		if name == nil || !isPart(text(name)) {
			continue
		}
		if r.cover(name); noted {
			continue
		}
		noted = true
		r.file.note(r.span(name), Part, "%s is set over %s, which were not read, so it was not checked; "+
			"check what comes of it: `helm template CHART | kubectl aws-auth lint -`", text(name), over)
	}
}

// isPart reports whether a value is set in a list, not as a whole.
func isPart(name string) bool {
	return setName.MatchString(name) && strings.HasSuffix(strings.SplitAfter(name, "[")[0], "[")
}

// setValue is what Helm reads of a value: {a,b} is a list.
func (r *reader) setValue(n *yaml.Node) *yaml.Node {
	inner, ok := strings.CutPrefix(text(n), "{")
	inner, closed := strings.CutSuffix(inner, "}")
	if !ok || !closed || !isText(n) || strings.Contains(inner, "{") {
		return n
	}
	list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	r.spans[list] = r.span(n)
	exact, at := r.value(n), 1
	for _, word := range strings.Split(inner, ",") {
		item := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: strings.TrimLeft(word, " ")}
		start := at + len(word) - len(item.Value)
		r.spans[item] = exact.span(Span{Start: start, End: at + len(word)})
		r.texts[item] = &fragments{editable: r.origin.refusal() == "", refusal: r.origin.refusal()}
		r.texts[item].add(item.Value, r.spans[item], part{exact, start})
		list.Content = append(list.Content, item)
		at += len(word) + 1
	}
	return list
}

// set gives a tree in which what the steps lead to is a value. at is where the name stands.
func (r *reader) set(n *yaml.Node, steps [][]string, at, value *yaml.Node) *yaml.Node {
	if len(steps) == 0 {
		return value
	}
	n = r.shallow(n, yaml.MappingNode, "!!map", at)
	key := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: strings.ReplaceAll(steps[0][1], `\`, "")}
	r.spans[key] = r.span(at)
	r.put(n, key, func(before *yaml.Node) *yaml.Node {
		return r.setIndex(before, setAt.FindAllString(steps[0][2], -1), at, func(before *yaml.Node) *yaml.Node { return r.set(before, steps[1:], at, value) })
	})
	return n
}

// shallow is a copy of a node that can be changed, or an empty one where the node is of another kind.
func (r *reader) shallow(n *yaml.Node, kind yaml.Kind, tag string, at *yaml.Node) *yaml.Node {
	out := &yaml.Node{Kind: kind, Tag: tag}
	r.spans[out] = r.span(at)
	if n != nil && n.Kind == kind {
		out.Content, r.spans[out] = slices.Clone(n.Content), r.span(n)
	}
	return out
}

// setIndex changes what indexes lead to. Helm fills a list up with null.
func (r *reader) setIndex(n *yaml.Node, indexes []string, at *yaml.Node, change func(before *yaml.Node) *yaml.Node) *yaml.Node {
	if len(indexes) == 0 {
		return change(n)
	}
	n = r.shallow(n, yaml.SequenceNode, "!!seq", at)
	index, _ := strconv.Atoi(indexes[0]) // up to four digits
	for len(n.Content) <= index {
		n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"})
		r.spans[n.Content[len(n.Content)-1]] = r.span(at)
	}
	before := n.Content[index]
	if isNull(before) {
		before = nil
	}
	n.Content[index] = r.setIndex(before, indexes[1:], at, change)
	return n
}
