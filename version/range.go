package version

import (
	"errors"
	"fmt"
	"strings"
)

// ErrRange is the reason of every refused range.
var ErrRange = errors.New("not a valid version range")

// Range is a set of versions of one format: one interval in NuGet notation, or
// for Maven a union of intervals. The zero Range contains nothing.
type Range struct {
	format    Format
	original  string
	intervals []interval
}

// An interval is what lies between two bounds, each of which may be missing.
type interval struct {
	low, high *bound
}

type bound struct {
	version   Version
	inclusive bool
}

// ParseRange reads a range of versions of the given format. Maven has its own
// notation, in which a bare version recommends and excludes nothing; every
// other format uses NuGet's, in which a bare version is the least allowed one.
// Blank text is no range: a rule without a range is the caller's to know.
func ParseRange(f Format, s string) (Range, error) {
	var (
		intervals []interval
		err       error
	)
	switch trimmed := strings.TrimSpace(s); {
	case trimmed == "":
		err = fmt.Errorf("%w: it is empty", ErrRange)
	case f == Maven:
		intervals, err = parseMavenIntervals(trimmed)
	default:
		intervals, err = parseNuGetIntervals(f, trimmed)
	}
	if err != nil {
		return Range{}, fmt.Errorf("parse %s version range %q: %w", f, s, err)
	}
	return Range{format: f, original: s, intervals: intervals}, nil
}

// String gives the range as it was written.
func (r Range) String() string { return r.original }

// Contains says whether the version lies in the range. A version of another
// format is read again in the range's, since a feed and the rule written for it
// need not agree on the format; one that cannot be read so is not contained.
// Metadata plays no part.
func (r Range) Contains(v Version) bool {
	if v.Format != r.format {
		again, err := Parse(r.format, v.original)
		if err != nil {
			return false
		}
		v = again
	}
	for _, i := range r.intervals {
		if i.contains(v) {
			return true
		}
	}
	return false
}

func (i interval) contains(v Version) bool {
	if i.low != nil {
		if c := compareInRange(i.low.version, v); c > 0 || c == 0 && !i.low.inclusive {
			return false
		}
	}
	if i.high != nil {
		if c := compareInRange(i.high.version, v); c < 0 || c == 0 && !i.high.inclusive {
			return false
		}
	}
	return true
}

// compareInRange is Compare without metadata: [1.0] has to admit 1.0+build.
func compareInRange(v, w Version) int {
	if v.Format == SemVer {
		return compareSemVer(v, w, false)
	}
	return v.Compare(w)
}

// parseBound reads the version of one end; blank means that the end is open.
func parseBound(f Format, text string, inclusive bool) (*bound, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, nil
	}
	if f != Maven && strings.Contains(text, "*") {
		return nil, fmt.Errorf("%w: floating versions such as %s are not supported, name both bounds", ErrRange, text)
	}
	v, err := Parse(f, text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRange, err)
	}
	return &bound{version: v, inclusive: inclusive}, nil
}

// parseBounds reads both ends of an interval.
func parseBounds(f Format, low, high string, lowInclusive, highInclusive bool) (interval, error) {
	l, err := parseBound(f, low, lowInclusive)
	if err != nil {
		return interval{}, err
	}
	h, err := parseBound(f, high, highInclusive)
	if err != nil {
		return interval{}, err
	}
	if l != nil && h != nil && compareInRange(h.version, l.version) < 0 {
		return interval{}, fmt.Errorf("%w: its bounds are in the wrong order", ErrRange)
	}
	return interval{low: l, high: h}, nil
}

// parseNuGetIntervals reads a bare version or one bracketed interval.
func parseNuGetIntervals(f Format, s string) ([]interval, error) {
	if s[0] != '[' && s[0] != '(' {
		low, err := parseBound(f, s, true)
		return []interval{{low: low}}, err
	}
	last := s[len(s)-1]
	if len(s) < 2 || last != ']' && last != ')' {
		return nil, fmt.Errorf("%w: a closing bracket is missing", ErrRange)
	}
	lowInclusive, highInclusive := s[0] == '[', last == ']'
	inner := s[1 : len(s)-1]
	low, high, isPair := strings.Cut(inner, ",")
	switch {
	case strings.Trim(inner, ",") == "" || strings.TrimSpace(inner) == "":
		// "(, )" with a blank names every version, "(,)" and "()" nothing at all.
		return nil, fmt.Errorf("%w: it names no version", ErrRange)
	case strings.Contains(high, ","):
		return nil, fmt.Errorf("%w: it has more than two bounds", ErrRange)
	case !isPair && !(lowInclusive && highInclusive):
		return nil, fmt.Errorf("%w: a single version needs square brackets", ErrRange)
	case !isPair:
		high = low
	}
	i, err := parseBounds(f, low, high, lowInclusive, highInclusive)
	if err != nil {
		return nil, err
	}
	if i.low != nil && i.high != nil && lowInclusive != highInclusive &&
		compareInRange(i.low.version, i.high.version) == 0 {
		return nil, fmt.Errorf("%w: its bounds are equal, and only one belongs to it", ErrRange)
	}
	return []interval{i}, nil
}

// parseMavenIntervals reads a bare version or a union of bracketed intervals in
// ascending order.
func parseMavenIntervals(s string) ([]interval, error) {
	var intervals []interval
	rest := s
	for rest != "" && (rest[0] == '[' || rest[0] == '(') {
		end := strings.IndexAny(rest, "])")
		if end < 0 {
			return nil, fmt.Errorf("%w: a closing bracket is missing", ErrRange)
		}
		next, err := parseMavenInterval(rest[:end+1])
		if err != nil {
			return nil, err
		}
		if len(intervals) > 0 && intervals[len(intervals)-1].reachesInto(next) {
			return nil, fmt.Errorf("%w: its intervals overlap", ErrRange)
		}
		intervals = append(intervals, next)
		rest = strings.TrimSpace(rest[end+1:])
		rest = strings.TrimSpace(strings.TrimPrefix(rest, ","))
	}
	if rest == "" {
		return intervals, nil
	}
	if len(intervals) > 0 {
		return nil, fmt.Errorf("%w: in a union every part needs brackets", ErrRange)
	}
	if _, err := Parse(Maven, rest); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRange, err)
	}
	return []interval{{}}, nil
}

// reachesInto says whether the next interval begins before this one ends. An
// interval without an upper bound may be followed by any other, as in Maven.
func (i interval) reachesInto(next interval) bool {
	return i.high != nil && (next.low == nil || compareInRange(next.low.version, i.high.version) < 0)
}

// parseMavenInterval reads one interval with its brackets.
func parseMavenInterval(s string) (interval, error) {
	lowInclusive, highInclusive := s[0] == '[', s[len(s)-1] == ']'
	inner := strings.TrimSpace(s[1 : len(s)-1])
	low, high, isPair := strings.Cut(inner, ",")
	low, high = strings.TrimSpace(low), strings.TrimSpace(high)
	switch {
	case inner == "":
		return interval{}, fmt.Errorf("%w: it names no version", ErrRange)
	case !isPair && !(lowInclusive && highInclusive):
		return interval{}, fmt.Errorf("%w: a single version needs square brackets", ErrRange)
	case isPair && low == high:
		return interval{}, fmt.Errorf("%w: its bounds are identical", ErrRange)
	case !isPair:
		high = low
	}
	return parseBounds(Maven, low, high, lowInclusive, highInclusive)
}
