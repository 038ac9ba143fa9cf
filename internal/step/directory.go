package step

import (
	"context"
	"slices"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/variable"
)

// directory finds people in the catalogue.
type directory struct{ db *store.DB }

func person(u *catalog.User) variable.Person {
	return variable.Person{ID: u.ID, Username: u.Username, DisplayName: u.DisplayName, EmailAddress: u.EmailAddress}
}

// Person finds a user.
func (d *directory) Person(ctx context.Context, id string) (p variable.Person, err error) {
	err = d.db.View(ctx, func(tx *store.Tx) error {
		u, err := catalog.Users.Get(tx, id)
		if fault.Is(err, fault.NotFound) {
			p = variable.Person{ID: id}
			return nil
		}
		if err == nil {
			p = person(u)
		}
		return err
	})
	return p, err
}

// Members are the active users of teams. A team that is gone has none.
func (d *directory) Members(ctx context.Context, space string, teamIDs []string) (all []variable.Person, err error) {
	err = d.db.View(ctx, func(tx *store.Tx) error {
		all = nil
		for _, id := range teamIDs {
			users, err := members(tx, space, id)
			if err != nil {
				return err
			}
			for _, u := range users {
				if u.IsActive && !slices.ContainsFunc(all, func(p variable.Person) bool { return p.ID == u.ID }) {
					all = append(all, person(u))
				}
			}
		}
		return nil
	})
	return all, err
}

func members(tx *store.Tx, space, id string) ([]*catalog.User, error) {
	if id == access.TeamEveryone {
		users, _, err := catalog.Users.List(tx, kind.Query{})
		return users, err
	}
	team, err := catalog.Teams.Get(tx, id)
	if fault.Is(err, fault.NotFound) || err == nil && team.SpaceID != "" && team.SpaceID != space {
		return nil, nil
	}
	if err != nil || len(team.MemberUserIDs) == 0 {
		return nil, err
	}
	users, _, err := catalog.Users.List(tx, kind.Query{IDs: team.MemberUserIDs})
	return users, err
}
