package api

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/access"
)

var _ = area(func(a *API) []Route {
	return []Route{
		{Method: "GET", Pattern: "users/{id}/permissions", Handle: a.userPermissions, Query: []string{"spaces"}, Summary: "What a user may do"},
		{Method: "GET", Pattern: "users/{id}/permissions/configuration", Handle: a.userPermissions, Query: []string{"spaces"}, Summary: "What a user may do"},
		{Method: "GET", Pattern: "users/{id}/permissions/export", Handle: a.exportPermissions, Query: []string{"spaces"}, Summary: "What a user may do, as CSV"},
	}
})

// restriction is one grant of a permission in a space, with its limits.
type restriction struct {
	SpaceID                    string   `json:"SpaceId"`
	RestrictedToProjectIDs     []string `json:"RestrictedToProjectIds"`
	RestrictedToEnvironmentIDs []string `json:"RestrictedToEnvironmentIds"`
	RestrictedToTenantIDs      []string `json:"RestrictedToTenantIds"`
	RestrictedToGroupIDs       []string `json:"RestrictedToProjectGroupIds"`
}

// permissionSet is what a user may do, as far as the caller may know.
type permissionSet struct {
	ID                    string                   `json:"Id"`
	SpacePermissions      map[string][]restriction // by permission
	SystemPermissions     []access.Permission
	Teams                 []teamItem
	IsTeamsComplete       bool
	IsPermissionsComplete bool
	Links                 map[string]string
}

func (a *API) permissionSet(r *Request) (*permissionSet, error) {
	id, err := r.aboutUser("UserView")
	if err != nil {
		return nil, err
	}
	rights, err := a.rightsOf(r.Context(), id)
	if err != nil {
		return nil, err
	}
	at := "/api/users/" + id + "/permissions"
	s := &permissionSet{ID: id, SpacePermissions: map[string][]restriction{}, SystemPermissions: rights.Permissions(""), IsTeamsComplete: true, IsPermissionsComplete: true,
		Links: map[string]string{"Self": at, "Export": at + "/export{?spaces}"}}
	if s.SystemPermissions == nil {
		s.SystemPermissions = []access.Permission{}
	}
	wanted := r.List("spaces")
	for _, space := range rights.Spaces() {
		if len(wanted) > 0 && !slices.Contains(wanted, space) && !slices.Contains(wanted, "all") || !r.mayTellOf(id, space) {
			continue
		}
		for _, p := range rights.Permissions(space) {
			reach := rights.Reach(p, space)
			if reach.All {
				reach.Areas = []access.Scope{{}}
			}
			for _, area := range reach.Areas {
				s.SpacePermissions[string(p)] = append(s.SpacePermissions[string(p)], restriction{space, list(area.ProjectIDs), list(area.EnvironmentIDs), list(area.TenantIDs), list(area.ProjectGroupIDs)})
			}
		}
	}
	s.Teams, err = a.teamsSeen(r, id)
	return s, err
}

func (a *API) userPermissions(r *Request) (any, error) { return a.permissionSet(r) }

// exportPermissions has a line for each permission in each place; what does not
// limit it is empty.
func (a *API) exportPermissions(r *Request) (any, error) {
	s, err := a.permissionSet(r)
	if err != nil {
		return nil, err
	}
	var lines [][]string
	for _, p := range s.SystemPermissions {
		lines = append(lines, []string{string(p), "", "", "", "", ""})
	}
	for p, all := range s.SpacePermissions {
		for _, g := range all {
			line := []string{p, g.SpaceID}
			for _, ids := range [][]string{g.RestrictedToGroupIDs, g.RestrictedToProjectIDs, g.RestrictedToEnvironmentIDs, g.RestrictedToTenantIDs} {
				line = append(line, strings.Join(ids, " "))
			}
			lines = append(lines, line)
		}
	}
	slices.SortFunc(lines, slices.Compare)
	r.W.Header().Set("Content-Type", "text/csv; charset=utf-8")
	r.W.Header().Set("Content-Disposition", `attachment; filename="permissions.csv"`)
	r.written = true
	w := csv.NewWriter(r.W)
	if err := w.WriteAll(append([][]string{{"Permission", "Space", "ProjectGroups", "Projects", "Environments", "Tenants"}}, lines...)); err != nil {
		return nil, fmt.Errorf("writing permissions: %w", err)
	}
	return Done{}, nil
}

// list is a list that is never null on the wire.
func list(values []string) []string {
	if values == nil {
		return []string{}
	}
	return values
}

func (a *API) permissions(*Request) (any, error) {
	all := map[string]any{}
	for _, d := range access.Definitions() {
		all[string(d.Permission)] = map[string]any{
			"Description": d.Description, "SupportedRestrictions": list(d.Restrict.Names()),
			"CanApplyAtSystemLevel": d.Level&access.System != 0, "CanApplyAtSpaceLevel": d.Level&access.Space != 0,
		}
	}
	return all, nil
}
