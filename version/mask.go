package version

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// The substitutes of a mask: the part of the current version plus one, and the
// part as it is.
const (
	increment = "i"
	current   = "c"
)

// A mask is a version in which some parts are substitutes. A version without
// any is read as a mask too: the current version is a mask of its own.
type mask struct {
	prefix   string
	numbers  []string // up to four, digits or a substitute
	labels   []string // dotted identifiers after the dash
	metadata []string // dotted identifiers after the plus
}

// IsMask says whether s would number the next version from the current one. It
// looks at the numbers and at the last identifier behind a dot only, so that
// names such as 1.0-i are not taken for masks although ApplyMask treats them as
// such.
func IsMask(s string) bool {
	m, ok := parseMask(s)
	if !ok {
		return false
	}
	for _, number := range m.numbers {
		if isSubstitute(number) {
			return true
		}
	}
	return endsInSubstitute(m.labels) || endsInSubstitute(m.metadata)
}

// ApplyMask numbers the next version. Without a current version every
// substitute is 0; a current version that cannot be read counts as 0.0.0. What
// is no mask is returned as the version that it is, without blanks.
func ApplyMask(maskText, currentVersion string) (string, error) {
	text := maskText
	if m, ok := parseMask(maskText); ok {
		if currentVersion == "" {
			text = m.start()
		} else {
			text = m.next(readCurrent(currentVersion))
		}
	}
	v, err := Parse(Octopus, text)
	if err != nil {
		return "", fmt.Errorf("apply version mask %q: %w", maskText, err)
	}
	return v.String(), nil
}

// LatestMatchingMask gives the versions that agree with the mask up to its
// first substituted number and are the highest among those. There are several
// when they differ in metadata only. They come in the order of the list;
// versions that cannot be read are left out.
func LatestMatchingMask(maskText string, versions []string) []string {
	m, _ := parseMask(maskText)
	var (
		latest  []string
		highest Version
	)
	for _, text := range versions {
		v, err := Parse(Octopus, text)
		if err != nil || !m.agrees(v) {
			continue
		}
		c := 1
		if len(latest) > 0 {
			c = v.Compare(highest)
		}
		if c > 0 {
			latest, highest = latest[:0], v
		}
		if c >= 0 {
			latest = append(latest, text)
		}
	}
	return latest
}

// parseMask reads s as a mask and says whether it is one, in the widest sense.
func parseMask(s string) (mask, bool) {
	var m mask
	numeric, metadata, hasMetadata := strings.Cut(s, "+")
	numeric, labels, hasLabels := strings.Cut(numeric, "-")
	if strings.ContainsFunc(s, unicode.IsSpace) {
		return mask{}, false
	}
	if hasLabels {
		m.labels = strings.Split(labels, ".")
	}
	if hasMetadata {
		m.metadata = strings.Split(metadata, ".")
	}
	if numeric == "" {
		return m, true
	}
	if numeric[0] == 'v' || numeric[0] == 'V' {
		m.prefix, numeric = numeric[:1], numeric[1:]
	}
	m.numbers = strings.Split(numeric, ".")
	if len(m.numbers) > 4 {
		return mask{}, false
	}
	for _, number := range m.numbers {
		if !isSubstitute(number) && (number == "" || digitRun(number) != len(number)) {
			return mask{}, false
		}
	}
	return m, true
}

// readCurrent takes the current version apart; nothing is left of one that
// cannot be read.
func readCurrent(s string) mask {
	v, err := Parse(Octopus, s)
	if err != nil {
		return mask{}
	}
	m, _ := parseMask(v.String())
	return m
}

func isSubstitute(part string) bool { return part == increment || part == current }

// endsInSubstitute says whether a list of several identifiers ends in one.
func endsInSubstitute(identifiers []string) bool {
	return len(identifiers) > 1 && isSubstitute(identifiers[len(identifiers)-1])
}

// agrees says whether a version has the mask's numbers up to the first
// substitute; numbers that the mask leaves out are zeros.
func (m mask) agrees(v Version) bool {
	for i, actual := range []int{v.Major, v.Minor, v.Patch, v.Revision} {
		wanted := "0"
		if i < len(m.numbers) {
			wanted = m.numbers[i]
		}
		if isSubstitute(wanted) {
			return true
		}
		if number, err := parseNumber(wanted); err != nil || number != actual {
			return false
		}
	}
	return true
}

// start is the first version ever: every substitute is 0.
func (m mask) start() string {
	zero := func(parts []string) string {
		result := make([]string, len(parts))
		for i, part := range parts {
			result[i] = part
			if isSubstitute(part) {
				result[i] = "0"
			}
		}
		return strings.Join(result, ".")
	}
	return m.assemble(zero(m.numbers), zero(m.labels), zero(m.metadata))
}

// next is the version after the current one.
func (m mask) next(now mask) string {
	return m.assemble(
		nextNumbers(m.numbers, now.numbers),
		nextIdentifiers(m.labels, now.labels),
		nextIdentifiers(m.metadata, now.metadata),
	)
}

// assemble puts the parts together, leaving out those that are empty.
func (m mask) assemble(numbers, labels, metadata string) string {
	text := m.prefix + numbers
	if labels != "" {
		text += "-" + labels
	}
	if metadata != "" {
		text += "+" + metadata
	}
	return text
}

// nextNumbers substitutes the numbers. A substitute right after an increment
// starts again at 0, and so does the first number that only the current version
// has.
func nextNumbers(parts, now []string) string {
	result := make([]string, 0, len(parts)+1)
	for i, part := range parts {
		if i > 0 && parts[i-1] == increment && isSubstitute(part) {
			result = append(result, "0")
			continue
		}
		result = append(result, substitute(part, at(now, i)))
	}
	if len(parts) > 0 && len(now) > len(parts) {
		result = append(result, "0")
	}
	return strings.Join(result, ".")
}

// nextIdentifiers substitutes identifiers. When the list ends in a substitute,
// whatever follows an increment starts again at 0.
func nextIdentifiers(parts, now []string) string {
	restarts := endsInSubstitute(parts)
	result := make([]string, len(parts))
	for i, part := range parts {
		if restarts && i > 0 && parts[i-1] == increment {
			result[i] = "0"
			continue
		}
		result[i] = substitute(part, at(now, i))
	}
	return strings.Join(result, ".")
}

// substitute gives the part, or what it stands for.
func substitute(part, now string) string {
	if !isSubstitute(part) {
		return part
	}
	// What the current version has there may be text; that counts as 0.
	number, err := strconv.ParseInt(now, 10, 32)
	if err != nil {
		number = 0
	}
	if part == increment {
		number++
	}
	return strconv.FormatInt(number, 10)
}

// at gives the part at a place, or "" beyond the end.
func at(parts []string, i int) string {
	if i >= len(parts) {
		return ""
	}
	return parts[i]
}
