package catalog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// InstallationSetting is the setting that holds the installation's UUID.
const InstallationSetting = "installation"

// AdminSeed is the administrator that a server is started with for the first
// time. How the administrator signs in is package login's to store.
type AdminSeed struct {
	Username    string // "admin" when empty and there are no users yet
	DisplayName string
	Email       string
}

// Seeded says what Seed found or made.
type Seeded struct {
	// Admin is the user that the seed names; nil when it names none and there
	// are users already.
	Admin *User
	// Fresh tells that Admin was made just now and so cannot sign in yet.
	Fresh bool
}

// Seed gives the database what every installation has from the start: an id,
// the built-in roles and teams, an administrator and the default space. What
// is there already stays as it is, so that it can be run at every start.
func Seed(tx *store.Tx, admin AdminSeed) (Seeded, error) {
	id, err := tx.Setting(InstallationSetting)
	if err != nil {
		return Seeded{}, err
	}
	if id == "" {
		if err := tx.SetSetting(InstallationSetting, uuid.NewString()); err != nil {
			return Seeded{}, err
		}
	}
	if err := seedRoles(tx); err != nil {
		return Seeded{}, fmt.Errorf("creating the built-in roles: %w", err)
	}
	if err := seedTeams(tx); err != nil {
		return Seeded{}, fmt.Errorf("creating the built-in teams: %w", err)
	}
	if err := seedLimits(tx); err != nil {
		return Seeded{}, err
	}
	done, err := seedAdmin(tx, admin)
	if err != nil {
		return Seeded{}, fmt.Errorf("creating the administrator: %w", err)
	}
	return done, seedSpace(tx, done)
}

func seedRoles(tx *store.Tx) error {
	for _, r := range access.BuiltInRoles() {
		have, err := found(UserRoles.Get(tx, r.ID))
		if err != nil {
			return err
		}
		if have != nil {
			continue
		}
		role := &UserRole{Name: r.Name, Description: r.Description, GrantedSpacePermissions: r.SpacePermissions, GrantedSystemPermissions: r.SystemPermissions}
		role.ID = r.ID
		if err := UserRoles.Put(tx, role); err != nil {
			return err
		}
	}
	return nil
}

func seedTeams(tx *store.Tx) error {
	teams, roles := access.BuiltInTeams()
	for _, t := range teams {
		have, err := found(Teams.Get(tx, t.ID))
		if err != nil {
			return err
		}
		if have != nil {
			continue
		}
		team := &Team{}
		team.ID, team.Name = t.ID, t.Name
		if err := Teams.Put(tx, team); err != nil {
			return err
		}
		for _, r := range roles {
			if r.TeamID != t.ID {
				continue
			}
			if err := ScopedUserRoles.Put(tx, &ScopedUserRole{TeamID: r.TeamID, UserRoleID: r.RoleID}); err != nil {
				return err
			}
		}
	}
	return nil
}

func seedAdmin(tx *store.Tx, seed AdminSeed) (Seeded, error) {
	name := strings.TrimSpace(seed.Username)
	if name == "" {
		_, users, err := Users.List(tx, kind.Query{Take: 1})
		if err != nil || users > 0 {
			return Seeded{}, err
		}
		name = "admin"
	}
	same, _, err := Users.List(tx, kind.Query{Where: []store.Where{{SQL: "name_key = ?", Args: []any{strings.ToLower(name)}}}})
	if err != nil {
		return Seeded{}, err
	}
	done := Seeded{Fresh: len(same) == 0}
	if done.Fresh {
		done.Admin = &User{Username: name, DisplayName: seed.DisplayName, EmailAddress: seed.Email, IsActive: true}
		if err := Users.Put(tx, done.Admin); err != nil {
			return Seeded{}, err
		}
	} else {
		done.Admin = same[0]
	}
	team, err := Teams.Get(tx, access.TeamAdministrators)
	if err != nil {
		return Seeded{}, err
	}
	if done.Fresh && !slices.Contains(team.MemberUserIDs, done.Admin.ID) {
		team.MemberUserIDs = append(team.MemberUserIDs, done.Admin.ID)
		err = Teams.Put(tx, team)
	}
	return done, err
}

// seedSpace creates the default space, unless there was one before.
func seedSpace(tx *store.Tx, done Seeded) error {
	_, spaces, err := Spaces.List(tx, kind.Query{Take: 1})
	if err != nil || spaces > 0 {
		return err
	}
	space := &Space{Name: "Default", IsDefault: true}
	space.ID = kind.DefaultSpace
	if done.Admin != nil {
		space.SpaceManagersTeamMembers = []string{done.Admin.ID}
	}
	if _, err := tx.Next("Spaces"); err != nil { // the number of the default space
		return err
	}
	if err := Spaces.Put(tx, space); err != nil {
		return fmt.Errorf("creating the default space: %w", err)
	}
	return nil
}
