package api

import (
	"fmt"
	"slices"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/login"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	return []Route{
		{Method: "POST", Pattern: "users/invitations", Handle: a.invite, Permission: string(access.UserInvite), Summary: "Invite somebody to register, with a code that is told only now", Body: newInvitation{}, Answer: invitation{}},
		{Method: "GET", Pattern: "users/invitations", Handle: a.outstanding, Permission: string(access.UserInvite), Query: []string{"skip", "take"}, Summary: "The invitations that nobody has used yet, the one that ends first before the others", Answer: pageOfAny{outstanding{}}},
		{Method: "DELETE", Pattern: "users/invitations/{id}", Handle: a.uninvite, Permission: string(access.UserInvite), Summary: "Take an invitation back, so that its code is good no more"},
		{Method: "POST", Pattern: "users/register", Handle: a.register, Open: true, Summary: "Become a user by the code of an invitation", Body: registration{}, Answer: catalog.Users.Info()},
	}
})

// newInvitation is what somebody sends who invites.
type newInvitation struct {
	AddToTeamIDs []string `json:"AddToTeamIds"`
	Expires      kind.Time
}

// invitation is a new invitation as the wire has it.
type invitation struct {
	ID             string `json:"Id"`
	InvitationCode string
	AddToTeamIDs   []string `json:"AddToTeamIds"`
	Expires        kind.Time
	Links          map[string]string
}

// outstanding is an invitation as it is told to who did not make it.
type outstanding struct {
	ID           string   `json:"Id"`
	AddToTeamIDs []string `json:"AddToTeamIds"`
	Expires      kind.Time
	InvitedBy    string // the id of a user
	Links        map[string]string
}

func (a *API) invite(r *Request) (any, error) {
	var want newInvitation
	if err := r.Read(&want); err != nil {
		return nil, err
	}
	code := secret.NewToken()
	i := &catalog.Invitation{AddToTeamIDs: list(want.AddToTeamIDs), Expires: want.Expires, InvitedBy: r.Principal.UserID, CodeHash: secret.Hash(code)}
	err := r.Do(func(tx *store.Tx) error {
		for _, id := range i.AddToTeamIDs {
			if err := r.guardInvited(tx, id); err != nil {
				return err
			}
		}
		if err := catalog.DropOldInvitations(tx); err != nil {
			return err
		}
		c := *i
		err := catalog.Invitations.Put(tx, &c)
		*i = c
		return err
	})
	if err != nil {
		return nil, err
	}
	return Created(invitation{i.ID, code.Reveal(), i.AddToTeamIDs, i.Expires, map[string]string{}}), nil
}

func (a *API) outstanding(r *Request) (any, error) {
	all := []outstanding{}
	err := r.View(func(tx *store.Tx) error {
		found, err := catalog.OutstandingInvitations(tx)
		for _, i := range found {
			all = append(all, outstanding{i.ID, i.AddToTeamIDs, i.Expires, i.InvitedBy, map[string]string{}})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return PageValues(r, "Invitation", all)
}

func (a *API) uninvite(r *Request) (any, error) {
	return nil, r.Do(func(tx *store.Tx) error { return catalog.Invitations.Delete(tx, r.Param("id")) })
}

// guardInvited asks who invites somebody into a team for what it takes to make
// somebody a member.
func (r *Request) guardInvited(tx *store.Tx, id string) error {
	team, err := catalog.Teams.Get(tx, id)
	if err != nil {
		return err
	}
	if err := r.NeedFor("TeamEdit", catalog.Teams, team); err != nil {
		return err
	}
	grants, err := catalog.GrantsOfTeam(tx, team)
	if err != nil {
		return err
	}
	return r.holds(grants, "invite somebody into the team '"+team.Name+"'")
}

// registration is what somebody sends who has been invited.
type registration struct {
	Username, Password, DisplayName, EmailAddress, InvitationCode string
}

var (
	errNotInvited = fault.New(fault.Invalid, "The InvitationCode is not one of an invitation that is still good. Ask who invited you for another one.")
	errNoInviter  = fault.New(fault.Forbidden, "No active user stands behind this invitation any more. Ask an administrator of this server for another one.")
)

// invited finds the invitation with a code, and fails unless whoever made it could
// make it now: meanwhile the inviter may have come by less, and the teams by more.
func (r *Request) invited(tx *store.Tx, codeHash string) (*catalog.Invitation, error) {
	i, err := catalog.InvitationWith(tx, codeHash)
	if err != nil {
		return nil, err
	}
	if i == nil {
		return nil, errNotInvited
	}
	inviter, err := catalog.Users.Get(tx, i.InvitedBy)
	if fault.Is(err, fault.NotFound) || err == nil && !inviter.IsActive {
		return nil, errNoInviter
	}
	if err != nil {
		return nil, err
	}
	rights, err := catalog.RightsOf(tx, inviter.ID)
	if err != nil {
		return nil, fmt.Errorf("finding the rights of who invited: %w", err)
	}
	as := &Request{Request: r.Request, Rights: rights, api: r.api}
	err = as.Need(string(access.UserInvite), At{System: true})
	for _, id := range i.AddToTeamIDs {
		if err != nil {
			break
		}
		if err = as.guardInvited(tx, id); fault.Is(err, fault.NotFound) {
			err = nil // deleted since
		}
	}
	if fault.Is(err, fault.Forbidden) {
		return nil, fault.New(fault.Forbidden, "%s, who invited you, no longer has all the rights that this invitation takes. Ask %[1]s or an administrator of this server.", inviter.DisplayName)
	}
	return i, err
}

// register makes a user of who has an invitation. The code is looked at first:
// hashing a password takes long, and anybody may ask.
func (a *API) register(r *Request) (any, error) {
	var c registration
	if err := r.Read(&c); err != nil {
		return nil, err
	}
	hash := secret.Hash(secret.Text(c.InvitationCode))
	err := r.View(func(tx *store.Tx) error {
		_, err := r.invited(tx, hash)
		return err
	})
	if err != nil {
		return nil, err
	}
	if c.Password == "" {
		return nil, fault.New(fault.Invalid, "Password is required.")
	}
	password, err := a.Login.HashPassword(r.Context(), secret.Text(c.Password))
	if err != nil {
		return nil, err
	}
	var raw []byte
	err = r.Do(func(tx *store.Tx) error {
		u := &catalog.User{Username: c.Username, DisplayName: c.DisplayName, EmailAddress: c.EmailAddress, IsActive: true}
		i, err := r.invited(tx, hash) // again: somebody may have been faster
		if err != nil {
			return err
		}
		if err := a.accept(tx, i, u, password); err != nil {
			return err
		}
		raw, err = catalog.Users.Wire(tx, u)
		return err
	})
	return Created(Raw(raw)), err
}

// accept uses an invitation up.
func (a *API) accept(tx *store.Tx, i *catalog.Invitation, u *catalog.User, password login.PasswordHash) error {
	if err := catalog.Invitations.Delete(tx, i.ID); err != nil {
		return err
	}
	if err := catalog.Users.Put(tx, u); err != nil {
		return err
	}
	if err := a.Login.SetPassword(tx, u.ID, password, ""); err != nil {
		return err
	}
	for _, id := range i.AddToTeamIDs {
		team, err := catalog.Teams.Get(tx, id)
		if fault.Is(err, fault.NotFound) {
			continue // deleted since
		}
		if err != nil {
			return err
		}
		if slices.Contains(team.MemberUserIDs, u.ID) {
			continue // named twice
		}
		team.MemberUserIDs = append(team.MemberUserIDs, u.ID)
		if err := catalog.Teams.Put(tx, team); err != nil {
			return err
		}
	}
	tx.After(func() { a.forgetRights() })
	return nil
}
