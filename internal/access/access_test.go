package access_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	. "github.com/takodeploy/tako/internal/access"
)

// give makes a grant in Spaces-1.
func give(s Scope, ps ...Permission) Grant {
	return Grant{TeamID: "Teams-1", TeamName: "Web", RoleID: "UserRoles-1", RoleName: "Crew", SpaceID: "Spaces-1", Permissions: ps, Scope: s}
}

func ids(s ...string) []string { return s }

// at makes a resource in Spaces-1; words are told apart by their first letter:
// P project, G group, E environment, T tenant.
func at(words string) Resource {
	r := Resource{SpaceID: "Spaces-1"}
	for _, w := range strings.Fields(words) {
		switch w[0] {
		case 'P':
			r.ProjectID = w
		case 'G':
			r.ProjectGroupID = w
		case 'E':
			r.EnvironmentIDs = append(r.EnvironmentIDs, w)
		case 'T':
			r.TenantIDs = append(r.TenantIDs, w)
		}
	}
	return r
}

// scope makes a scope from words as at does.
func scope(words string) Scope {
	var s Scope
	for _, w := range strings.Fields(words) {
		switch w[0] {
		case 'P':
			s.ProjectIDs = append(s.ProjectIDs, w)
		case 'G':
			s.ProjectGroupIDs = append(s.ProjectGroupIDs, w)
		case 'E':
			s.EnvironmentIDs = append(s.EnvironmentIDs, w)
		case 'T':
			s.TenantIDs = append(s.TenantIDs, w)
		}
	}
	return s
}

func TestAllows(t *testing.T) {
	for _, c := range []struct {
		name   string
		grants []Grant
		p      Permission
		where  string
		want   bool
	}{
		{"nothing granted", nil, ProjectView, "P1", false},
		{"another permission", []Grant{give(Scope{}, ProjectView)}, ProjectEdit, "P1", false},
		{"no limits", []Grant{give(Scope{}, DeploymentCreate)}, DeploymentCreate, "P1 G1 E1 T1", true},
		{"permissions add up", []Grant{give(Scope{}, ProjectView), give(Scope{}, ProjectEdit)}, ProjectEdit, "P1", true},
		{"a wide role wins over a narrow one", []Grant{give(scope("P2"), ProjectEdit), give(Scope{}, ProjectEdit)}, ProjectEdit, "P1", true},

		{"project in scope", []Grant{give(scope("P1 P2"), ProcessEdit)}, ProcessEdit, "P2 G1", true},
		{"project out of scope", []Grant{give(scope("P1"), ProcessEdit)}, ProcessEdit, "P2 G1", false},
		{"no project at all", []Grant{give(scope("P1"), TaskView)}, TaskView, "E1", false},
		{"by group", []Grant{give(scope("G1"), ProcessEdit)}, ProcessEdit, "P9 G1", true},
		{"projects and groups are a union: by project", []Grant{give(scope("P1 G2"), ProcessEdit)}, ProcessEdit, "P1 G1", true},
		{"projects and groups are a union: by group", []Grant{give(scope("P1 G2"), ProcessEdit)}, ProcessEdit, "P7 G2", true},
		{"projects and groups are a union: neither", []Grant{give(scope("P1 G2"), ProcessEdit)}, ProcessEdit, "P7 G1", false},

		{"all dimensions fit", []Grant{give(scope("P1 E1 T1"), DeploymentCreate)}, DeploymentCreate, "P1 E1 T1", true},
		{"environment does not fit", []Grant{give(scope("P1 E1 T1"), DeploymentCreate)}, DeploymentCreate, "P1 E2 T1", false},
		{"tenant does not fit", []Grant{give(scope("P1 E1 T1"), DeploymentCreate)}, DeploymentCreate, "P1 E1 T2", false},
		{"one role's scope does not leak into another", []Grant{
			give(scope("P1 E1"), DeploymentCreate), give(scope("P2 E2"), DeploymentCreate),
		}, DeploymentCreate, "P1 E2", false},
		{"nor through another permission's role", []Grant{
			give(scope("E1"), DeploymentCreate), give(Scope{}, DeploymentView, EnvironmentView),
		}, DeploymentCreate, "P1 E2", false},

		{"a limit the permission does not know is ignored: environments", []Grant{give(scope("E1"), ProcessEdit)}, ProcessEdit, "P1", true},
		{"a limit the permission does not know is ignored: projects", []Grant{give(scope("P1"), MachineEdit)}, MachineEdit, "E1", true},
		{"a limit the permission does not know is ignored: all", []Grant{give(scope("P1 G1 E1 T1"), LifecycleEdit)}, LifecycleEdit, "", true},

		{"without a tenant, deployments need a role for all", []Grant{give(scope("T1"), DeploymentCreate)}, DeploymentCreate, "P1 E1", false},
		{"without a tenant, releases do not", []Grant{give(scope("T1"), ReleaseCreate)}, ReleaseCreate, "P1", true},
		{"new tenants need a role for all", []Grant{give(scope("T1"), TenantCreate)}, TenantCreate, "", false},
		{"new environments need a role for all", []Grant{give(scope("E1"), EnvironmentCreate)}, EnvironmentCreate, "", false},

		{"seen in one of several environments", []Grant{give(scope("E1"), MachineView)}, MachineView, "E1 E2", true},
		{"seen in none of several environments", []Grant{give(scope("E3"), MachineView)}, MachineView, "E1 E2", false},
		{"edited in one of several environments", []Grant{give(scope("E1"), MachineEdit)}, MachineEdit, "E1 E2", false},
		{"edited by two roles, one for each", []Grant{give(scope("E1"), MachineEdit), give(scope("E2"), MachineEdit)}, MachineEdit, "E1 E2", true},
		{"edited for each tenant in each environment", []Grant{give(scope("E1 T1"), MachineEdit), give(scope("E2 T2"), MachineEdit)}, MachineEdit, "E1 E2 T1 T2", false},
		{"what no environment limits is seen from each", []Grant{give(scope("E1"), AccountView)}, AccountView, "", true},
		{"what no environment limits is edited by a role for all", []Grant{give(scope("E1"), AccountEdit)}, AccountEdit, "", false},

		{"scoped variable inside", []Grant{give(scope("E1"), VariableView)}, VariableView, "P1 E1", true},
		{"scoped variable outside", []Grant{give(scope("E1"), VariableView)}, VariableView, "P1 E2", false},
		{"unscoped variable with limited role", []Grant{give(scope("E1"), VariableView)}, VariableView, "P1", false},
		{"unscoped variable with limited role and unscoped permission", []Grant{give(scope("E1"), VariableView, VariableViewUnscoped)}, VariableView, "P1", true},
		{"unscoped variable with unlimited role", []Grant{give(Scope{}, VariableView)}, VariableView, "P1", true},
		{"unscoped permission says nothing of scoped variables", []Grant{give(Scope{}, VariableEditUnscoped)}, VariableEdit, "P1 E1", false},
		{"unscoped edit in another project", []Grant{give(scope("P2 E1"), VariableEdit, VariableEditUnscoped)}, VariableEdit, "P1", false},
		{"unscoped edit in this project", []Grant{give(scope("P1 E1"), VariableEdit, VariableEditUnscoped)}, VariableEdit, "P1", true},

		{"new project in the group", []Grant{give(scope("G1"), ProjectCreate)}, ProjectCreate, "G1", true},
		{"new project in another group", []Grant{give(scope("G1"), ProjectCreate)}, ProjectCreate, "G2", false},
		{"new project with a role for one project", []Grant{give(scope("P1"), ProjectCreate)}, ProjectCreate, "G1", false},
		{"groups are seen with a role for one project", []Grant{give(scope("P1"), ProjectGroupView)}, ProjectGroupView, "G1", true},

		{"unknown permission", []Grant{give(Scope{}, "FlyToMoon")}, "FlyToMoon", "", false},
		{"system permission in a space list", []Grant{give(Scope{}, ConfigureServer)}, ConfigureServer, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			set := Compile(c.grants)
			if got := set.Allows(c.p, at(c.where)); got != c.want {
				t.Errorf("Allows = %v, want %v", got, c.want)
			}
			ex := set.Explain(c.p, at(c.where))
			if ex.Allowed != c.want || !strings.HasSuffix(ex.Sentence, ".") {
				t.Errorf("explained as %v: %s", ex.Allowed, ex.Sentence)
			}
		})
	}
}

func TestSystemAndSpace(t *testing.T) {
	set := Compile([]Grant{
		{SystemPermissions: []Permission{AdministerSystem, TeamView, TaskView, ProjectView}},
		{SpaceID: "Spaces-2", Permissions: []Permission{ProjectView, TeamEdit}, SystemPermissions: []Permission{UserView}, Scope: scope("P1")},
	})
	type ask struct {
		P     Permission
		Space string
	}
	for q, want := range map[ask]bool{
		{AdministerSystem, ""}:         true,
		{AdministerSystem, "Spaces-1"}: true, // the system's alone, wherever asked
		{TeamView, ""}:                 true,
		{TeamView, "Spaces-2"}:         false, // rights in the system give none in a space
		{TaskView, "Spaces-1"}:         false,
		{ProjectView, ""}:              false,
		{ProjectView, "Spaces-1"}:      false,
		{ProjectView, "Spaces-2"}:      true,
		{TeamEdit, ""}:                 false,
		{TeamEdit, "Spaces-2"}:         true,
		{UserView, ""}:                 true, // system permissions of a scoped role have no limits
	} {
		if got := set.Allows(q.P, Resource{SpaceID: q.Space, ProjectID: "P1"}); got != want {
			t.Errorf("%v: %v", q, got)
		}
	}
	if d := cmp.Diff(ids("Spaces-2"), set.Spaces()); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]Permission{ProjectView, TeamEdit}, set.Permissions("Spaces-2")); d != "" {
		t.Error(d)
	}
	if !set.Anywhere(ProjectView, "Spaces-2") || set.Anywhere(ProjectView, "Spaces-1") || set.Anywhere("FlyToMoon", "") {
		t.Error("Anywhere")
	}
	var nobody *Set
	if nobody.Allows(ProjectView, at("P1")) || len(nobody.Spaces()) != 0 || nobody.Anywhere(TaskView, "") || nobody.Permissions("") != nil {
		t.Error("the nil set allows something")
	}
}

func TestGrants(t *testing.T) {
	teams := []Team{
		{ID: TeamEveryone, Name: "Everyone"},
		{ID: "Teams-1", Name: "Direct", MemberIDs: ids("Users-1", "Users-2")},
		{ID: "Teams-2", Name: "External", ExternalGroupIDs: ids("ops")},
		{ID: "Teams-3", Name: "Spacious", SpaceID: "Spaces-1", MemberIDs: ids("Users-1")},
	}
	roles := []Role{
		{ID: "r-view", Name: "Viewer", SpacePermissions: []Permission{ProjectView}, SystemPermissions: []Permission{UserView}},
		{ID: "r-sys", Name: "System", SystemPermissions: []Permission{UserEdit}},
	}
	for _, c := range []struct {
		name   string
		user   User
		scoped ScopedRole
		allow  bool
		ask    Permission
		where  Resource
	}{
		{"direct member", User{ID: "Users-2"}, ScopedRole{TeamID: "Teams-1", RoleID: "r-view", SpaceID: "Spaces-1"}, true, ProjectView, at("P1")},
		{"no member", User{ID: "Users-3"}, ScopedRole{TeamID: "Teams-1", RoleID: "r-view", SpaceID: "Spaces-1"}, false, ProjectView, at("P1")},
		{"by external group", User{ID: "Users-3", ExternalGroupIDs: ids("dev", "ops")}, ScopedRole{TeamID: "Teams-2", RoleID: "r-view", SpaceID: "Spaces-1"}, true, ProjectView, at("P1")},
		{"everyone", User{ID: "Users-9"}, ScopedRole{TeamID: TeamEveryone, RoleID: "r-view", SpaceID: "Spaces-1"}, true, ProjectView, at("P1")},
		{"system part of a space role", User{ID: "Users-1"}, ScopedRole{TeamID: "Teams-3", RoleID: "r-view", SpaceID: "Spaces-1"}, true, UserView, Resource{}},
		{"another space", User{ID: "Users-1"}, ScopedRole{TeamID: "Teams-1", RoleID: "r-view", SpaceID: "Spaces-2"}, false, ProjectView, at("P1")},
		{"system role, system team", User{ID: "Users-1"}, ScopedRole{TeamID: "Teams-1", RoleID: "r-sys"}, true, UserEdit, Resource{}},
		{"system role, space team", User{ID: "Users-1"}, ScopedRole{TeamID: "Teams-3", RoleID: "r-sys"}, false, UserEdit, Resource{}},
		{"system role, given in a space", User{ID: "Users-1"}, ScopedRole{TeamID: "Teams-1", RoleID: "r-sys", SpaceID: "Spaces-1"}, false, UserEdit, Resource{}},
		{"space role without a space", User{ID: "Users-1"}, ScopedRole{TeamID: "Teams-1", RoleID: "r-view"}, false, UserView, Resource{}},
		{"space team in another space", User{ID: "Users-1"}, ScopedRole{TeamID: "Teams-3", RoleID: "r-view", SpaceID: "Spaces-2"}, false, ProjectView, Resource{SpaceID: "Spaces-2"}},
		{"unknown role", User{ID: "Users-1"}, ScopedRole{TeamID: "Teams-1", RoleID: "r-gone", SpaceID: "Spaces-1"}, false, ProjectView, at("P1")},
		{"unknown team", User{ID: "Users-1"}, ScopedRole{TeamID: "Teams-9", RoleID: "r-view", SpaceID: "Spaces-1"}, false, ProjectView, at("P1")},
	} {
		t.Run(c.name, func(t *testing.T) {
			set := Compile(Grants(c.user, teams, roles, []ScopedRole{c.scoped}))
			if got := set.Allows(c.ask, c.where); got != c.allow {
				t.Errorf("%s: %v, want %v", set.Explain(c.ask, c.where).Sentence, got, c.allow)
			}
		})
	}
}

func TestExplain(t *testing.T) {
	web := give(scope("P1 E1"), DeploymentCreate, DeploymentView)
	ops := Grant{TeamName: "Ops", RoleName: "Lead", SpaceID: "Spaces-1", Permissions: []Permission{DeploymentCreate, MachineEdit}, Scope: scope("G2 T1 E2")}
	set := Compile([]Grant{ops, web})
	for _, c := range []struct {
		p     Permission
		where Resource
		want  string
	}{
		{DeploymentCreate, at("P1 E1"), "Team Web has DeploymentCreate by role Crew."},
		{DeploymentCreate, at("P2 G2 E1 T1"), "No role with DeploymentCreate in space Spaces-1 fits: Lead of team Ops is limited to environments E2; Crew of team Web is limited to projects P1."},
		{MachineEdit, at("E1 E2"), "MachineEdit is needed everywhere the resource lies, but team Ops has MachineEdit by role Lead only limited to environments E2."},
		{ProcessEdit, at("P1"), "None of the user's teams has a role with ProcessEdit in space Spaces-1."},
		{UserEdit, at(""), "None of the user's teams has a role with UserEdit in the system."},
		{"FlyToMoon", at(""), "There is no permission FlyToMoon."},
	} {
		if d := cmp.Diff(c.want, set.Explain(c.p, c.where).Sentence); d != "" {
			t.Error(d)
		}
	}
}
