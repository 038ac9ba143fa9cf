package rule

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/feed"
	"github.com/takodeploy/tako/version"
)

// PackageSlot is a place in a process that takes a package: a reference of an
// action. The action's own package has an empty reference.
type PackageSlot struct {
	Step      string // name of the step
	Action    string // name of the action, which is what rules and releases use
	Reference string
	PackageID string
	Format    version.Format // of its feed's versions
}

// title names the slot's package for a sentence.
func (s *PackageSlot) Title() string {
	step := cmp.Or(s.Action, s.Step)
	if s.Reference != "" {
		return fmt.Sprintf("package %q (%s of step %q)", cmp.Or(s.PackageID, s.Reference), s.Reference, step)
	}
	if s.PackageID == "" {
		return fmt.Sprintf("the package of step %q", step)
	}
	return fmt.Sprintf("package %q of step %q", s.PackageID, step)
}

// ChannelPackage names a slot in a channel's rule.
type ChannelPackage struct{ Action, Reference string }

// ChannelRule limits the versions of some packages. Every part that is present
// must be satisfied.
type ChannelRule struct {
	Packages     []ChannelPackage
	VersionRange string // NuGet's notation, or Maven's for Maven feeds
	Tag          string // pattern for pre-release and metadata
	VersionTag   string // pattern for the whole version, such as an image's tag
	ByPublished  bool   // newest means most recently published; never who is in
}

// covers says whether the rule is about a slot.
func (r *ChannelRule) covers(s *PackageSlot) bool {
	return slices.ContainsFunc(r.Packages, func(p ChannelPackage) bool {
		return strings.EqualFold(p.Action, s.Action) && strings.EqualFold(p.Reference, s.Reference)
	})
}

// Channel is a project's channel as far as its rules need it.
type Channel struct {
	ID, Name      string
	Default       bool
	Rules         []ChannelRule
	GitReferences []string // patterns for the project's own git reference
	TenantTags    []string
}

// SelectedVersion is the version chosen for a slot.
type SelectedVersion struct {
	PackageSlot
	Version string
}

// CheckChannel lists what is wrong with a channel's rules: ranges and patterns
// that cannot be read, and packages that are in more than one rule.
func CheckChannel(c *Channel, formats func(ChannelPackage) version.Format) error {
	var wrong fault.Complaints
	seen := map[string]int{}
	for i := range c.Rules {
		r := &c.Rules[i]
		format := version.SemVer
		if len(r.Packages) > 0 && formats != nil {
			format = formats(r.Packages[0])
		}
		if _, err := compileRule(r, format); err != nil {
			wrong.Add("Rule %d of channel %q: %s.", i+1, c.Name, err)
		}
		for _, p := range r.Packages {
			key := strings.ToLower(p.Action + "\x00" + p.Reference)
			if first, twice := seen[key]; twice {
				wrong.Add("%s is in rules %d and %d of channel %q; a package may be in one rule only.", Capital((&PackageSlot{Action: p.Action, Reference: p.Reference}).Title()), first, i+1, c.Name)
				continue
			}
			seen[key] = i + 1
		}
	}
	return wrong.Err()
}

// capital starts a sentence.
func Capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// compiledRule is a rule ready to be applied to versions of one format.
type compiledRule struct {
	rule            *ChannelRule
	versions        *version.Range
	tag, versionTag version.Tag
}

// compileRule reads a rule's parts.
func compileRule(r *ChannelRule, format version.Format) (*compiledRule, error) {
	c := &compiledRule{rule: r}
	if strings.TrimSpace(r.VersionRange) != "" {
		parsed, err := version.ParseRange(format, r.VersionRange)
		if err != nil {
			return nil, fmt.Errorf("the version range %q cannot be read: %w", r.VersionRange, err)
		}
		c.versions = &parsed
	}
	var err error
	if c.tag, err = version.ParseTag(r.Tag); err != nil {
		return nil, fmt.Errorf("the pre-release tag cannot be read: %w", err)
	}
	if c.versionTag, err = version.ParseTag(r.VersionTag); err != nil {
		return nil, fmt.Errorf("the version tag cannot be read: %w", err)
	}
	return c, nil
}

// tagText is what a tag pattern looks at: the pre-release, and the metadata
// with its plus sign, so that "^$" admits neither.
func tagText(v version.Version) string {
	if v.HasMetadata() {
		return v.Prerelease + "+" + v.Metadata
	}
	return v.Prerelease
}

// refuses lists why a version does not satisfy the rule.
func (c *compiledRule) refuses(v version.Version) []string {
	var why []string
	if c.versions != nil && !c.versions.Contains(v) {
		why = append(why, fmt.Sprintf("it is outside the range %s", strings.TrimSpace(c.rule.VersionRange)))
	}
	switch ok, err := c.tag.Matches(tagText(v)); {
	case err != nil:
		why = append(why, "the pre-release tag's pattern took too long")
	case !ok && tagText(v) == "":
		why = append(why, fmt.Sprintf("it has no pre-release tag, and the rule asks for %q", c.rule.Tag))
	case !ok:
		why = append(why, fmt.Sprintf("its pre-release tag %q does not match %q", tagText(v), c.rule.Tag))
	}
	switch ok, err := c.versionTag.Matches(v.String()); {
	case err != nil:
		why = append(why, "the version tag's pattern took too long")
	case !ok:
		why = append(why, fmt.Sprintf("it does not match %q", c.rule.VersionTag))
	}
	return why
}

// Violations lists, one sentence each, the chosen versions that the channel's
// rules do not admit.
func (c *Channel) Violations(selected []SelectedVersion) []string {
	var found []string
	for i := range selected {
		s := &selected[i]
		for j := range c.Rules {
			if !c.Rules[j].covers(&s.PackageSlot) {
				continue
			}
			if why := ruleRefuses(&c.Rules[j], s); why != "" {
				found = append(found, fmt.Sprintf("Version %s of %s does not satisfy rule %d of channel %q: %s.", s.Version, s.Title(), j+1, c.Name, why))
			}
		}
	}
	return found
}

// TestVersion says of a version whether it is in a rule's range and whether its
// tag is as the rule asks for.
func TestVersion(r *ChannelRule, format version.Format, text string) (inRange, tagged bool, err error) {
	c, err := compileRule(r, format)
	if err != nil {
		return false, false, err
	}
	v, err := version.Parse(format, text)
	if err != nil {
		return false, false, err
	}
	tagged, err = c.tag.Matches(tagText(v))
	return c.versions == nil || c.versions.Contains(v), tagged, err
}

// ruleRefuses says why a rule does not admit a chosen version; "" if it does.
func ruleRefuses(r *ChannelRule, s *SelectedVersion) string {
	rule, err := compileRule(r, s.Format)
	if err != nil {
		return err.Error()
	}
	v, err := version.Parse(s.Format, s.Version)
	if err != nil {
		return "it is not a version that can be compared"
	}
	return strings.Join(rule.refuses(v), ", and ")
}

// AdmitsTenant says whether releases of the channel may go to a tenant.
func (c *Channel) AdmitsTenant(tags []string) bool { return MatchTags(c.TenantTags, tags) }

// GitViolation says why a release may not be made from a git reference; "" if
// it may. A channel without patterns admits every reference.
func (c *Channel) GitViolation(reference string) string {
	if len(c.GitReferences) == 0 {
		return ""
	}
	for _, pattern := range c.GitReferences {
		if matchReference(pattern, reference) {
			return ""
		}
	}
	return fmt.Sprintf("Git reference %q does not satisfy channel %q, which asks for %s.", reference, c.Name, Quoted(c.GitReferences, "or"))
}

// BestChannel finds the channel that a release with these versions fits best:
// of those that admit every version, the one with most rules about them; the
// default channel wins ties, then the name decides. When none admits them, it
// is the default channel, with the sentences that say why not.
func BestChannel(channels []Channel, selected []SelectedVersion) (*Channel, []string, error) {
	var best, byDefault *Channel
	most := -1
	ordered := make([]*Channel, len(channels))
	for i := range channels {
		ordered[i] = &channels[i]
	}
	slices.SortStableFunc(ordered, func(a, b *Channel) int {
		return cmp.Or(cmp.Compare(boolRank(a.Default), boolRank(b.Default)), strings.Compare(a.Name, b.Name))
	})
	for _, c := range ordered {
		if c.Default && byDefault == nil {
			byDefault = c
		}
		if len(c.Violations(selected)) > 0 {
			continue
		}
		if n := c.applying(selected); n > most {
			best, most = c, n
		}
	}
	if best != nil {
		return best, nil, nil
	}
	if byDefault == nil {
		return nil, nil, fault.New(fault.Invalid, "The project has no default channel.")
	}
	return byDefault, byDefault.Violations(selected), nil
}

// boolRank sorts true before false.
func boolRank(b bool) int {
	if b {
		return 0
	}
	return 1
}

// applying counts the rules that are about any of the chosen versions.
func (c *Channel) applying(selected []SelectedVersion) int {
	n := 0
	for i := range c.Rules {
		if slices.ContainsFunc(selected, func(s SelectedVersion) bool { return c.Rules[i].covers(&s.PackageSlot) }) {
			n++
		}
	}
	return n
}

// RuleFor finds the channel's rule about a slot.
func (c *Channel) RuleFor(s *PackageSlot) (*ChannelRule, bool) {
	for i := range c.Rules {
		if c.Rules[i].covers(s) {
			return &c.Rules[i], true
		}
	}
	return nil, false
}

// OfferedVersion is a version that a feed has.
type OfferedVersion = feed.Offered

// Latest finds the newest version that a rule admits; a nil rule admits all.
// Pre-releases are left out unless asked for or unless the rule speaks of them.
func Latest(rule *ChannelRule, format version.Format, offered []OfferedVersion, prereleases bool) (OfferedVersion, bool, error) {
	if rule == nil {
		rule = &ChannelRule{}
	}
	compiled, err := compileRule(rule, format)
	if err != nil {
		return OfferedVersion{}, false, fault.Wrap(fault.Invalid, err, "The channel's rule cannot be applied")
	}
	prereleases = prereleases || rule.Tag != "" || rule.VersionTag != "" || strings.Contains(rule.VersionRange, "-")
	var (
		best  OfferedVersion
		bestV version.Version
		found bool
	)
	for _, o := range offered {
		v, err := version.Parse(format, o.Version)
		if err != nil || v.IsPrerelease() && !prereleases || len(compiled.refuses(v)) > 0 {
			continue
		}
		newer := v.Compare(bestV)
		if rule.ByPublished {
			newer = cmp.Or(o.Published.Compare(best.Published), newer)
		}
		if !found || newer > 0 {
			best, bestV, found = o, v, true
		}
	}
	return best, found, nil
}
