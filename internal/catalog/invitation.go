package catalog

import (
	"slices"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

const (
	invitationLasts = 7 * 24 * time.Hour  // unless another end is asked for
	invitationMost  = 90 * 24 * time.Hour // what was mailed to somebody does not stay good for ever
)

// Invitation lets whoever has its code register as a user, once.
type Invitation struct {
	kind.Base
	AddToTeamIDs []string  `json:"AddToTeamIds"` // no references: a team can be deleted meanwhile
	Expires      kind.Time `json:"Expires"`
	InvitedBy    string    `json:"InvitedBy"` // the id of a user, who can be deleted meanwhile too; "" for those made before it was noted
	CodeHash     string    `json:"CodeHash"`  // of the code, which is given to the inviter alone
}

// Invitations are those that nobody has used yet.
var Invitations = kind.Register(kind.Kind[Invitation]{
	Plural:      "Invitations",
	System:      true,
	Hidden:      true,
	Permissions: kind.All("UserInvite", "UserInvite"),
	Rules: func(tx *store.Tx, next, old *Invitation, c *fault.Complaints) error {
		now := time.Now()
		if next.Expires.IsZero() {
			next.Expires = kind.Time{Time: now.Add(invitationLasts)}
		}
		if !next.Expires.After(now) || next.Expires.After(now.Add(invitationMost)) {
			c.Add("Expires must lie in the future, at most %d days from now; it is %s.", int(invitationMost.Hours()/24), next.Expires.Format(time.RFC3339))
		}
		return nil
	},
})

// InvitationWith finds the invitation with a code that is still good; nil if there
// is none.
func InvitationWith(tx *store.Tx, codeHash string) (*Invitation, error) {
	found, _, err := Invitations.List(tx, kind.Query{Match: map[string]string{"CodeHash": codeHash}})
	if err != nil || len(found) == 0 || !found[0].Expires.After(time.Now()) {
		return nil, err
	}
	return found[0], nil
}

// OutstandingInvitations gives those that are still good, the one that ends first
// before the others.
func OutstandingInvitations(tx *store.Tx) ([]*Invitation, error) {
	all, _, err := Invitations.List(tx, kind.Query{})
	if err != nil {
		return nil, err
	}
	now := time.Now()
	all = slices.DeleteFunc(all, func(i *Invitation) bool { return !i.Expires.After(now) })
	slices.SortStableFunc(all, func(a, b *Invitation) int { return a.Expires.Compare(b.Expires.Time) })
	return all, nil
}

// DropOldInvitations deletes those whose time is over.
func DropOldInvitations(tx *store.Tx) error {
	all, _, err := Invitations.List(tx, kind.Query{})
	if err != nil {
		return err
	}
	for _, i := range all {
		if i.Expires.After(time.Now()) {
			continue
		}
		if err := Invitations.Delete(tx, i.ID); err != nil {
			return err
		}
	}
	return nil
}
