package login

import (
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// Users finds accounts among the users of the catalogue.
type Users struct{}

// ByID implements Accounts.
func (Users) ByID(tx *store.Tx, id string) (Account, bool, error) {
	u, err := catalog.Users.Get(tx, id)
	if fault.Is(err, fault.NotFound) {
		return Account{}, false, nil
	}
	if err != nil {
		return Account{}, false, err
	}
	return account(u), true, nil
}

// ByName implements Accounts; case does not matter.
func (Users) ByName(tx *store.Tx, username string) (Account, bool, error) {
	found, _, err := catalog.Users.List(tx, kind.Query{Take: 1, Where: []store.Where{
		{SQL: "name_key = ?", Args: []any{strings.ToLower(username)}},
	}})
	if err != nil || len(found) == 0 {
		return Account{}, false, err
	}
	return account(found[0]), true, nil
}

func account(u *catalog.User) Account {
	return Account{ID: u.ID, Username: u.Username, DisplayName: u.DisplayName, Active: u.IsActive, Service: u.IsService}
}
