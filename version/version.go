// Package version reads, orders and selects the version numbers that releases
// and packages carry.
//
// Five formats are in use side by side: the tolerant Octopus format of
// releases, SemVer with up to four numbers for NuGet-like feeds, Maven with
// its own order, Docker tags, and Lexicographic for anything else. One Version
// type holds them all, because a deployment compares, displays and filters
// versions without caring which feed they came from. The package also knows
// what is built of versions: ranges, channel rules, masks that say how the
// next version is numbered, package file names and Maven coordinates.
//
// It does no I/O and depends on nothing else of this module.
package version

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Format says by which rules a version is read and ordered.
type Format int

// The formats. SemVer is the zero value: it is what a package has unless its
// feed says otherwise.
const (
	SemVer        Format = iota // up to four numbers, labels and metadata
	Maven                       // Apache Maven's order and qualifiers
	Docker                      // image tags, where "latest" is no pre-release
	Octopus                     // the tolerant format of releases
	Lexicographic               // labels only, no numbers
)

// formatNames are the names used in documents, in the order of the constants.
var formatNames = [...]string{"Semver", "Maven", "Docker", "Octopus", "Lexicographic"}

// String gives the format's name as documents spell it.
func (f Format) String() string {
	if f < 0 || int(f) >= len(formatNames) {
		return "Format(" + strconv.Itoa(int(f)) + ")"
	}
	return formatNames[f]
}

// ParseFormat finds a format by its name, ignoring case.
func ParseFormat(name string) (Format, bool) {
	for i, known := range formatNames {
		if strings.EqualFold(known, name) {
			return Format(i), true
		}
	}
	return 0, false
}

// ErrInvalid is the reason of every refused version that is not ErrTooLarge.
var ErrInvalid = errors.New("not a valid version")

// ErrTooLarge is the reason when a number of a version needs more than 31 bits.
var ErrTooLarge = errors.New("a version number is too large")

// Version is one version in one format. Its fields are for reading; a Version
// comes from Parse. The zero Version is SemVer 0.0.0 with an empty text.
type Version struct {
	Format   Format
	Major    int
	Minor    int
	Patch    int
	Revision int
	// Prerelease is everything between the numbers and the metadata.
	Prerelease string
	// PrereleasePrefix and PrereleaseCounter are Prerelease split at its first
	// separator; only the Octopus and Docker formats fill them.
	PrereleasePrefix  string
	PrereleaseCounter string
	// Metadata is what follows the plus sign; Maven versions have none.
	Metadata string

	original string
}

// Parse reads a version in the given format.
func Parse(f Format, s string) (Version, error) {
	var (
		v   Version
		err error
	)
	switch f {
	case SemVer:
		v, err = parseSemVer(s)
	case Maven:
		v, err = parseMaven(s)
	case Docker, Octopus:
		v, err = parseOctopus(s)
	case Lexicographic:
		v, err = parseLexicographic(s)
	default:
		err = fmt.Errorf("%w: there is no such format", ErrInvalid)
	}
	if err != nil {
		return Version{}, fmt.Errorf("parse %s version %q: %w", f, s, err)
	}
	v.Format = f
	return v, nil
}

// String gives the version as it was written, without blanks.
func (v Version) String() string { return v.original }

// HasMetadata says whether the version carries build metadata.
func (v Version) HasMetadata() bool { return strings.TrimSpace(v.Metadata) != "" }

// IsPrerelease says whether the version precedes the release of its numbers.
func (v Version) IsPrerelease() bool {
	switch v.Format {
	case Lexicographic:
		return false
	case Docker:
		return v.Prerelease != "" && !v.isLatest()
	case Maven:
		return isMavenPrerelease(v.Prerelease)
	default:
		return v.Prerelease != ""
	}
}

// isLatest says whether the version is Docker's floating tag.
func (v Version) isLatest() bool { return v.Format == Docker && v.original == "latest" }

// parseNumber reads a run of decimal digits as a number of a version.
func parseNumber(digits string) (int, error) {
	n, err := strconv.ParseInt(digits, 10, 32)
	if errors.Is(err, strconv.ErrRange) {
		return 0, ErrTooLarge
	}
	if err != nil {
		return 0, ErrInvalid
	}
	return int(n), nil
}

// withoutBlanks drops the blanks that are tolerated around numbers.
func withoutBlanks(s string) string { return strings.ReplaceAll(s, " ", "") }

// isDigit and isAlphanumeric look at ASCII only: no format admits other digits.
func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isAlphanumeric(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// digitRun is the length of the run of digits that s begins with.
func digitRun(s string) int { return prefixRun(s, isDigit) }

// prefixRun is the length of the longest beginning of s made of such bytes.
func prefixRun(s string, is func(byte) bool) int {
	n := 0
	for n < len(s) && is(s[n]) {
		n++
	}
	return n
}
