package access_test

import (
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	. "github.com/takodeploy/tako/internal/access"
)

func TestDefinitions(t *testing.T) {
	seen := map[Permission]bool{}
	name := regexp.MustCompile(`^[A-Z][A-Za-z]+$`)
	for _, d := range Definitions() {
		if seen[d.Permission] || !name.MatchString(string(d.Permission)) || d.Level == 0 || d.Description == "" {
			t.Errorf("definition %+v", d)
		}
		if d.Explicit&^d.Restrict != 0 {
			t.Errorf("%s is explicit in a dimension that it does not know", d.Permission)
		}
		if d.Level == System && d.Restrict != 0 {
			t.Errorf("%s is the system's alone and yet limited", d.Permission)
		}
		if got, ok := Define(d.Permission); !ok || got != d {
			t.Errorf("Define(%s) = %+v", d.Permission, got)
		}
		seen[d.Permission] = true
	}
	for p, want := range map[Permission][]string{
		DeploymentCreate: {"Projects", "Environments", "Tenants"},
		ReleaseCreate:    {"Projects", "Tenants"},
		ProcessEdit:      {"Projects"},
		VariableEdit:     {"Projects", "Environments"},
		ProjectCreate:    {"ProjectGroups"},
		CertificateView:  {"Environments", "Tenants"},
		TenantEdit:       {"Tenants"},
		UserEdit:         {},
	} {
		d, _ := Define(p)
		if diff := cmp.Diff(want, d.Restrict.Names()); diff != "" {
			t.Errorf("%s: %s", p, diff)
		}
	}
	if got := Describe([]Permission{UserView, "FlyToMoon"}); len(got) != 1 {
		t.Errorf("Describe: %q", got)
	}
}

func TestBuiltInRoles(t *testing.T) {
	roles := map[string]Role{}
	for _, r := range BuiltInRoles() {
		if _, again := roles[r.ID]; again || r.Name == "" || r.Description == "" {
			t.Errorf("role %s", r.ID)
		}
		roles[r.ID] = r
		for level, list := range map[Level][]Permission{Space: r.SpacePermissions, System: r.SystemPermissions} {
			seen := map[Permission]bool{}
			for _, p := range list {
				if d, ok := Define(p); !ok || d.Level&level == 0 || seen[p] {
					t.Errorf("%s has %s wrongly or twice", r.Name, p)
				}
				seen[p] = true
			}
		}
	}
	if len(roles) != 19 {
		t.Errorf("%d roles", len(roles))
	}
	has := func(role string, p Permission) bool {
		return slices.Contains(roles["userroles-"+role].SpacePermissions, p)
	}
	for _, c := range []struct {
		role string
		p    Permission
		want bool
	}{
		{"projectcontributor", DeploymentCreate, false}, {"projectcontributor", ReleaseCreate, false}, {"projectcontributor", ProcessEdit, true},
		{"projectdeployer", DeploymentCreate, true}, {"projectdeployer", ReleaseCreate, false},
		{"projectlead", ReleaseCreate, true}, {"projectlead", DeploymentCreate, false},
		{"projectviewer", ProcessEdit, false}, {"projectviewer", DeploymentView, true},
		{"projectinitiator", ProjectCreate, true}, {"projectinitiator", ProcessEdit, false},
		{"runbookconsumer", RunbookRunCreate, true}, {"runbookconsumer", RunbookEdit, false}, {"runbookconsumer", ReleaseView, false},
		{"runbookproducer", RunbookEdit, true}, {"runbookproducer", ProcessEdit, false},
		{"buildserver", BuiltInFeedPush, true}, {"buildserver", DeploymentCreate, true},
		{"spacemanager", VariableEditUnscoped, true}, {"spacemanager", TeamEdit, true}, {"spacemanager", SpaceEdit, false},
		{"environmentviewer", MachineEdit, false}, {"environmentmanager", MachineEdit, true},
	} {
		if has(c.role, c.p) != c.want {
			t.Errorf("%s has %s: %v", c.role, c.p, !c.want)
		}
	}
	counts := map[string][2]int{}
	for _, id := range []string{"projectviewer", "projectcontributor", "projectdeployer", "projectlead", "projectinitiator",
		"runbookconsumer", "runbookproducer", "buildserver", "systemadministrator", "systemmanager"} {
		r := roles["userroles-"+id]
		counts[id] = [2]int{len(r.SpacePermissions), len(r.SystemPermissions)}
	}
	want := map[string][2]int{
		"projectviewer": {19, 3}, "projectcontributor": {41, 3}, "projectdeployer": {45, 3}, "projectlead": {46, 3},
		"projectinitiator": {24, 3}, "runbookconsumer": {18, 0}, "runbookproducer": {43, 0}, "buildserver": {21, 0},
		"systemadministrator": {0, 22}, "systemmanager": {0, 21},
	}
	if d := cmp.Diff(want, counts); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"Projects", "ProjectGroups", "Environments", "Tenants"}, roles["userroles-projectdeployer"].Restrictions().Names()); d != "" {
		t.Error(d)
	}
}

func TestBuiltInTeams(t *testing.T) {
	teams, scoped := BuiltInTeams()
	for i := range teams {
		if teams[i].ID != TeamEveryone {
			teams[i].MemberIDs = []string{"Users-1"}
		}
	}
	admin := Compile(Grants(User{ID: "Users-1"}, teams, BuiltInRoles(), scoped))
	if !admin.Allows(AdministerSystem, Resource{}) || admin.Allows(ProjectView, at("P1")) || len(admin.Spaces()) != 0 {
		t.Error("an administrator administers the system and sees no space's content")
	}
	if other := Compile(Grants(User{ID: "Users-2"}, teams, BuiltInRoles(), scoped)); len(other.Permissions("")) != 0 {
		t.Error("everyone may do something")
	}
	team, role := SpaceManagers("Spaces-1")
	team.MemberIDs = []string{"Users-1"}
	manager := Compile(Grants(User{ID: "Users-1"}, []Team{team}, BuiltInRoles(), []ScopedRole{role}))
	if !manager.Allows(DeploymentCreate, at("P1 E1")) || manager.Allows(DeploymentCreate, Resource{SpaceID: "Spaces-2"}) {
		t.Error("a space manager manages one space")
	}
}
