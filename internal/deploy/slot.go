package deploy

import (
	"context"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/rule"
	"github.com/takodeploy/tako/internal/variable"
	"github.com/takodeploy/tako/octostache"
	"github.com/takodeploy/tako/version"
)

// slot is a place in a process that takes a package, as a release fills it.
type slot struct {
	rule.PackageSlot
	FeedID string
	// Fixed is the version that the process itself names; it is not chosen.
	Fixed string
	// Resolvable says that feed and package are known already, and not only
	// when an environment is.
	Resolvable bool
}

// slotsOf lists the packages of a process. Ids that are templates are evaluated
// with what holds everywhere.
func slotsOf(steps []catalog.Step, values []variable.Value, project, channel string) []slot {
	d := variable.Resolve(values, variable.Context{Project: project, ProcessOwner: project, Channel: channel}).Dictionary()
	var slots []slot
	for i := range steps {
		for j := range steps[i].Actions {
			a := &steps[i].Actions[j]
			if a.IsDisabled {
				continue
			}
			for _, p := range a.Packages {
				id, known := settled(d, p.PackageID)
				feed, feedKnown := settled(d, p.FeedID)
				fixed, _ := settled(d, p.Version)
				slots = append(slots, slot{
					PackageSlot: rule.PackageSlot{Step: steps[i].Name, Action: a.Name, Reference: p.Name, PackageID: id, Format: version.SemVer},
					FeedID:      feed, Fixed: fixed, Resolvable: known && feedKnown && id != "" && feed != "",
				})
			}
		}
	}
	return slots
}

// settled evaluates a text and says whether nothing of it is left open.
func settled(d *octostache.Dictionary, text string) (string, bool) {
	if !strings.Contains(text, "#{") {
		return strings.TrimSpace(text), true
	}
	result, err := d.Evaluate(text)
	if err != nil || strings.Contains(result, "#{") {
		return text, false
	}
	return strings.TrimSpace(result), true
}

// formats asks the feeds how the versions of the slots are compared.
func (s *Service) formats(ctx context.Context, space string, slots []slot) error {
	if s.Feeds == nil {
		return nil
	}
	known := map[string]version.Format{}
	for i := range slots {
		p := &slots[i]
		if !p.Resolvable {
			continue
		}
		format, ok := known[p.FeedID]
		if !ok {
			var err error
			if format, err = s.Feeds.Format(ctx, space, p.FeedID); err != nil {
				return err
			}
			known[p.FeedID] = format
		}
		p.Format = format
	}
	return nil
}

// plainSlots are the slots whose versions are chosen.
func plainSlots(slots []slot) []rule.PackageSlot {
	plain := make([]rule.PackageSlot, len(slots))
	for i := range slots {
		plain[i] = slots[i].PackageSlot
	}
	return plain
}
