package rule

import (
	"strconv"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/variable"
	"github.com/takodeploy/tako/version"
)

// ReleaseRecord is an existing release as far as numbering needs it.
type ReleaseRecord struct {
	ID, Version string
	ChannelID   string
	Assembled   time.Time
}

// Numbering is everything that decides the number of a new release.
type Numbering struct {
	Template string
	// Donor is the version of the package whose version the release takes;
	// it counts when there is no template.
	Donor     string
	Project   string
	Channel   variable.Ref
	Channels  []variable.Ref // all of the project
	Releases  []ReleaseRecord
	Variables []variable.Value // the project's and its library sets'
	Now       time.Time
}

// Next is the number of the next release. Masks are resolved, so that it can be
// shown and saved as it is.
func (n *Numbering) Next() (string, error) {
	if strings.TrimSpace(n.Template) == "" {
		if n.Donor == "" {
			return "", fault.New(fault.Invalid, "The project has neither a template for release numbers nor a package to take them from.")
		}
		return n.Donor, CheckReleaseVersion(n.Donor)
	}
	text, err := n.Expand(n.Template)
	if err != nil {
		return "", err
	}
	if text, err = ResolveMask(text, n.Releases); err != nil {
		return "", err
	}
	return text, CheckReleaseVersion(text)
}

// Expand evaluates a template for release numbers. Masks stay in the result.
func (n *Numbering) Expand(template string) (string, error) {
	ctx := variable.Context{Channel: n.Channel.ID, Project: n.Project}
	values := append(n.usable(), n.system()...)
	text, err := variable.Resolve(values, ctx).Dictionary().Evaluate(template)
	if err != nil {
		return "", fault.Wrap(fault.Invalid, err, "The template for release numbers %q cannot be evaluated", template)
	}
	return strings.TrimSpace(text), nil
}

// usable are the variables that a release number may depend on: unscoped ones
// and those scoped to channels only. Secrets do not belong into a number.
func (n *Numbering) usable() []variable.Value {
	var out []variable.Value
	for _, v := range n.Variables {
		s := &v.Scope
		scopes := len(s.Environment) + len(s.Machine) + len(s.Role) + len(s.TargetRole) + len(s.Action) +
			len(s.Tenant) + len(s.TenantTag) + len(s.ProcessOwner)
		if scopes == 0 && !v.IsSensitive() {
			out = append(out, v)
		}
	}
	return out
}

// system are the variables that only templates for release numbers have.
func (n *Numbering) system() []variable.Value {
	var out []variable.Value
	put := func(name, value string) {
		out = append(out, variable.Value{Name: name, Value: value, Source: variable.FromSystem, Scope: variable.Scope{Private: true}})
	}
	parts := func(base, channel string) {
		for name, value := range versionParts(latestRelease(n.Releases, channel)) {
			put(base+name, value)
		}
	}
	parts("Octopus.Version.", "")
	parts("Octopus.Version.Channel.", n.Channel.ID)
	for _, c := range n.Channels {
		parts("Octopus.Version.Channel["+c.Name+"].", c.ID)
	}
	put("Octopus.Release.Channel.Name", n.Channel.Name)
	if n.Project != "" {
		put("Octopus.Project.Id", n.Project)
	}
	for name, value := range map[string]int{
		"Date.Day": n.Now.Day(), "Date.Month": int(n.Now.Month()), "Date.Year": n.Now.Year(), "Date.DayOfYear": n.Now.YearDay(),
		"Time.Hour": n.Now.Hour(), "Time.Minute": n.Now.Minute(), "Time.Second": n.Now.Second(),
	} {
		put("Octopus."+name, strconv.Itoa(value))
	}
	return out
}

// latestRelease is the version of the release made last, in a channel or, with
// an empty channel, at all.
func latestRelease(all []ReleaseRecord, channel string) string {
	var last *ReleaseRecord
	for i := range all {
		r := &all[i]
		if channel != "" && r.ChannelID != channel {
			continue
		}
		if last == nil || r.Assembled.After(last.Assembled) {
			last = r
		}
	}
	if last == nil {
		return ""
	}
	return last.Version
}

// versionParts are the parts of the last version and of the one after it.
// Without a last version it counts as 0, so that the first release is number 1
// wherever the template counts.
func versionParts(last string) map[string]string {
	v, err := version.Parse(version.Octopus, last)
	if err != nil {
		v = version.Version{}
	}
	parts := map[string]string{"LastSuffix": v.Prerelease, "NextSuffix": nextSuffix(v.Prerelease)}
	for name, number := range map[string]int{"Major": v.Major, "Minor": v.Minor, "Patch": v.Patch, "Build": v.Patch, "Revision": v.Revision} {
		parts["Last"+name] = strconv.Itoa(number)
		parts["Next"+name] = strconv.Itoa(number + 1)
	}
	return parts
}

// nextSuffix counts the number at the end of a pre-release up by one. One
// without a number stays as it is.
func nextSuffix(suffix string) string {
	stem := strings.TrimRight(suffix, "0123456789")
	number, err := strconv.ParseInt(suffix[len(stem):], 10, 32)
	if err != nil {
		return suffix
	}
	return stem + strconv.FormatInt(number+1, 10)
}

// ResolveMask replaces the increments and currents of a mask by numbers, on
// top of the latest release that agrees with the mask's fixed leading part.
// What is no mask is returned unchanged.
func ResolveMask(text string, releases []ReleaseRecord) (string, error) {
	if !version.IsMask(text) {
		return text, nil
	}
	versions := make([]string, len(releases))
	for i := range releases {
		versions[i] = releases[i].Version
	}
	current := ""
	if latest := version.LatestMatchingMask(text, versions); len(latest) > 0 {
		current = latest[len(latest)-1]
	}
	next, err := version.ApplyMask(text, current)
	if err != nil {
		return "", fault.Wrap(fault.Invalid, err, "The version mask %q cannot be applied", text)
	}
	return next, nil
}

// maxReleaseVersion is the most characters that a release number may have.
const maxReleaseVersion = 349

// CheckReleaseVersion says what is wrong with a release number: it must be
// SemVer, of up to four numbers.
func CheckReleaseVersion(text string) error {
	switch {
	case strings.TrimSpace(text) == "":
		return fault.New(fault.Invalid, "A release needs a version.")
	case len(text) > maxReleaseVersion:
		return fault.New(fault.Invalid, "The release version is longer than %d characters.", maxReleaseVersion)
	}
	if _, err := version.Parse(version.SemVer, text); err != nil || strings.TrimSpace(text) != text {
		return fault.New(fault.Invalid, "%q is not a valid release version. Use SemVer, such as 1.2.3 or 1.2.3-beta.1+build, or up to four numbers, such as 1.2.3.4.", text)
	}
	return nil
}

// FindRelease finds the release whose version means the same as text, however
// it is written: 1.0 is 1.0.0, and 2016.01.02 is 2016.1.2. Build metadata makes
// a version of its own.
func FindRelease(releases []ReleaseRecord, text string) (ReleaseRecord, bool) {
	wanted, err := version.Parse(version.SemVer, text)
	for _, r := range releases {
		if strings.EqualFold(r.Version, text) {
			return r, true
		}
		if err != nil {
			continue
		}
		if v, bad := version.Parse(version.SemVer, r.Version); bad == nil && v.Equal(wanted) {
			return r, true
		}
	}
	return ReleaseRecord{}, false
}

// CheckUnique complains when the project has a release of the same version.
func CheckUnique(releases []ReleaseRecord, text string) error {
	taken, found := FindRelease(releases, text)
	if !found {
		return nil
	}
	if taken.Version == text {
		return fault.New(fault.Invalid, "Release %s already exists in this project. Choose another version.", text)
	}
	return fault.New(fault.Invalid, "Release %s already exists in this project, and %s means the same version. Choose another.", taken.Version, text)
}
