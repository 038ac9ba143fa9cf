package feed_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/feed"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

func (d *depot) do(f func(tx *store.Tx) error) {
	d.Helper()
	if err := d.feeds.DB.Do(d.Context(), f); err != nil {
		d.Fatal(err)
	}
}

func (d *depot) has() string {
	d.Helper()
	all, _, err := d.feeds.BuiltIn().List(d.Context(), feed.Query{Space: space})
	if err != nil {
		d.Fatal(err)
	}
	var ids []string
	for _, p := range all {
		ids = append(ids, p.PackageID+"."+p.Version)
	}
	return strings.Join(ids, " ")
}

// TestRetain deletes what is old and chosen by nothing.
func TestRetain(t *testing.T) {
	d := newDepot(t)
	for _, name := range []string{"Web.1.0.0.zip", "Web.1.1.0.zip", "Api.1.0.0.zip"} {
		if _, _, err := d.push(name, bytes.NewReader(zipped(t, "x", "y")), feed.FailIfExists); err != nil {
			t.Fatal(err)
		}
	}
	project := &catalog.Project{}
	d.do(func(tx *store.Tx) error {
		groups, _, err := catalog.ProjectGroups.List(tx, kind.Query{Space: space})
		if err != nil {
			return err
		}
		lifecycles, _, err := catalog.Lifecycles.List(tx, kind.Query{Space: space})
		if err != nil {
			return err
		}
		project.SpaceID, project.Name, project.ProjectGroupID, project.LifecycleID = space, "Shop", groups[0].ID, lifecycles[0].ID
		if err := catalog.Projects.Put(tx, project); err != nil {
			return err
		}
		p, err := catalog.DeploymentProcesses.Get(tx, project.DeploymentProcessID)
		if err != nil {
			return err
		}
		p.Steps = []catalog.Step{{Name: "Web", Properties: map[string]kind.Property{"Octopus.Action.TargetRoles": {Text: "web"}}, Actions: []catalog.Action{{Name: "Web", ActionType: "Octopus.TentaclePackage",
			Packages: []catalog.PackageReference{{PackageID: "web", FeedID: "feeds-builtin"}}}}}}
		if err := catalog.DeploymentProcesses.Put(tx, p); err != nil {
			return err
		}
		channels, _, err := catalog.Channels.List(tx, kind.Query{Space: space})
		if err != nil {
			return err
		}
		r := &catalog.Release{Version: "1.0.0", ProjectID: project.ID, ChannelID: channels[0].ID, SelectedPackages: []catalog.SelectedPackage{{ActionName: "Web", Version: "1.0"}}}
		r.SpaceID = space
		if r.ProjectDeploymentProcessSnapshotID, err = catalog.SnapshotProcess(tx, project.DeploymentProcessID); err != nil {
			return err
		}
		return catalog.Releases.Put(tx, r)
	})
	later := time.Now().AddDate(0, 0, 31)
	retain := func(now time.Time) (int, error) {
		told := 0
		n, err := d.feeds.BuiltIn().Retain(t.Context(), now, "", func(*catalog.BuiltInPackage) { told++ })
		if told != n {
			t.Errorf("%d were deleted and %d told", n, told)
		}
		return n, err
	}
	if n, err := retain(later); n != 0 || err != nil {
		t.Errorf("without a policy: %d %v", n, err)
	}
	keep := func(days int, all bool) {
		d.do(func(tx *store.Tx) error {
			f, err := catalog.Feeds.Get(tx, "feeds-builtin")
			if err != nil {
				return err
			}
			f.DeleteUnreleasedPackagesAfterDays, f.DeletePackagesAssociatedWithReleases = &days, &all
			return catalog.Feeds.Put(tx, f)
		})
	}
	keep(30, false)
	if n, err := retain(time.Now()); n != 0 || err != nil {
		t.Errorf("too early: %d %v", n, err)
	}
	if n, err := retain(later); n != 2 || err != nil {
		t.Errorf("%d %v", n, err)
	}
	if diff := cmp.Diff("Web.1.0.0", d.has()); diff != "" || len(d.files()) != 1 {
		t.Error(diff, d.files())
	}
	keep(30, true)
	if n, err := retain(later); n != 1 || err != nil || d.has() != "" {
		t.Errorf("%d %v %s", n, err, d.has())
	}
}
