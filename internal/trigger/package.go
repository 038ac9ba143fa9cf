package trigger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/version"
)

// packages lets a trigger fire when a package that it waits for has a newer
// version than when it was looked at last. The first look only takes note,
// unless the last release is behind already.
func (o *occasion) packages(ctx context.Context) error {
	if o.project.IsDisabled {
		return o.DB.Do(ctx, func(tx *store.Tx) error {
			return o.take(tx, &result{quiet: true})
		})
	}
	chosen, err := o.Deploy.Selection(ctx, deploy.NewRelease{Space: o.project.SpaceID, Project: o.project.ID, Channel: o.trigger.Action.ChannelID})
	if code := fault.CodeOf(err); err != nil && (code == fault.Invalid || code == fault.NotFound || code == fault.Unavailable) {
		return o.unseen(ctx, err)
	}
	if err != nil {
		return err
	}
	now, before := map[string]string{}, o.state.Seen
	err = o.DB.View(ctx, func(tx *store.Tx) error {
		slugs, err := o.slugs(tx)
		if err != nil {
			return err
		}
		for _, p := range chosen {
			if o.watches(slugs[p.ActionName], p) {
				now[p.ActionName+"/"+p.PackageReferenceName] = p.Version
			}
		}
		if before == nil {
			before, err = o.lastChosen(tx, now)
		}
		return err
	})
	if err != nil {
		return err
	}
	var newer []string
	for _, name := range slices.Sorted(maps.Keys(now)) {
		if newerThan(now[name], before[name]) {
			newer = append(newer, name)
		}
	}
	if len(newer) == 0 {
		quiet := &result{quiet: true, seen: now}
		if maps.Equal(now, o.state.Seen) && o.state.Waits == catalog.WaitsForPush && len(o.events) == 0 {
			quiet.seen = nil
		}
		return o.DB.Do(ctx, func(tx *store.Tx) error { return o.take(tx, quiet) })
	}
	return o.actWith(ctx, &result{seen: now})
}

// unseen notes why the versions of packages cannot be found out, once.
func (o *occasion) unseen(ctx context.Context, why error) error {
	r := nothing("%s", reasonOf(why))
	r.seen = o.state.Seen
	if r.seen == nil {
		r.seen = map[string]string{} // what arrives now is new
	}
	if r.sentence() == o.state.LastResult {
		r.quiet = true
	}
	return o.DB.Do(ctx, func(tx *store.Tx) error { return o.take(tx, r) })
}

func reasonOf(err error) string {
	var f *fault.Error
	if errors.As(err, &f) && len(f.Details) > 0 {
		return strings.Join(f.Details, " ")
	}
	return err.Error()
}

// slugs gives the slugs of actions by their names.
func (o *occasion) slugs(tx *store.Tx) (map[string]string, error) {
	slugs := map[string]string{}
	process, err := catalog.DeploymentProcesses.Get(tx, o.project.DeploymentProcessID)
	if fault.Is(err, fault.NotFound) {
		return slugs, nil // it is elsewhere; names do
	}
	if err != nil {
		return nil, err
	}
	for i := range process.Steps {
		for j := range process.Steps[i].Actions {
			slugs[process.Steps[i].Actions[j].Name] = process.Steps[i].Actions[j].Slug
		}
	}
	return slugs, nil
}

// watches says whether the trigger waits for a package; one that names none
// waits for all.
func (o *occasion) watches(slug string, p catalog.SelectedPackage) bool {
	all := o.trigger.Filter.Packages
	return len(all) == 0 || slices.ContainsFunc(all, func(w catalog.ActionSlugPackage) bool {
		return (strings.EqualFold(w.DeploymentActionSlug, slug) || strings.EqualFold(w.DeploymentActionSlug, p.ActionName)) && strings.EqualFold(w.PackageReference, p.PackageReferenceName)
	})
}

// lastChosen gives what the last release of the channel has chosen; without one,
// what there is now.
func (o *occasion) lastChosen(tx *store.Tx, now map[string]string) (map[string]string, error) {
	q := kind.Query{Space: o.project.SpaceID, Take: 1, Match: map[string]string{"ProjectId": o.project.ID}}
	if o.trigger.Action.ChannelID != "" {
		q.Match["ChannelId"] = o.trigger.Action.ChannelID
	}
	last, _, err := catalog.Releases.List(tx, q)
	if err != nil || len(last) == 0 {
		return now, err
	}
	before := maps.Clone(now)
	for _, p := range last[0].SelectedPackages {
		name := fmt.Sprintf("%s/%s", p.ActionName, p.PackageReferenceName)
		if _, watched := now[name]; watched {
			before[name] = p.Version
		}
	}
	return before, nil
}

// newerThan compares versions. What cannot be compared is newer if it differs.
func newerThan(now, before string) bool {
	if now == before || now == "" {
		return false
	}
	a, bad := version.Parse(version.Octopus, now)
	b, worse := version.Parse(version.Octopus, before)
	return bad != nil || worse != nil || a.Compare(b) > 0
}
