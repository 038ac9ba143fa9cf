package version

import (
	"strings"
	"unicode"
)

// parseOctopus reads the tolerant format of releases: up to four numbers with
// blanks around them, one separator, a pre-release and metadata, all optional.
func parseOctopus(s string) (Version, error) {
	if strings.TrimSpace(s) == "" {
		return Version{}, ErrInvalid
	}
	v := Version{original: withoutBlanks(s)}
	numbers, rest, err := leadingNumbers(strings.TrimLeftFunc(s, unicode.IsSpace))
	if err != nil {
		return Version{}, err
	}
	v.Major, v.Minor, v.Patch, v.Revision = numbers[0], numbers[1], numbers[2], numbers[3]
	if rest != "" && isSeparator(rest[0]) {
		rest = rest[1:]
	}

	n := prefixRun(rest, isLabelByte)
	v.Prerelease, rest = rest[:n], rest[n:]
	v.PrereleasePrefix, v.PrereleaseCounter = splitPrerelease(v.Prerelease)
	if metadata, ok := strings.CutPrefix(rest, "+"); ok {
		n := prefixRun(metadata, isMetadataByte)
		v.Metadata, rest = metadata[:n], metadata[n:]
	}
	if strings.TrimSpace(rest) != "" {
		return Version{}, ErrInvalid
	}
	return v, nil
}

// leadingNumbers reads an optional v and up to four numbers from the beginning
// of s, with white space around each number, and gives what follows them. When
// no number comes first, nothing is consumed: the v of "version" is a letter
// like any other.
func leadingNumbers(s string) (numbers [4]int, rest string, err error) {
	rest = s
	if rest != "" && (rest[0] == 'v' || rest[0] == 'V') {
		rest = rest[1:]
	}
	for i := range numbers {
		part := rest
		if i > 0 {
			after, ok := strings.CutPrefix(rest, ".")
			if !ok {
				break
			}
			part = after
		}
		part = strings.TrimLeftFunc(part, unicode.IsSpace)
		n := digitRun(part)
		if n == 0 {
			if i == 0 {
				return numbers, s, nil
			}
			break
		}
		if numbers[i], err = parseNumber(part[:n]); err != nil {
			return numbers, "", err
		}
		rest = strings.TrimLeftFunc(part[n:], unicode.IsSpace)
	}
	return numbers, rest, nil
}

// splitPrerelease splits at the first separator; later ones stay in the counter.
func splitPrerelease(prerelease string) (prefix, counter string) {
	i := strings.IndexAny(prerelease, separators)
	if i < 0 {
		return prerelease, ""
	}
	return prerelease[:i], prerelease[i+1:]
}

// separators may stand before and within a pre-release.
const separators = `.-_\`

func isSeparator(c byte) bool    { return strings.IndexByte(separators, c) >= 0 }
func isLabelByte(c byte) bool    { return isAlphanumeric(c) || isSeparator(c) }
func isMetadataByte(c byte) bool { return isLabelByte(c) || c == '+' }

// parseLexicographic reads labels and metadata; there are no numbers in it.
func parseLexicographic(s string) (Version, error) {
	if strings.TrimSpace(s) == "" {
		return Version{}, ErrInvalid
	}
	v := Version{original: withoutBlanks(s)}
	n := prefixRun(s, isLabelByte)
	v.Prerelease = s[:n]
	rest := s[n:]
	if metadata, ok := strings.CutPrefix(rest, "+"); ok {
		n := prefixRun(metadata, isMetadataByte)
		v.Metadata, rest = metadata[:n], metadata[n:]
	}
	if strings.TrimSpace(rest) != "" {
		return Version{}, ErrInvalid
	}
	return v, nil
}
