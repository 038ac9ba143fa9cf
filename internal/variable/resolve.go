package variable

import (
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Resolved is the value that won for a name at a place.
type Resolved struct {
	Name      string
	Value     string
	Type      string
	Sensitive bool
	ID        string
	Source    Source
	Owner     string
	Rank      Rank
	Rivals    []string // where else an equally specific, different value came from

	seq int // where the value stood among all values
}

// newResolved records a winner.
func newResolved(v *Value, rank Rank, seq int, rivals []*Value) *Resolved {
	r := &Resolved{
		Name: v.Name, Value: v.Value, Type: v.Type, Sensitive: v.IsSensitive(),
		ID: v.ID, Source: v.Source, Owner: v.Owner, Rank: rank, seq: seq,
	}
	if r.Type == "" {
		r.Type = TypeString
	}
	for _, rival := range rivals {
		r.Rivals = append(r.Rivals, origin(rival))
	}
	return r
}

// warning is the sentence about an ambiguous winner, if it is one. Built-in
// values are never worth a warning.
func (r *Resolved) warning() string {
	if len(r.Rivals) == 0 || r.Rank.Has(Private) {
		return ""
	}
	return fmt.Sprintf(
		"Variable %q has %d different values that are equally specific here; the one from %s is used, not the one from %s. Scope them more precisely to decide which is meant.",
		r.Name, len(r.Rivals)+1, originOf(r.Source, r.Owner), strings.Join(r.Rivals, " or "))
}

// origin says where a value comes from.
func origin(v *Value) string { return originOf(v.Source, v.Owner) }

// originOf says where a value comes from, by name when the set has one.
func originOf(s Source, owner string) string {
	if owner == "" {
		return s.String()
	}
	switch s {
	case FromProject:
		return fmt.Sprintf("project %q", owner)
	case FromLibrary:
		return fmt.Sprintf("library set %q", owner)
	case FromTenant:
		return fmt.Sprintf("tenant %q", owner)
	}
	return fmt.Sprintf("%s (%s)", s, owner)
}

// Resolution is every variable at one place of a deployment. Its variables may
// be shared with other resolutions and must not be changed.
type Resolution struct {
	frame   *Frame
	keys    []string
	winners []*Resolved
}

// compact drops the names that have no value at this place.
func (r *Resolution) compact() {
	keys, winners := make([]string, 0, len(r.keys)), make([]*Resolved, 0, len(r.keys))
	for i, w := range r.winners {
		if w != nil {
			keys, winners = append(keys, r.keys[i]), append(winners, w)
		}
	}
	r.keys, r.winners = keys, winners
}

// Len is the number of variables.
func (r *Resolution) Len() int { return len(r.winners) }

// All goes through the variables, sorted by name without regard to case.
func (r *Resolution) All() iter.Seq[*Resolved] { return slices.Values(r.winners) }

// Lookup finds a variable by name, whatever its case.
func (r *Resolution) Lookup(name string) (*Resolved, bool) {
	i, found := slices.BinarySearch(r.keys, fold(name))
	if !found {
		return nil, false
	}
	return r.winners[i], true
}

// suppressWarnings is the variable by which people turn the warnings off.
const suppressWarnings = "OctopusSuppressDuplicateVariableWarning"

// Warnings are sentences about names whose value was decided by an arbitrary,
// though repeatable, choice.
func (r *Resolution) Warnings() []string {
	if off, ok := r.Lookup(suppressWarnings); ok && strings.EqualFold(strings.TrimSpace(off.Value), "true") {
		return nil
	}
	var sentences []string
	for _, w := range r.winners {
		if sentence := w.warning(); sentence != "" {
			sentences = append(sentences, sentence)
		}
	}
	return sentences
}

// set puts variables into the resolution, replacing those of the same name.
func (r *Resolution) set(more []*Resolved) {
	if len(more) == 0 {
		return
	}
	r.keys, r.winners = slices.Clone(r.keys), slices.Clone(r.winners)
	for _, one := range more {
		key := fold(one.Name)
		i, found := slices.BinarySearch(r.keys, key)
		if found {
			r.winners[i] = one
			continue
		}
		r.keys, r.winners = slices.Insert(r.keys, i, key), slices.Insert(r.winners, i, one)
	}
}

// Resolve decides every variable at one place. To resolve the same values at
// many places, make an Index once.
func Resolve(values []Value, ctx Context) *Resolution {
	return NewIndex(values).For(ctx).At(ctx.spot())
}

// spot is the half of the context that varies within a deployment.
func (c *Context) spot() Spot {
	return Spot{Action: c.Action, Step: c.Step, Machine: c.Machine, MachineRoles: c.MachineRoles, TargetRoles: c.TargetRoles}
}
