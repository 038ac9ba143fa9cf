package api

import (
	"cmp"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	return []Route{
		{Method: "GET", Pattern: "users/{id}/permissions/explain", Handle: a.explain, Query: []string{"environment", "permission", "project", "space", "tenant"}, Summary: "Why a user may or may not do something", Answer: explanation{}},
	}
})

// explanation says why a user may or may not do something somewhere.
type explanation struct {
	UserID     string `json:"UserId"`
	Permission string
	SpaceID    string `json:"SpaceId"`
	ProjectID  string `json:"ProjectId,omitempty"`
	// EnvironmentID and TenantID narrow the place.
	EnvironmentID string `json:"EnvironmentId,omitempty"`
	TenantID      string `json:"TenantId,omitempty"`
	Allowed       bool
	Sentence      string
	Reasons       []explainedReason
	// Grantors are the teams whose members can give it, where it is missing.
	Grantors []grantor
}

// explainedReason is what a role of a team contributes.
type explainedReason struct {
	TeamID   string `json:"TeamId"`
	TeamName string
	RoleID   string `json:"UserRoleId"`
	RoleName string `json:"UserRoleName"`
	Fits     bool
	Why      string // what the role is limited to, when that is why it does not fit
}

type grantor struct {
	TeamID   string `json:"TeamId"`
	TeamName string
}

// explain takes the query values permission, space, project, environment and
// tenant.
func (a *API) explain(r *Request) (any, error) {
	id, err := r.aboutUser("UserView")
	if err != nil {
		return nil, err
	}
	d, ok := access.Define(access.Permission(r.Q("permission")))
	if !ok {
		return nil, fault.New(fault.Invalid, "The query value permission is '%s', which is no permission. /api/permissions/all lists them.", r.Q("permission"))
	}
	e := explanation{UserID: id, Permission: string(d.Permission), SpaceID: cmp.Or(r.Q("space"), kind.DefaultSpace), Grantors: []grantor{}}
	err = r.View(func(tx *store.Tx) error {
		place, err := r.explainedPlace(tx, &e)
		if err != nil {
			return err
		}
		rights, err := catalog.RightsOf(tx, id)
		if err != nil {
			return err
		}
		why := rights.Explain(d.Permission, place)
		e.Allowed, e.Sentence, e.Reasons = why.Allowed, why.Sentence, []explainedReason{}
		for _, one := range why.Reasons {
			e.Reasons = append(e.Reasons, explainedReason(one))
		}
		if !e.Allowed {
			e.Grantors, err = grantorsIn(tx, e.SpaceID, d.Level == access.System)
		}
		return err
	})
	return e, err
}

// explainedPlace finds what the query names. What the caller may not see is not
// there.
func (r *Request) explainedPlace(tx *store.Tx, e *explanation) (place access.Resource, err error) {
	space, err := catalog.Spaces.Find(tx, "", e.SpaceID)
	if err != nil {
		return place, err
	}
	e.SpaceID, r.Space, place.SpaceID = space.ID, space.ID, space.ID
	if what := r.Q("project"); what != "" {
		p, err := catalog.Projects.Find(tx, space.ID, what)
		if err == nil {
			err = r.NeedFor("ProjectView", catalog.Projects, p)
		}
		if err != nil {
			return place, err
		}
		e.ProjectID, place.ProjectID, place.ProjectGroupID = p.ID, p.ID, p.ProjectGroupID
	}
	if what := r.Q("environment"); what != "" {
		one, err := catalog.Environments.Find(tx, space.ID, what)
		if err == nil {
			err = r.NeedFor("EnvironmentView", catalog.Environments, one)
		}
		if err != nil {
			return place, err
		}
		e.EnvironmentID, place.EnvironmentIDs = one.ID, []string{one.ID}
	}
	if what := r.Q("tenant"); what != "" {
		one, err := catalog.Tenants.Find(tx, space.ID, what)
		if err == nil {
			err = r.NeedFor("TenantView", catalog.Tenants, one)
		}
		if err != nil {
			return place, err
		}
		e.TenantID, place.TenantIDs = one.ID, []string{one.ID}
	}
	return place, nil
}

// grantorsIn lists the teams that have members and may change teams of a space,
// or of the system.
func grantorsIn(tx *store.Tx, space string, system bool) ([]grantor, error) {
	all := []grantor{}
	teams, _, err := catalog.Teams.List(tx, kind.Query{AnySpace: true})
	if err != nil {
		return nil, err
	}
	at := access.Resource{SpaceID: space}
	if system {
		at.SpaceID = ""
	}
	for _, t := range teams {
		if len(t.MemberUserIDs)+len(t.ExternalSecurityGroups) == 0 || t.SpaceID != "" && t.SpaceID != space {
			continue
		}
		grants, err := catalog.GrantsOfTeam(tx, t)
		if err != nil {
			return nil, err
		}
		if access.Compile(grants).Allows(access.TeamEdit, at) {
			all = append(all, grantor{t.ID, t.Name})
		}
	}
	return all, nil
}
