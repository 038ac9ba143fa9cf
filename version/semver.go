package version

import "strings"

// parseSemVer reads one to four numbers, labels and metadata. The text that is
// kept has the v, the leading zeros and the fourth number; only when it held
// blanks is it rewritten, without the blanks and without the v.
func parseSemVer(s string) (Version, error) {
	trimmed := strings.TrimSpace(s)
	body := strings.TrimPrefix(trimmed, "v")
	v := Version{original: trimmed}
	if strings.Contains(trimmed, " ") {
		v.original = withoutBlanks(body)
	}

	// Metadata is cut off first: a dash after the plus belongs to it.
	labelled, metadata, hasMetadata := strings.Cut(body, "+")
	numeric, labels, hasLabels := strings.Cut(labelled, "-")
	if hasMetadata && !areIdentifiers(metadata) || hasLabels && !areIdentifiers(labels) {
		return Version{}, ErrInvalid
	}
	v.Prerelease, v.Metadata = labels, metadata

	parts := strings.Split(numeric, ".")
	if len(parts) > 4 {
		return Version{}, ErrInvalid
	}
	for i, into := range []*int{&v.Major, &v.Minor, &v.Patch, &v.Revision}[:len(parts)] {
		digits := strings.Trim(parts[i], "\t\n\v\f\r ")
		if digits == "" || digitRun(digits) != len(digits) {
			return Version{}, ErrInvalid
		}
		number, err := parseNumber(digits)
		if err != nil {
			return Version{}, err
		}
		*into = number
	}
	return v, nil
}

// areIdentifiers says whether s is a dotted list of non-empty identifiers.
func areIdentifiers(s string) bool {
	for part := range strings.SplitSeq(s, ".") {
		n := prefixRun(part, func(c byte) bool { return isAlphanumeric(c) || c == '-' })
		if n == 0 || n != len(part) {
			return false
		}
	}
	return true
}
