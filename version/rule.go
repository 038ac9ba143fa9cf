package version

import (
	"fmt"
	"strings"
	"time"

	"github.com/dlclark/regexp2"
)

// tagTimeout bounds a single match: patterns are written by users, and a
// backtracking engine can be made to run for very long.
const tagTimeout = time.Second

// Tag is a pattern for the pre-release part of a version, in the regular
// expression dialect of .NET, found anywhere in it. The zero Tag matches
// everything.
type Tag struct {
	pattern *regexp2.Regexp
}

// ParseTag compiles a pattern; the empty one matches everything.
func ParseTag(pattern string) (Tag, error) {
	if pattern == "" {
		return Tag{}, nil
	}
	compiled, err := regexp2.Compile(pattern, regexp2.None)
	if err != nil {
		return Tag{}, fmt.Errorf("compile pre-release tag %q: %w", pattern, err)
	}
	compiled.MatchTimeout = tagTimeout
	return Tag{pattern: compiled}, nil
}

// Matches says whether the pre-release has the tag. The error tells that the
// pattern took too long.
func (t Tag) Matches(prerelease string) (bool, error) {
	if t.pattern == nil {
		return true, nil
	}
	ok, err := t.pattern.MatchString(prerelease)
	if err != nil {
		return false, fmt.Errorf("match pre-release tag %q: %w", t.pattern.String(), err)
	}
	return ok, nil
}

// MatchesTag says whether a pre-release has the tag; ParseTag serves better
// when one pattern meets many versions.
func MatchesTag(pattern, prerelease string) (bool, error) {
	tag, err := ParseTag(pattern)
	if err != nil {
		return false, err
	}
	return tag.Matches(prerelease)
}

// Rule is what a channel asks of a package version: that it lies in a range and
// that its pre-release has a tag. Either may be left out.
type Rule struct {
	anyVersion bool
	versions   Range
	tag        Tag
}

// ParseRule reads a rule for versions of the given format; a blank range admits
// every version and an empty tag every pre-release.
func ParseRule(f Format, versionRange, tag string) (Rule, error) {
	rule := Rule{anyVersion: strings.TrimSpace(versionRange) == ""}
	var err error
	if !rule.anyVersion {
		if rule.versions, err = ParseRange(f, versionRange); err != nil {
			return Rule{}, err
		}
	}
	if rule.tag, err = ParseTag(tag); err != nil {
		return Rule{}, err
	}
	return rule, nil
}

// Admits says whether the version satisfies range and tag. The error tells that
// the tag's pattern took too long.
func (r Rule) Admits(v Version) (bool, error) {
	if !r.anyVersion && !r.versions.Contains(v) {
		return false, nil
	}
	return r.tag.Matches(v.Prerelease)
}
