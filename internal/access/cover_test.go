package access_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	. "github.com/takodeploy/tako/internal/access"
)

func TestLacks(t *testing.T) {
	lack := func(ps ...Permission) (all []Lack) {
		for _, p := range ps {
			all = append(all, Lack{p, "Spaces-1"})
		}
		return all
	}
	for _, c := range []struct {
		name        string
		mine, other []Grant
		want        []Lack
	}{
		{"nothing to cover", nil, nil, nil},
		{"the same", []Grant{give(scope("P1 E1"), DeploymentCreate)}, []Grant{give(scope("P1 E1"), DeploymentCreate)}, nil},
		{"nothing", nil, []Grant{give(scope("P1 E1"), DeploymentCreate, ProjectView)}, lack(DeploymentCreate, ProjectView)},
		{"no limits over limits", []Grant{give(Scope{}, DeploymentCreate)}, []Grant{give(scope("P1 E1"), DeploymentCreate)}, nil},
		{"limits under none", []Grant{give(scope("P1"), DeploymentCreate)}, []Grant{give(Scope{}, DeploymentCreate)}, lack(DeploymentCreate)},
		{"another environment", []Grant{give(scope("E1"), DeploymentCreate)}, []Grant{give(scope("E1 E2"), DeploymentCreate)}, lack(DeploymentCreate)},
		{"a limit that does not count", []Grant{give(scope("E1"), ProcessEdit)}, []Grant{give(Scope{}, ProcessEdit)}, nil},
		{"one of several", []Grant{give(scope("P1"), ProjectEdit), give(scope("P2 G1"), ProjectEdit)}, []Grant{give(scope("P2"), ProjectEdit), give(scope("G1"), ProjectEdit)}, nil},
		{"only together", []Grant{give(scope("E1"), DeploymentCreate), give(scope("E2"), DeploymentCreate)}, []Grant{give(scope("E1 E2"), DeploymentCreate)}, lack(DeploymentCreate)},
		{"another space", []Grant{{SpaceID: "Spaces-2", Permissions: []Permission{ProjectView}}}, []Grant{give(Scope{}, ProjectView)}, lack(ProjectView)},
		{"the system's", []Grant{give(Scope{}, TeamEdit)}, []Grant{{SystemPermissions: []Permission{TeamEdit, UserEdit}}}, []Lack{{TeamEdit, ""}, {UserEdit, ""}}},
		{"what means nothing any more", nil, []Grant{give(Scope{}, TaskViewLog)}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, Compile(c.mine).Lacks(Compile(c.other))); d != "" {
				t.Error(d)
			}
		})
	}
}
