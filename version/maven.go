package version

import "strings"

// parseMaven reads up to three numbers, a build number after a dash, and the
// qualifier. Any text is a Maven version: without a number it is all qualifier.
func parseMaven(s string) (Version, error) {
	v := Version{original: s}
	rest := s
	for i, into := range []*int{&v.Major, &v.Minor, &v.Patch} {
		part := rest
		if i > 0 {
			after, ok := strings.CutPrefix(rest, ".")
			if !ok {
				break
			}
			part = after
		}
		n := digitRun(part)
		if n == 0 {
			if i == 0 {
				v.Prerelease = s
				return v, nil
			}
			break
		}
		number, err := parseNumber(part[:n])
		if err != nil {
			return Version{}, err
		}
		*into, rest = number, part[n:]
	}

	qualifier := ""
	if rest != "" && (rest[0] == '.' || rest[0] == '-') {
		qualifier = rest[1:]
	}
	if n := digitRun(qualifier); n > 0 && rest[0] == '-' {
		number, err := parseNumber(qualifier[:n])
		if err != nil {
			return Version{}, err
		}
		v.Revision, qualifier = number, qualifier[n:]
	}
	if strings.TrimSpace(qualifier) != "" {
		v.Prerelease = qualifier
	}
	return v, nil
}

// isMavenPrerelease says whether the qualifier names something that comes
// before a release.
func isMavenPrerelease(qualifier string) bool {
	q := strings.ToLower(qualifier)
	if q == "snapshot" {
		return true
	}
	for _, name := range []string{"alpha", "beta", "milestone", "rc", "cr"} {
		if strings.HasPrefix(q, name) {
			return true
		}
	}
	return len(q) > 1 && strings.IndexByte("abm", q[0]) >= 0 && isDigit(q[1])
}
