package variable

import (
	"slices"
	"strings"
	"sync"

	"github.com/takodeploy/tako/octostache"
)

// Index holds the values of a deployment, grouped by name, so that resolving
// them at another place costs little. It is built once and never changes, and
// may be used from many goroutines.
type Index struct {
	groups []group // sorted by key
	size   int     // values ever added, which numbers the next
}

// group is every value of one name.
type group struct {
	key  string
	vals []candidate
}

// candidate is a value with its prepared scope.
type candidate struct {
	value *Value
	scope matcher
	rank  Rank // set once the fixed half of a place is known
	seq   int  // where the value stood among all values
}

// NewIndex groups values by name. Values without a name are left out.
func NewIndex(values []Value) *Index { return newIndex(values, 0) }

// newIndex numbers the values from first.
func newIndex(values []Value, first int) *Index {
	byKey := make(map[string][]candidate, len(values))
	for i := range values {
		key := fold(values[i].Name)
		if key == "" {
			continue
		}
		byKey[key] = append(byKey[key], candidate{value: &values[i], scope: newMatcher(&values[i]), seq: first + i})
	}
	ix := &Index{groups: make([]group, 0, len(byKey)), size: first + len(values)}
	for key, vals := range byKey {
		slices.SortStableFunc(vals, func(a, b candidate) int { return tieBreak(a.value, b.value) })
		ix.groups = append(ix.groups, group{key: key, vals: vals})
	}
	slices.SortFunc(ix.groups, func(a, b group) int { return strings.Compare(a.key, b.key) })
	return ix
}

// With is the index with further values, such as what a step has just put out.
// The old index stays as it was.
func (ix *Index) With(values []Value) *Index {
	if len(values) == 0 {
		return ix
	}
	more := newIndex(values, ix.size)
	merged := make([]group, 0, len(ix.groups)+len(more.groups))
	i, j := 0, 0
	for i < len(ix.groups) || j < len(more.groups) {
		switch {
		case j == len(more.groups) || i < len(ix.groups) && ix.groups[i].key < more.groups[j].key:
			merged = append(merged, ix.groups[i])
			i++
		case i == len(ix.groups) || more.groups[j].key < ix.groups[i].key:
			merged = append(merged, more.groups[j])
			j++
		default:
			vals := slices.Concat(ix.groups[i].vals, more.groups[j].vals)
			slices.SortStableFunc(vals, func(a, b candidate) int { return tieBreak(a.value, b.value) })
			merged = append(merged, group{key: ix.groups[i].key, vals: vals})
			i, j = i+1, j+1
		}
	}
	return &Index{groups: merged, size: more.size}
}

// Frame is an index seen from one deployment: what does not depend on the step
// or the machine is decided already. It never changes, and may be used from
// many goroutines.
type Frame struct {
	place   place
	keys    []string    // every name with a value that may apply, sorted
	winners []*Resolved // by key; nil where the spot decides
	varying []int       // the keys whose winner the spot decides
	groups  []group     // by key, only values that may apply, ranked
	size    int         // values in the index

	once sync.Once
	base *octostache.Dictionary // of the winners that are decided
}

// For decides what is the same for a whole deployment. The context's action and
// machine are ignored; they are given to At.
func (ix *Index) For(ctx Context) *Frame {
	f := &Frame{
		place:   newPlace(&ctx),
		keys:    make([]string, 0, len(ix.groups)),
		winners: make([]*Resolved, 0, len(ix.groups)),
		groups:  make([]group, 0, len(ix.groups)),
		size:    ix.size,
	}
	f.place.setSpot("", "", "", nil, nil)
	for _, g := range ix.groups {
		kept, varies := keep(g.vals, &f.place)
		if len(kept) == 0 {
			continue
		}
		f.keys = append(f.keys, g.key)
		f.groups = append(f.groups, group{key: g.key, vals: kept})
		if varies {
			f.varying = append(f.varying, len(f.winners))
			f.winners = append(f.winners, nil)
			continue
		}
		f.winners = append(f.winners, choose(kept, &f.place))
	}
	return f
}

// keep drops the values that cannot apply anywhere in the deployment, and says
// whether any that is left depends on the step or the machine.
func keep(vals []candidate, p *place) (kept []candidate, varies bool) {
	kept = make([]candidate, 0, len(vals))
	for _, c := range vals {
		rank, ok := c.scope.matchFixed(p)
		if !ok {
			continue
		}
		c.rank = rank
		varies = varies || c.scope.dynamic()
		kept = append(kept, c)
	}
	return kept, varies
}

// choose finds the winner among values whose fixed rank is known; nil if none
// applies. Candidates stand in the order of tieBreak, so the first of equals is
// the one to take.
func choose(vals []candidate, p *place) *Resolved {
	var (
		best   *Value
		top    Rank
		seq    int
		rivals []*Value
	)
	for i := range vals {
		spot, ok := vals[i].scope.matchSpot(p)
		if !ok {
			continue
		}
		rank := vals[i].rank | spot
		switch {
		case best == nil || rank > top:
			best, top, seq, rivals = vals[i].value, rank, vals[i].seq, rivals[:0]
		case rank == top && vals[i].value.Value != best.Value:
			rivals = append(rivals, vals[i].value)
		}
	}
	if best == nil {
		return nil
	}
	return newResolved(best, top, seq, rivals)
}

// Spot is the half of a Context that varies within a deployment.
type Spot struct {
	Action       string
	Step         string
	Machine      string
	MachineRoles []string
	TargetRoles  []string
}

// At decides every variable at one step and machine. The extra values are
// those known only there, such as the machine's name; they compete with the
// rest by the same rules.
func (f *Frame) At(spot Spot, extra ...Value) *Resolution {
	p := f.place
	p.setSpot(spot.Action, spot.Step, spot.Machine, spot.MachineRoles, spot.TargetRoles)
	r := &Resolution{frame: f, keys: f.keys, winners: slices.Clone(f.winners)}
	missing := false
	for _, i := range f.varying {
		winner := choose(f.groups[i].vals, &p)
		r.winners[i] = winner
		missing = missing || winner == nil
	}
	if len(extra) > 0 {
		f.addExtra(r, extra, &p)
		return r
	}
	if missing {
		r.compact()
	}
	return r
}

// addExtra lets further values compete at a spot and merges the outcome.
func (f *Frame) addExtra(r *Resolution, extra []Value, p *place) {
	more := newIndex(extra, f.size)
	keys := make([]string, 0, len(r.keys)+len(more.groups))
	winners := make([]*Resolved, 0, cap(keys))
	i := 0
	for _, g := range more.groups {
		for i < len(r.keys) && r.keys[i] < g.key {
			keys, winners = append(keys, r.keys[i]), append(winners, r.winners[i])
			i++
		}
		vals, _ := keep(g.vals, p)
		if i < len(r.keys) && r.keys[i] == g.key {
			vals = slices.Concat(f.groups[i].vals, vals)
			slices.SortStableFunc(vals, func(a, b candidate) int { return tieBreak(a.value, b.value) })
			i++
		}
		keys, winners = append(keys, g.key), append(winners, choose(vals, p))
	}
	keys, winners = append(keys, r.keys[i:]...), append(winners, r.winners[i:]...)
	r.keys, r.winners = keys, winners
	r.compact()
}
