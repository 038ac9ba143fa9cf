package variable

import (
	"cmp"
	"slices"

	"github.com/takodeploy/tako/octostache"
)

// Dictionary makes a dictionary of the resolution's variables, for evaluating
// templates. It belongs to the caller. Names stand in the order in which their
// values were defined, which is the order in which templates go through
// collections such as the steps of a process.
func (r *Resolution) Dictionary() *octostache.Dictionary {
	d := r.frame.dictionary().Clone()
	fixed := r.frame.winners
	var varying []*Resolved
	j := 0
	for i, key := range r.keys {
		for j < len(fixed) && r.frame.keys[j] < key {
			j++
		}
		if j < len(fixed) && r.frame.keys[j] == key && fixed[j] == r.winners[i] {
			continue
		}
		varying = append(varying, r.winners[i])
	}
	fill(d, varying)
	return d
}

// dictionary holds what is the same everywhere in the deployment; it is made
// once, so that a further place costs only what differs there.
func (f *Frame) dictionary() *octostache.Dictionary {
	f.once.Do(func() {
		f.base = octostache.New()
		fill(f.base, slices.DeleteFunc(slices.Clone(f.winners), func(w *Resolved) bool { return w == nil }))
	})
	return f.base
}

// fill sets variables in the order of their definition.
func fill(d *octostache.Dictionary, all []*Resolved) {
	slices.SortStableFunc(all, func(a, b *Resolved) int { return cmp.Compare(a.seq, b.seq) })
	d.Grow(len(all))
	for _, one := range all {
		d.Set(one.Name, one.Value)
	}
}

// Texts makes a function that evaluates a template and never fails: tokens that
// cannot be evaluated stay in the text.
func Texts(d *octostache.Dictionary) func(string) string {
	return func(text string) string {
		result, _ := d.Evaluate(text)
		return result
	}
}
