package catalog

import (
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store"
)

// User is a person, or a service account, who may sign in. What proves the
// identity (password, keys, sessions) is package login's and lies elsewhere.
type User struct {
	kind.Base
	Username            string `json:"Username" kind:"required,max=200"`
	DisplayName         string `json:"DisplayName" kind:"max=200"`
	IsActive            bool   `json:"IsActive"`
	IsService           bool   `json:"IsService"`
	EmailAddress        string `json:"EmailAddress" kind:"max=320"`
	CanPasswordBeEdited bool   `json:"CanPasswordBeEdited" kind:"readonly"`
	IsRequestor         bool   `json:"IsRequestor" kind:"readonly"`
	// Password goes in and never comes out. Whoever takes the request hands it
	// to package login with TakePassword; it is not stored here.
	Password   secret.Text `json:"Password,omitempty"`
	Identities []Identity  `json:"Identities"`
}

// Identity says how a user is known to a sign-in provider.
type Identity struct {
	IdentityProviderName string                   `json:"IdentityProviderName"`
	Claims               map[string]IdentityClaim `json:"Claims"`
}

// IdentityClaim is one thing that a sign-in provider says of a user.
type IdentityClaim struct {
	Value              string `json:"Value"`
	IsIdentifyingClaim bool   `json:"IsIdentifyingClaim"`
}

// Users are the people and service accounts of the installation.
var Users = kind.Register(kind.Kind[User]{
	Plural: "Users",
	System: true,
	Title:  "Username",
	Blank:  User{IsActive: true},
	Links: map[string]string{
		"Permissions":              "./permissions",
		"PermissionsConfiguration": "./permissions/configuration",
		"ApiKeys":                  "./apikeys{/id}{?skip,take}",
		"Spaces":                   "./spaces",
		"Teams":                    "./teams",
		"RevokeSessions":           "./revoke-sessions",
	},
	Permissions: kind.All("UserView", "UserEdit"),
	Rules:       userRules,
	Deleting:    userDeleting,
})

// TakePassword gives the password that a client sent and forgets it.
func (u *User) TakePassword() secret.Text {
	p := u.Password
	u.Password = ""
	return p
}

func userRules(tx *store.Tx, next, old *User, c *fault.Complaints) error {
	next.Username, next.EmailAddress = strings.TrimSpace(next.Username), strings.TrimSpace(next.EmailAddress)
	next.Password, next.IsRequestor = "", false
	if strings.TrimSpace(next.DisplayName) == "" {
		next.DisplayName = next.Username
	}
	if old != nil {
		next.IsService = old.IsService
	}
	next.CanPasswordBeEdited = !next.IsService
	if next.EmailAddress != "" && !strings.Contains(next.EmailAddress, "@") {
		c.Add("EmailAddress '%s' is not an e-mail address.", next.EmailAddress)
	}
	if old != nil && old.IsActive && !next.IsActive && next.ID == store.ActorOf(tx.Context()).UserID {
		c.Add("You cannot disable yourself.")
	}
	return nil
}

// userDeleting takes a user who goes out of all teams and deletes the ways in.
func userDeleting(tx *store.Tx, gone *User) error {
	if gone.ID == store.ActorOf(tx.Context()).UserID {
		return fault.New(fault.Invalid, "You cannot delete yourself.")
	}
	teams, _, err := kind.Of[Team]().List(tx, kind.Query{AnySpace: true, Refer: map[string][]string{"MemberUserIds": {gone.ID}}})
	if err != nil {
		return err
	}
	for _, t := range teams {
		t.MemberUserIDs = without(t.MemberUserIDs, gone.ID)
		if err := kind.Of[Team]().Put(tx, t); err != nil {
			return err
		}
	}
	identities, _, err := kind.Of[OIDCIdentity]().List(tx, kind.Query{Match: map[string]string{"ServiceAccountId": gone.ID}})
	if err != nil {
		return err
	}
	for _, i := range identities {
		if err := kind.Of[OIDCIdentity]().Delete(tx, i.ID); err != nil {
			return err
		}
	}
	return nil
}
