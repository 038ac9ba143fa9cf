package deploy

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/gitproject"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/rule"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/variable"
	"github.com/takodeploy/tako/version"
)

// NewRelease is what a release is made of.
type NewRelease struct {
	Space   string
	Project string // id, slug or name
	Channel string // id, slug or name; empty chooses the one that fits best
	Version string // a version, a template or a mask; empty is worked out
	// Packages are versions of packages as overrides, such as "Deploy web:1.2".
	Packages []string
	// Selected are versions of packages by action and reference.
	Selected []catalog.SelectedPackage
	// GitResources are Git references as overrides, such as "Deploy web:main".
	GitResources   []string
	SelectedGit    []catalog.SelectedGitResource
	DefaultVersion string // of all packages for which nothing else is said
	Prerelease     string // the pre-release tag that newest versions shall have
	Notes          string
	GitRef         string
	GitCommit      string
	CustomFields   map[string]string
	IgnoreIfExists bool
	IgnoreRules    bool // of the channel
	// Then is what else happens in the unit that makes the release; that may be
	// tried more than once.
	Then func(tx *store.Tx, made *MadeRelease) error
}

// MadeRelease is a release with what has followed from it.
type MadeRelease struct {
	Release *catalog.Release
	Existed bool // it was there already
	// Automatic are the deployments that the lifecycle has asked for.
	Automatic []MadeDeployment
}

// releaseDraft is a release while it is being worked out.
type releaseDraft struct {
	NewRelease
	project  *catalog.Project
	channels []*catalog.Channel
	channel  *catalog.Channel
	values   []variable.Value
	steps    []catalog.Step
	slots    []slot
	chosen   []string             // a version for each slot
	revision *gitproject.Revision // of a project in Git
}

// CreateRelease makes a release of a project as it is now.
func (s *Service) CreateRelease(ctx context.Context, in NewRelease) (*MadeRelease, error) {
	d := &releaseDraft{NewRelease: in}
	existing, err := s.gather(ctx, d)
	if err != nil || existing != nil {
		return existing, err
	}
	if err := s.choosePackages(ctx, d); err != nil {
		return nil, err
	}
	var made *MadeRelease
	err = s.DB.Do(ctx, func(tx *store.Tx) (err error) {
		if made, err = s.putRelease(tx, d); err != nil || in.Then == nil {
			return err
		}
		return in.Then(tx, made)
	})
	return made, err
}

// gather reads what the release is made from. It gives the release that is
// there already, if that is all that is asked for.
func (s *Service) gather(ctx context.Context, d *releaseDraft) (existing *MadeRelease, err error) {
	if d.revision, err = s.revision(ctx, d.Space, d.Project, d.GitRef, d.GitCommit); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if d.project, err = findProject(tx, d.Space, d.Project); err != nil {
			return err
		}
		switch {
		case d.project.IsDisabled:
			return fault.New(fault.Invalid, "Project '%s' is disabled, so no release of it can be created.", d.project.Name)
		}
		if d.IgnoreIfExists && d.Version != "" && !version.IsMask(d.Version) {
			found, err := catalog.FindRelease(tx, d.Space, d.project.ID, d.Version)
			if err != nil {
				return err
			}
			if found != nil {
				existing = &MadeRelease{Release: found, Existed: true}
				return nil
			}
		}
		if d.channels, err = channelsOf(tx, d.project); err != nil {
			return err
		}
		if d.Channel != "" {
			if d.channel, err = pickChannel(d.channels, d.Channel, d.project.Name); err != nil {
				return err
			}
		}
		if err := d.current(tx); err != nil {
			return err
		}
		channel := ""
		if d.channel != nil {
			channel = d.channel.ID
		}
		d.slots = slotsOf(d.steps, d.values, inProject(d.project.ID, channel))
		return nil
	})
	return existing, err
}

func findProject(tx *store.Tx, space, what string) (*catalog.Project, error) {
	if strings.TrimSpace(what) == "" {
		return nil, fault.New(fault.Invalid, "ProjectName must not be empty.")
	}
	p, err := catalog.Projects.Find(tx, space, what)
	if fault.Is(err, fault.NotFound) {
		return nil, fault.New(fault.NotFound, "There is no project '%s' in this space.", what)
	}
	return p, err
}

// pickChannel finds a channel of a project by id, slug or name.
func pickChannel(all []*catalog.Channel, what, project string) (*catalog.Channel, error) {
	for _, is := range []func(*catalog.Channel) string{
		func(c *catalog.Channel) string { return c.ID }, func(c *catalog.Channel) string { return c.Name }, func(c *catalog.Channel) string { return c.Slug },
	} {
		for _, c := range all {
			if strings.EqualFold(is(c), strings.TrimSpace(what)) {
				return c, nil
			}
		}
	}
	names := make([]string, len(all))
	for i, c := range all {
		names[i] = c.Name
	}
	return nil, fault.New(fault.Invalid, "Project '%s' has no channel '%s'. Its channels are %s.", project, what, rule.Quoted(names, "and"))
}

// choosePackages decides the version of every package, and the channel if none
// was named.
func (s *Service) choosePackages(ctx context.Context, d *releaseDraft) error {
	if err := s.formats(ctx, d.Space, d.slots); err != nil {
		return err
	}
	var wrong fault.Complaints
	chosen, err := rule.SelectVersions(plainSlots(d.slots), d.Packages, d.DefaultVersion)
	if err != nil {
		return err
	}
	d.chosen = chosen
	if err := d.takeSelected(); err != nil {
		return err
	}
	if err := d.takeGit(); err != nil {
		return err
	}
	for i := range d.slots {
		if d.slots[i].Fixed != "" {
			d.chosen[i] = d.slots[i].Fixed
		}
	}
	if err := d.chooseChannel(); err != nil {
		return err
	}
	for i := range d.slots {
		if err := s.complete(ctx, d, i, &wrong); err != nil {
			return err
		}
	}
	if err := wrong.Err(); err != nil {
		return err
	}
	return d.checkRules()
}

// takeSelected takes the versions that are given by action and reference. One
// that means no package of the process is most likely misspelt; those of
// actions that are disabled do not count.
func (d *releaseDraft) takeSelected() error {
	var wrong fault.Complaints
	for n, p := range d.Selected {
		action, hit := cmp.Or(p.ActionName, p.StepName), false
		for i := range d.slots {
			at := &d.slots[i]
			if !strings.EqualFold(at.Reference, p.PackageReferenceName) || !strings.EqualFold(at.Action, action) && !strings.EqualFold(at.Step, action) {
				continue
			}
			hit = true
			if p.Version != "" {
				d.chosen[i] = p.Version
			}
		}
		if !hit && catalog.PackageIn(d.steps, catalog.ActionPackage{DeploymentAction: action, PackageReference: p.PackageReferenceName}) == nil {
			wrong.Add("SelectedPackages[%d]: the process has no package '%s' of a step '%s'. %s", n, p.PackageReferenceName, action, catalog.PackagesOf(d.steps))
		}
	}
	return wrong.Err()
}

// selected are the versions that were decided so far.
func (d *releaseDraft) selected() []rule.SelectedVersion {
	var all []rule.SelectedVersion
	for i := range d.slots {
		if d.chosen[i] != "" {
			all = append(all, rule.SelectedVersion{PackageSlot: d.slots[i].PackageSlot, Version: d.chosen[i]})
		}
	}
	return all
}

func (d *releaseDraft) chooseChannel() error {
	if d.channel != nil {
		return nil
	}
	plain := make([]rule.Channel, len(d.channels))
	for i, c := range d.channels {
		plain[i] = channelOf(c)
	}
	best, _, err := rule.BestChannel(plain, d.selected())
	if err != nil {
		return err
	}
	d.channel = d.channels[slices.IndexFunc(d.channels, func(c *catalog.Channel) bool { return c.ID == best.ID })]
	return nil
}

// complete checks that the version of a slot is there, or finds the newest one.
func (s *Service) complete(ctx context.Context, d *releaseDraft, i int, wrong *fault.Complaints) error {
	p := &d.slots[i]
	switch {
	case !p.Resolvable && d.chosen[i] == "":
		wrong.Add("%s: its package or feed is known only when it is deployed, so a version must be given.", rule.Capital(p.Title()))
		return nil
	case !p.Resolvable, s.Feeds == nil && d.chosen[i] != "":
		return nil
	case s.Feeds == nil:
		wrong.Add("%s: this server has no feeds to find the newest version in.", rule.Capital(p.Title()))
		return nil
	case d.chosen[i] == "":
		return s.newest(ctx, d, i, wrong)
	}
	found, err := s.Feeds.Has(ctx, d.Space, p.FeedID, p.PackageID, d.chosen[i])
	if code := fault.CodeOf(err); err != nil && (code == fault.Unavailable || code == fault.Invalid) {
		return nil // who names a version need not wait for a feed that is away
	}
	if err != nil {
		return fmt.Errorf("looking for package %s %s: %w", p.PackageID, d.chosen[i], err)
	}
	if !found {
		wrong.Add("Version %s of %s was not found in its feed (%s).", d.chosen[i], p.Title(), p.FeedID)
	}
	return nil
}

// newest finds the newest version of a package that the channel admits.
func (s *Service) newest(ctx context.Context, d *releaseDraft, i int, wrong *fault.Complaints) error {
	p := &d.slots[i]
	offered, err := s.Feeds.Versions(ctx, d.Space, p.FeedID, p.PackageID)
	if err != nil {
		return fmt.Errorf("looking for versions of package %s: %w", p.PackageID, err)
	}
	if len(offered) == 0 {
		wrong.Add("%s was not found in its feed (%s).", rule.Capital(p.Title()), p.FeedID)
		return nil
	}
	channel := channelOf(d.channel)
	rule, _ := channel.RuleFor(&p.PackageSlot)
	if d.IgnoreRules {
		rule = nil
	}
	newest, ok, err := s.newestOf(rule, p, offered, d.Prerelease)
	switch {
	case err != nil:
		return err
	case ok:
		d.chosen[i] = newest.Version
	case rule != nil:
		wrong.Add("None of the %d versions of %s in feed %s satisfies the rule of channel %q.", len(offered), p.Title(), p.FeedID, d.channel.Name)
	default:
		wrong.Add("All %d versions of %s in feed %s are pre-releases; name the one that is meant.", len(offered), p.Title(), p.FeedID)
	}
	return nil
}

// newestOf prefers versions with a pre-release tag if one is asked for.
func (s *Service) newestOf(by *rule.ChannelRule, p *slot, offered []rule.OfferedVersion, prerelease string) (rule.OfferedVersion, bool, error) {
	if prerelease != "" && (by == nil || by.Tag == "") {
		tagged := rule.ChannelRule{}
		if by != nil {
			tagged = *by
		}
		tagged.Tag = "^" + regexp.QuoteMeta(prerelease)
		if newest, ok, err := rule.Latest(&tagged, p.Format, offered, true); ok || err != nil {
			return newest, ok, err
		}
	}
	return rule.Latest(by, p.Format, offered, false)
}

// checkRules holds the versions against the rules of the channel.
func (d *releaseDraft) checkRules() error {
	if d.IgnoreRules {
		if d.project.AllowIgnoreChannelRules != nil && !*d.project.AllowIgnoreChannelRules {
			return fault.New(fault.Invalid, "Project '%s' does not allow releases to ignore the rules of their channel.", d.project.Name)
		}
		return nil
	}
	channel := channelOf(d.channel)
	var wrong fault.Complaints
	for _, sentence := range channel.Violations(d.selected()) {
		wrong.Add("%s", sentence)
	}
	if d.revision != nil {
		if sentence := channel.GitViolation(d.revision.Reference.GitRef); sentence != "" {
			wrong.Add("%s", sentence)
		}
	}
	return wrong.Err()
}

// releaseRecords lists the releases of a project for numbering.
func releaseRecords(tx *store.Tx, project string) ([]rule.ReleaseRecord, error) {
	var all []rule.ReleaseRecord
	err := tx.Query(func(scan func(...any) error) error {
		var r rule.ReleaseRecord
		var created int64
		err := scan(&r.ID, &r.Version, &r.ChannelID, &created)
		r.Assembled = time.UnixMilli(created)
		all = append(all, r)
		return err
	}, "select id, name, data ->> 'ChannelId', created from release where kind = 'Releases' and owner = $1 order by created, length(id), id", project)
	if err != nil {
		return nil, fmt.Errorf("listing the releases of %s: %w", project, err)
	}
	// Of releases made in the same millisecond the later one counts.
	for i := range all {
		all[i].Assembled = all[i].Assembled.Add(time.Duration(i) * time.Nanosecond)
	}
	return all, nil
}

// number works out the version of the release.
func (s *Service) number(tx *store.Tx, d *releaseDraft) (string, error) {
	if d.Version != "" && !strings.Contains(d.Version, "#{") && !version.IsMask(d.Version) {
		return d.Version, rule.CheckReleaseVersion(d.Version)
	}
	records, err := releaseRecords(tx, d.project.ID)
	if err != nil {
		return "", err
	}
	n := rule.Numbering{
		Template: d.Version, Project: d.project.ID, Channel: variable.Ref{ID: d.channel.ID, Name: d.channel.Name},
		Releases: records, Variables: d.values, Now: s.now(),
	}
	for _, c := range d.channels {
		n.Channels = append(n.Channels, variable.Ref{ID: c.ID, Name: c.Name})
	}
	if v := d.project.VersioningStrategy; n.Template == "" && v != nil {
		n.Template = v.Template
		if p := v.DonorPackage; p != nil {
			n.Template = ""
			for i := range d.slots {
				if strings.EqualFold(d.slots[i].Action, p.DeploymentAction) && strings.EqualFold(d.slots[i].Reference, p.PackageReference) {
					n.Donor = d.chosen[i]
				}
			}
			if n.Donor == "" {
				return "", fault.New(fault.Invalid, "Releases of project '%s' take their version from the package of step '%s', which the process does not have. Give a version, or change the project's settings.", d.project.Name, p.DeploymentAction)
			}
		}
	}
	return n.Next()
}

// putRelease stores the release with the snapshots that it is made of.
func (s *Service) putRelease(tx *store.Tx, d *releaseDraft) (*MadeRelease, error) {
	number, err := s.number(tx, d)
	if err != nil {
		return nil, err
	}
	found, err := catalog.FindRelease(tx, d.Space, d.project.ID, number)
	switch {
	case err != nil:
		return nil, err
	case found != nil && d.IgnoreIfExists:
		return &MadeRelease{Release: found, Existed: true}, nil
	case found != nil:
		return nil, rule.CheckUnique([]rule.ReleaseRecord{{ID: found.ID, Version: found.Version}}, number)
	}
	r := &catalog.Release{
		Version: number, ProjectID: d.project.ID, ChannelID: d.channel.ID, ReleaseNotes: d.Notes,
		IgnoreChannelRules: d.IgnoreRules, Assembled: kind.Time{Time: s.now().UTC()}, CustomFields: d.CustomFields,
	}
	r.SpaceID, r.SelectedGitResources = d.Space, d.SelectedGit
	r.SelectedPackages = d.packages()
	if err := d.snapshot(tx, r); err != nil {
		return nil, err
	}
	if err := d.describe(tx, r); err != nil {
		return nil, err
	}
	if err := catalog.Releases.Put(tx, r); err != nil {
		return nil, err
	}
	made := &MadeRelease{Release: r}
	made.Automatic, err = s.automatic(tx, r, nil)
	return made, err
}

// packages are the versions that were decided, as they are stored.
func (d *releaseDraft) packages() (all []catalog.SelectedPackage) {
	for i := range d.slots {
		p := &d.slots[i]
		all = append(all, catalog.SelectedPackage{StepName: p.Action, ActionName: p.Action, PackageReferenceName: p.Reference, Version: d.chosen[i]})
	}
	return all
}

// inProject is the context of what holds for releases of a channel, wherever
// they go.
func inProject(project, channel string) variable.Context {
	return variable.Context{Project: project, ProcessOwner: project, Channel: channel}
}
