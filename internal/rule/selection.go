package rule

import (
	"fmt"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
)

// anything stands for every step or package in an override.
const anything = "*"

// Override asks for a version of some packages of a release. It is written
// "name:version" or "name:reference:version", where the name is that of a step
// or of a package and "*" is any; "/" and "=" separate as well as ":", and a
// backslash takes that meaning away.
type Override struct {
	Text    string
	Version string
	parts   []string // what stands before the version
	seps    string   // the separators between the parts
}

// ParseOverride reads an override. A lone version is meant for every package.
func ParseOverride(text string) (Override, error) {
	parts, seps := splitOverride(text)
	o := Override{Text: text, Version: strings.TrimSpace(parts[len(parts)-1])}
	if o.Version == "" {
		return Override{}, fault.New(fault.Invalid, "Package version %q has no version: write {step or package}:{version}, or {step}:{reference}:{version}.", text)
	}
	if strings.ContainsAny(o.Version, " \t\r\n") {
		return Override{}, fault.New(fault.Invalid, "Package version %q: %q is not a version.", text, o.Version)
	}
	for _, part := range parts[:len(parts)-1] {
		o.parts = append(o.parts, strings.TrimSpace(part))
	}
	if len(o.parts) > 1 {
		o.seps = seps[:len(o.parts)-1]
	}
	return o, nil
}

// splitOverride splits at separators that no backslash precedes. A backslash
// before anything else is an ordinary character.
func splitOverride(text string) (parts []string, seps string) {
	var part, separators strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\' && i+1 < len(text) && strings.IndexByte(`:/=\`, text[i+1]) >= 0:
			i++
			part.WriteByte(text[i])
		case c == ':' || c == '/' || c == '=':
			parts = append(parts, part.String())
			separators.WriteByte(c)
			part.Reset()
		default:
			part.WriteByte(c)
		}
	}
	return append(parts, part.String()), separators.String()
}

// joined puts some of the parts back together as they were written.
func (o *Override) joined(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		if i > from {
			b.WriteByte(o.seps[i-1])
		}
		b.WriteString(o.parts[i])
	}
	return b.String()
}

// reading is one way to understand an override: which name, and which
// reference if it names one.
type reading struct {
	name      string
	reference string
	exact     bool // the reference counts
}

// readings lists the ways to understand an override, likeliest first. Names of
// packages may hold separators themselves (an image, a Maven coordinate), so
// every place is tried where the name may end.
func (o *Override) readings() []reading {
	n := len(o.parts)
	if n == 0 {
		return []reading{{name: anything}}
	}
	if !slices.ContainsFunc(o.parts, func(s string) bool { return s != "" }) {
		return []reading{{name: anything}}
	}
	all := []reading{{name: orAnything(o.joined(0, n))}}
	for end := n - 1; end > 0; end-- {
		r := reading{name: orAnything(o.joined(0, end)), reference: o.joined(end, n), exact: true}
		if r.reference == anything {
			r.exact = false
		}
		all = append(all, r)
	}
	return all
}

// orAnything takes an empty name for any.
func orAnything(name string) string {
	if name == "" {
		return anything
	}
	return name
}

// The strengths of an override for a slot, weakest first. One that names the
// reference beats one that does not, a name beats "*", a step beats a package.
const (
	hitsNothing = iota
	hitsAll
	hitsPackage
	hitsStep
	hitsAnyReference
	hitsPackageReference
	hitsStepReference
)

// strength says how precisely one reading of an override means a slot.
func (r *reading) strength(s *PackageSlot) int {
	if r.exact && !strings.EqualFold(r.reference, s.Reference) {
		return hitsNothing
	}
	hit := hitsNothing
	switch {
	case strings.EqualFold(r.name, s.Action), s.Step != "" && strings.EqualFold(r.name, s.Step):
		hit = hitsStep
	case s.PackageID != "" && strings.EqualFold(r.name, s.PackageID):
		hit = hitsPackage
	case r.name == anything:
		hit = hitsAll
	}
	if hit != hitsNothing && r.exact {
		hit += hitsStep
	}
	return hit
}

// Hits finds the slots that an override means, each with how precisely it does.
// The likeliest reading that means any slot counts, and no other.
func (o *Override) Hits(slots []PackageSlot) map[int]int {
	for _, r := range o.readings() {
		hits := map[int]int{}
		for i := range slots {
			if strength := r.strength(&slots[i]); strength > hitsNothing {
				hits[i] = strength
			}
		}
		if len(hits) > 0 {
			return hits
		}
	}
	return nil
}

// SelectVersions decides the version of each slot: of the overrides that mean
// it the most precise one, the last of equals, and the default when none does.
// The result has an entry per slot, empty where nothing was asked for. An
// override that means no slot is an error, since it is most likely misspelt;
// "*" and lone versions may mean none.
func SelectVersions(slots []PackageSlot, overrides []string, defaultVersion string) ([]string, error) {
	chosen := make([]string, len(slots))
	strengths := make([]int, len(slots))
	for i := range chosen {
		chosen[i] = strings.TrimSpace(defaultVersion)
	}
	var wrong fault.Complaints
	for _, text := range overrides {
		o, err := ParseOverride(text)
		if err != nil {
			wrong.Add("%s", err)
			continue
		}
		hits := o.Hits(slots)
		if len(hits) == 0 && len(o.parts) > 0 && o.parts[0] != anything && o.parts[0] != "" {
			wrong.Add("Package version %q does not mean any package of the process. %s", text, slotNames(slots))
		}
		for i, strength := range hits {
			if strength >= strengths[i] {
				chosen[i], strengths[i] = o.Version, strength
			}
		}
	}
	return chosen, wrong.Err()
}

// slotNames tells what could have been meant.
func slotNames(slots []PackageSlot) string {
	if len(slots) == 0 {
		return "The process has no packages."
	}
	names := make([]string, len(slots))
	for i := range slots {
		names[i] = slots[i].Title()
	}
	return fmt.Sprintf("Its packages are %s.", strings.Join(names, ", "))
}
