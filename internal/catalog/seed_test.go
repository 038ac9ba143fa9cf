package catalog_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/access"
	. "github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// census counts what there is of each type.
func census(r *room, space string) map[string]int {
	n := map[string]int{}
	r.do(func(tx *store.Tx) error {
		for _, k := range kind.Registered() {
			_, total, err := k.ListRaw(tx, kind.Query{Space: space, Take: 0})
			if err != nil {
				return err
			}
			if total > 0 {
				n[k.Info().Plural] = total
			}
		}
		return nil
	})
	return n
}

func TestSeed(t *testing.T) {
	r := newRoom(t)
	want := map[string]int{"Lifecycles": 1, "ProjectGroups": 1, "Feeds": 2, "WorkerPools": 1, "MachinePolicies": 1, "RetentionPolicies": 3, "Teams": 1, "ScopedUserRoles": 1}
	if diff := cmp.Diff(want, census(r, kind.DefaultSpace)); diff != "" {
		t.Errorf("the default space has (-want +got):\n%s", diff)
	}
	before := census(r, "")
	if before["Spaces"] != 1 || before["Teams"] != 3 || before["UserRoles"] != len(access.BuiltInRoles()) || before["Users"] != 1 || before["ScopedUserRoles"] != 2 {
		t.Errorf("the system has %v", before)
	}
	id := ""
	for range 2 {
		r.do(func(tx *store.Tx) error {
			s, err := Seed(tx, AdminSeed{Username: "ADA"})
			if err == nil && (s.Fresh || s.Admin.ID != r.admin.ID) {
				t.Errorf("the second start gives %+v", s)
			}
			if err != nil {
				return err
			}
			now, err := tx.Setting(InstallationSetting)
			if len(now) != 36 || id != "" && now != id {
				t.Errorf("the installation id is %q, was %q", now, id)
			}
			id = now
			return err
		})
	}
	if diff := cmp.Diff(before, census(r, "")); diff != "" {
		t.Errorf("starting again changed (-before +after):\n%s", diff)
	}
	var rights *access.Set
	r.do(func(tx *store.Tx) (err error) {
		rights, err = RightsOf(tx, r.admin.ID)
		return err
	})
	if !rights.Allows(access.AdministerSystem, access.Resource{}) || !rights.Allows(access.ProjectCreate, access.Resource{SpaceID: kind.DefaultSpace}) {
		t.Error("the administrator lacks rights")
	}
	if err := remove(r, UserRoles, access.RoleSpaceManager); err == nil {
		t.Error("a built-in role was deleted")
	}
}

func TestSpace(t *testing.T) {
	r := newRoom(t)
	bob := create(r, Users, `{"Username":"bob","DisplayName":"Bob","IsActive":true}`)
	team := create(r, Teams, `{"Name":"Platform"}`)
	space := create(r, Spaces, fmt.Sprintf(`{"Name":"Second One","Slug":"","SpaceManagersTeams":[%q],"SpaceManagersTeamMembers":[%q]}`, team.ID, bob.ID))
	own := access.TeamSpaceManagers(space.ID)
	if space.ID != "Spaces-2" || space.Slug != "second-one" || own != "teams-spacemanagers-Spaces-2" {
		t.Errorf("space is %+v", space)
	}
	if diff := cmp.Diff([]string{own, team.ID}, get(r, Spaces, space.ID).SpaceManagersTeams); diff != "" {
		t.Error(diff)
	}
	_, w := wire(r, Spaces, space.ID)
	if links := w["Links"].(map[string]any); links["Web"] != "/app#/Spaces-2" || links["SpaceHome"] != "/api/Spaces-2" || links["Self"] != "/api/spaces/Spaces-2" {
		t.Errorf("links %v", links)
	}
	want := map[string]int{"Lifecycles": 1, "ProjectGroups": 1, "Feeds": 2, "WorkerPools": 1, "MachinePolicies": 1, "RetentionPolicies": 3, "Teams": 1, "ScopedUserRoles": 2}
	if diff := cmp.Diff(want, census(r, space.ID)); diff != "" {
		t.Errorf("a new space has (-want +got):\n%s", diff)
	}
	if got := get(r, Feeds, "feeds-builtin-Spaces-2"); got.FeedType != FeedBuiltIn {
		t.Errorf("feed %+v", got)
	}

	// The team's members and the space's list follow each other.
	change(r, Teams, own, `{"MemberUserIds":[]}`)
	if got := get(r, Spaces, space.ID).SpaceManagersTeamMembers; len(got) != 0 {
		t.Errorf("members after the team lost them: %v", got)
	}
	change(r, Spaces, space.ID, fmt.Sprintf(`{"SpaceManagersTeamMembers":[%q],"SpaceManagersTeams":[]}`, bob.ID))
	if got := get(r, Teams, own).MemberUserIDs; len(got) != 1 || got[0] != bob.ID {
		t.Errorf("the team has %v", got)
	}
	if n := census(r, space.ID)["ScopedUserRoles"]; n != 1 {
		t.Errorf("%d scoped roles after a team was taken out", n)
	}
	_, err := post(r, Spaces, `{"Name":"second one"}`)
	refused(t, err, "already in use")
	_, err = post(r, Spaces, `{"Name":"Third","IsDefault":true}`)
	refused(t, err, "only one space can be")
	refused(t, remove(r, Spaces, kind.DefaultSpace), "default space")
	refused(t, remove(r, Spaces, space.ID), "task queue")
	freeze := frozenProject(r, space.ID)
	change(r, Spaces, space.ID, `{"TaskQueueStopped":true}`)
	refused(t, remove(r, Spaces, space.ID), "")
	if left := census(r, space.ID); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if got := stoppedQueues(r); got != "" {
		t.Errorf("the stopped queues are %q after the space was deleted", got)
	}
	if got := get(r, DeploymentFreezes, freeze.ID); len(got.ProjectEnvironmentScope) != 0 {
		t.Errorf("a freeze still names %v", got.ProjectEnvironmentScope)
	}
	refused(t, remove(r, Users, bob.ID), "")
}

// stoppedQueues are the spaces whose tasks the queue does not start.
func stoppedQueues(r *room) string {
	var stopped []string
	r.do(func(tx *store.Tx) error {
		return tx.Query(func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			stopped = append(stopped, id)
			return err
		}, "select space from task_stopped order by space")
	})
	return strings.Join(stopped, " ")
}

// TestTaskQueueStops follows the queue of a space from its first to its last.
func TestTaskQueueStops(t *testing.T) {
	r := newRoom(t)
	made, err := post(r, Spaces, fmt.Sprintf(`{"Name":"Made stopped","TaskQueueStopped":true,"SpaceManagersTeamMembers":[%q]}`, r.admin.ID))
	refused(t, err, "")
	is := func(want string) {
		t.Helper()
		if got := stoppedQueues(r); got != want {
			t.Errorf("the stopped queues are %q, want %q", got, want)
		}
	}
	is(made.ID)
	change(r, Spaces, kind.DefaultSpace, `{"TaskQueueStopped":true}`)
	is(kind.DefaultSpace + " " + made.ID)
	change(r, Spaces, kind.DefaultSpace, `{"Description":"Everything"}`)
	is(kind.DefaultSpace + " " + made.ID)
	change(r, Spaces, made.ID, `{"TaskQueueStopped":false}`)
	is(kind.DefaultSpace)
}

// frozenProject gives a space a project that a freeze of the system names.
func frozenProject(r *room, space string) *DeploymentFreeze {
	f := &DeploymentFreeze{Name: "F", Start: kind.Now(), End: kind.Time{Time: kind.Now().AddDate(0, 0, 1)}}
	r.do(func(tx *store.Tx) error {
		e, p := &Environment{}, &Project{}
		e.Name, e.SpaceID, p.Name, p.SpaceID = "E", space, "P", space
		if err := Environments.Put(tx, e); err != nil {
			return err
		}
		l, _, err := Lifecycles.List(tx, kind.Query{Space: space})
		if err != nil {
			return err
		}
		g, _, err := ProjectGroups.List(tx, kind.Query{Space: space})
		if err != nil {
			return err
		}
		p.LifecycleID, p.ProjectGroupID = l[0].ID, g[0].ID
		if err := Projects.Put(tx, p); err != nil {
			return err
		}
		f.ProjectEnvironmentScope = map[string][]string{p.ID: {e.ID}}
		return DeploymentFreezes.Put(tx, f)
	})
	return f
}

func TestPermissionsExist(t *testing.T) {
	for _, k := range kind.Registered() {
		p := k.Info().Permissions
		for _, name := range []string{p.View, p.Create, p.Edit, p.Delete} {
			if _, ok := access.Define(access.Permission(name)); name != "" && !ok {
				t.Errorf("%s asks for the permission %s, which does not exist", k.Info().Plural, name)
			}
		}
	}
}

// Every reference in a tag names a type that exists; the kernel finds types by
// name only when it needs them.
func TestWholeWireForms(t *testing.T) {
	r := newRoom(t)
	err := r.db.View(context.Background(), func(tx *store.Tx) error {
		for _, k := range kind.Registered() {
			items, _, err := k.ListRaw(tx, kind.Query{AnySpace: true})
			if err != nil {
				return err
			}
			for _, item := range items {
				var m map[string]any
				if err := json.Unmarshal(item, &m); err != nil {
					return err
				}
				for name, v := range m {
					if v == nil && name != "Archived" {
						t.Logf("%s has null %s", k.Info().Plural, name)
					}
				}
				for name, link := range m["Links"].(map[string]any) {
					if _, ok := link.(string); !ok {
						t.Errorf("%s: link %s is no text", k.Info().Plural, name)
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
