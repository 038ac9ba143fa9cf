package version

import (
	"cmp"
	"strconv"
	"strings"
	"unicode"
)

// Compare orders v and w by the rules of v's format: negative when v comes
// first, 0 when they tie, positive when v comes last. Versions that tie may
// differ in text, as 1.0 and 1.0.0 do.
//
// Versions of different formats seldom meet. When they do, a Docker tag comes
// before anything that is no Docker tag, Maven sees an empty version, and the
// other formats compare numbers and pre-releases.
func (v Version) Compare(w Version) int {
	switch v.Format {
	case Maven:
		if w.Format != Maven {
			return compareMaven(v.original, "")
		}
		return compareMaven(v.original, w.original)
	case Docker:
		if w.Format != Docker {
			return -1
		}
		return compareOctopus(v, w)
	case Octopus:
		return compareOctopus(v, w)
	case Lexicographic:
		return compareSanitized(v.Prerelease, w.Prerelease)
	default:
		return compareSemVer(v, w, true)
	}
}

// Equal says whether the versions tie, which needs not mean equal text.
func (v Version) Equal(w Version) bool { return v.Compare(w) == 0 }

// compareNumbers compares the four numbers, the first deciding most.
func compareNumbers(v, w Version) int {
	return cmp.Or(
		cmp.Compare(v.Major, w.Major),
		cmp.Compare(v.Minor, w.Minor),
		cmp.Compare(v.Patch, w.Patch),
		cmp.Compare(v.Revision, w.Revision),
	)
}

// comparePresence puts a pre-release before the release of the same numbers.
func comparePresence(v, w bool) int {
	switch {
	case v == w:
		return 0
	case v:
		return -1
	default:
		return 1
	}
}

// compareOctopus ignores metadata, and any separator in a pre-release is as
// good as any other.
func compareOctopus(v, w Version) int {
	return cmp.Or(
		compareNumbers(v, w),
		comparePresence(v.Prerelease != "", w.Prerelease != ""),
		compareSanitized(v.Prerelease, w.Prerelease),
	)
}

// compareSanitized compares pre-releases label by label after turning
// everything that is no letter and no digit into a dash.
func compareSanitized(a, b string) int {
	return compareLabels(strings.Split(sanitize(a), "-"), strings.Split(sanitize(b), "-"))
}

// sanitize keeps letters and digits and replaces the rest by dashes.
func sanitize(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			return r
		}
		return '-'
	}, s)
}

// compareSemVer compares numbers, labels and, unless the caller leaves it out,
// metadata.
func compareSemVer(v, w Version, metadata bool) int {
	c := cmp.Or(compareNumbers(v, w), comparePresence(v.IsPrerelease(), w.IsPrerelease()))
	if c == 0 && v.IsPrerelease() {
		c = compareLabels(strings.Split(v.Prerelease, "."), strings.Split(w.Prerelease, "."))
	}
	if c == 0 && metadata {
		c = compareFold(v.Metadata, w.Metadata)
	}
	return c
}

// compareLabels compares pairwise; of two lists with the same beginning the
// shorter comes first.
func compareLabels(a, b []string) int {
	for i := range min(len(a), len(b)) {
		if c := compareLabel(a[i], b[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

// compareLabel compares two labels: numbers as numbers, numbers before text,
// text without regard to case.
func compareLabel(a, b string) int {
	x, aNumeric := labelNumber(a)
	y, bNumeric := labelNumber(b)
	switch {
	case aNumeric && bNumeric:
		return cmp.Compare(x, y)
	case aNumeric:
		return -1
	case bNumeric:
		return 1
	default:
		return compareFold(a, b)
	}
}

// labelNumber reads a label as a number of 31 bits, possibly negative; longer
// runs of digits count as text.
func labelNumber(label string) (int, bool) {
	n, err := strconv.ParseInt(label, 10, 32)
	return int(n), err == nil
}

// compareFold compares by upper-case code points.
func compareFold(a, b string) int {
	return strings.Compare(strings.ToUpper(a), strings.ToUpper(b))
}
