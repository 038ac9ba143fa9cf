package parcel

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// settle makes people of the space and of the installation, and one who is in no team
// of either.
func (s *site) settle() {
	s.put("prod", "Environments", `{"Name":"Production"}`)
	s.put("bea", "Users", `{"Username":"bea","DisplayName":"Bea","EmailAddress":"bea@example.com"}`)
	s.put("cem", "Users", `{"Username":"cem","DisplayName":"Cem"}`)
	s.put("role", "UserRoles", `{"Name":"Release","GrantedSpacePermissions":["ReleaseCreate","DeploymentCreate"]}`)
	s.put("ops", "Teams", `{"Name":"Ops","SpaceId":"Spaces-1","MemberUserIds":["<bea>"]}`)
	s.put("wide", "Teams", `{"Name":"Wide","MemberUserIds":["<bea>"]}`)
	s.put("far", "Teams", `{"Name":"Far","MemberUserIds":["<cem>"]}`)
	s.put("one", "ScopedUserRoles", `{"TeamId":"<ops>","UserRoleId":"<role>","SpaceId":"Spaces-1","EnvironmentIds":["<prod>"]}`)
	s.put("two", "ScopedUserRoles", `{"TeamId":"<wide>","UserRoleId":"<role>","SpaceId":"Spaces-1"}`)
}

// population tells who is in which team, and what each may do in the space.
func (s *site) population() map[string]string {
	all, names := map[string]string{}, map[string]string{}
	s.do(func(tx *store.Tx) error {
		for _, plural := range []string{"Users", "UserRoles", "Environments", "Teams", "ScopedUserRoles"} {
			docs, err := tx.Find(store.Query{Kind: plural, OrderBy: "id"})
			if err != nil {
				return err
			}
			for _, d := range docs {
				names[d.ID] = d.Name
			}
		}
		teams, _, err := catalog.Teams.List(tx, kind.Query{AnySpace: true})
		if err != nil {
			return err
		}
		for _, t := range teams {
			if !numbered().MatchString(t.ID) {
				continue
			}
			given, _, err := catalog.ScopedUserRoles.List(tx, kind.Query{AnySpace: true, Refer: map[string][]string{"TeamId": {t.ID}}})
			if err != nil {
				return err
			}
			var text []string
			for _, id := range t.MemberUserIDs {
				text = append(text, names[id])
			}
			for _, g := range given {
				text = append(text, names[g.UserRoleID]+"@"+g.SpaceID)
				for _, id := range g.EnvironmentIDs {
					text = append(text, names[id])
				}
			}
			all[t.SpaceID+"/"+t.Name] = strings.Join(text, " ")
		}
		return nil
	})
	return all
}

func (s *site) packPeople() *Parcel {
	s.Helper()
	p, err := Pack(s.Context(), s.db, Ask{Space: "Default", Password: password, Version: "1.2.3", People: true})
	if err != nil {
		s.Fatal(explained(err))
	}
	return p
}

func TestPeopleAreCarried(t *testing.T) {
	engines(t, func(t *testing.T, from, to *site) {
		from.settle()
		to.put("other", "Users", `{"Username":"other"}`) // numbers are others here
		p := sent(t, from.packPeople())
		to.take(p, Arrival{})
		if got := to.population(); len(got) > 0 {
			t.Errorf("nobody asked for %v", got)
		}
		first := to.take(p, Arrival{People: true})
		want := map[string]string{"Spaces-1/Ops": "bea Release@Spaces-1 Production", "/Wide": "bea Release@Spaces-1"}
		if d := cmp.Diff(want, to.population()); d != "" {
			t.Error(d)
		}
		if !slices.Contains(first.Made, "User 'bea'") {
			t.Errorf("made: %v", first.Made)
		}
		if again := to.take(p, Arrival{People: true, Overwrite: true}); len(again.Made)+len(again.Changed) > 0 {
			t.Errorf("the second time: %+v", again)
		}
	})
}

// TestWhoIsHereKeepsWhatTheyMay: a name in a file gives nobody more than they have.
func TestWhoIsHereKeepsWhatTheyMay(t *testing.T) {
	engines(t, func(t *testing.T, from, to *site) {
		from.settle()
		p := sent(t, from.packPeople())
		to.put("dan", "Users", `{"Username":"dan"}`)
		to.put("role", "UserRoles", `{"Name":"Release","GrantedSpacePermissions":["ProjectView"]}`)
		to.put("ops", "Teams", `{"Name":"Ops","SpaceId":"Spaces-1","MemberUserIds":["<dan>"]}`)
		to.put("wide", "Teams", `{"Name":"Wide","MemberUserIds":["<dan>"]}`)
		before := map[string]string{"Spaces-1/Ops": "dan", "/Wide": "dan"}
		to.take(p, Arrival{People: true})
		if d := cmp.Diff(before, to.population()); d != "" {
			t.Error(d)
		}
		to.take(p, Arrival{People: true, Overwrite: true})
		if d := cmp.Diff(map[string]string{"Spaces-1/Ops": "bea Release@Spaces-1 Production", "/Wide": "dan"}, to.population()); d != "" {
			t.Error(d)
		}
		to.do(func(tx *store.Tx) error {
			role, err := catalog.UserRoles.Get(tx, to.ids["role"])
			if err == nil && len(role.GrantedSpacePermissions) != 1 {
				t.Errorf("the role may now %v", role.GrantedSpacePermissions)
			}
			return err
		})
	})
}

func TestPeopleAreSealed(t *testing.T) {
	engines(t, func(t *testing.T, from, _ *site) {
		from.settle()
		if _, err := Pack(t.Context(), from.db, Ask{Space: "Default", People: true}); err == nil || !strings.Contains(explained(err), "give a password") {
			t.Error(explained(err))
		}
		if _, err := Pack(t.Context(), from.db, Ask{Space: "Default", People: true, Projects: []string{"x"}}); err == nil || !strings.Contains(explained(err), "whole space") {
			t.Error(explained(err))
		}
		p := from.packPeople()
		p.KeyID, p.Whole = "", ""
		var file strings.Builder
		if err := p.Write(&file); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(strings.NewReader(file.String())); err == nil || !strings.Contains(explained(err), "somebody has changed the file") {
			t.Error(explained(err))
		}
	})
}
