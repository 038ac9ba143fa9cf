// Package admin is what an administrator does to a server from its machine,
// whether the server runs or not: look whether all is well, get in again,
// copy everything and bring it back, change the master key.
package admin

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/config"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/login"
	"github.com/takodeploy/tako/internal/masterkey"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store"
)

// Attach opens the database of a server that exists.
func Attach(ctx context.Context, c config.Storage) (*store.DB, error) {
	return store.Attach(ctx, c.DataDir, c.DatabaseURL.Reveal())
}

// attachSame opens a database whose schema is this program's.
func attachSame(ctx context.Context, c config.Storage) (*store.DB, error) {
	db, err := Attach(ctx, c)
	if err != nil {
		return nil, err
	}
	now, known, err := db.Schema(ctx)
	if err == nil && now != known {
		err = fault.New(fault.Conflict, "The database is of another version of Tako (schema %d, this program has %d): use the program of the server.", now, known)
	}
	if err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

// Blobs opens the store of packages, artifacts and logs.
func Blobs(ctx context.Context, c config.Blob) (blob.Store, error) {
	b, err := blob.Open(ctx, blob.Options{Store: c.Store, Endpoint: c.Endpoint, Region: c.Region, AccessKey: c.AccessKey, SecretKey: c.SecretKey.Reveal()})
	if err != nil {
		return nil, fmt.Errorf("opening the store of packages, artifacts and logs: %w", err)
	}
	return b, nil
}

// Key names the place of the master key.
func Key(db *store.DB, c config.Storage) masterkey.Place {
	return masterkey.Place{DB: db, Dir: c.DataDir, Given: c.MasterKey}
}

// hold takes the data folder, where it holds the database, so that no server
// starts on it meanwhile.
func hold(c config.Storage) (release func() error, err error) {
	if c.DatabaseURL != "" {
		return func() error { return nil }, nil
	}
	if err := store.MakeFolder(c.DataDir); err != nil {
		return nil, err
	}
	lock, err := store.TakeLock(c.DataDir)
	if err != nil {
		return nil, err
	}
	return func() error { return errors.Join(giveBack(c.DataDir), lock.Release()) }, nil
}

// giveBack leaves everything that root made in a data folder to whom the
// folder belongs: the server that is to run on it is not root.
func giveBack(dir string) error {
	info, err := os.Stat(dir)
	if err != nil || os.Geteuid() != 0 {
		return err
	}
	owner := info.Sys().(*syscall.Stat_t)
	if owner.Uid == 0 {
		return nil
	}
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(owner.Uid), int(owner.Gid))
	})
}

// Rotate changes the master key of a server that does not run.
func Rotate(ctx context.Context, c config.Storage, to *secret.Key) (r masterkey.Rotation, err error) {
	release, err := hold(c)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, release()) }()
	db, err := attachSame(ctx, c)
	if err != nil {
		return r, err
	}
	defer db.Close()
	return Key(db, c).Rotate(ctx, to)
}

// Reset is what Readmit is asked for.
type Reset struct {
	Username string      // the administrator's; the only one's when empty
	Password secret.Text // made when empty
	WithKey  bool        // an API key too
}

// Readmitted is how the administrator gets in.
type Readmitted struct {
	Username         string
	Password, APIKey secret.Text
	Made             bool // the user was made, as there was none of that name
}

// Readmit lets an administrator in again: with a new password, active, and a
// member of the administrators. The server may run meanwhile.
func Readmit(ctx context.Context, c config.Storage, ask Reset) (Readmitted, error) {
	db, err := attachSame(ctx, c)
	if err != nil {
		return Readmitted{}, err
	}
	defer db.Close()
	if db.Key, err = Key(db, c).Find(ctx); err != nil {
		return Readmitted{}, err
	}
	l := login.New(login.Options{DB: db, Accounts: login.Users{}})
	r := Readmitted{Username: ask.Username, Password: ask.Password}
	if r.Password == "" {
		r.Password = secret.NewToken()[:20]
	}
	hash, err := l.HashPassword(ctx, r.Password)
	if err != nil {
		return r, err
	}
	err = db.Do(ctx, func(tx *store.Tx) error {
		user, made, err := administrator(tx, ask.Username)
		if err != nil {
			return err
		}
		r.Username, r.Made = user.Username, made
		if err := l.SetPassword(tx, user.ID, hash, ""); err != nil || !ask.WithKey {
			return err
		}
		_, r.APIKey, err = l.CreateKey(tx, login.NewKey{UserID: user.ID, Purpose: "Made by tako admin reset"})
		return err
	})
	return r, err
}

// NewKey makes an API key for somebody who is there; the only administrator when
// no name is given. The server may run meanwhile.
func NewKey(ctx context.Context, c config.Storage, username, purpose string) (name string, key secret.Text, err error) {
	db, err := attachSame(ctx, c)
	if err != nil {
		return "", "", err
	}
	defer db.Close()
	l := login.New(login.Options{DB: db, Accounts: login.Users{}})
	err = db.Do(ctx, func(tx *store.Tx) error {
		user, err := userOr(tx, username)
		if err != nil {
			return err
		}
		name = user.Username
		_, key, err = l.CreateKey(tx, login.NewKey{UserID: user.ID, Purpose: purpose})
		return err
	})
	return name, key, err
}

// userOr finds the user of a name, or the only administrator.
func userOr(tx *store.Tx, name string) (*catalog.User, error) {
	if name == "" {
		team, err := catalog.Teams.Get(tx, access.TeamAdministrators)
		if err != nil {
			return nil, err
		}
		return onlyAdministrator(tx, team)
	}
	user, err := userNamed(tx, name)
	if err == nil && user == nil {
		err = fault.New(fault.NotFound, "There is no user %s: give the name of one who is there with --username.", name)
	}
	return user, err
}

// administrator finds or makes the user, and makes an active administrator of
// them.
func administrator(tx *store.Tx, name string) (user *catalog.User, made bool, err error) {
	team, err := catalog.Teams.Get(tx, access.TeamAdministrators)
	if err != nil {
		return nil, false, err
	}
	if name == "" {
		user, err = onlyAdministrator(tx, team)
	} else if user, err = userNamed(tx, name); err == nil && user == nil {
		user, made = &catalog.User{Username: strings.TrimSpace(name), DisplayName: strings.TrimSpace(name)}, true
	}
	if err != nil {
		return nil, false, err
	}
	if user.IsService {
		return nil, false, fault.New(fault.Invalid, "%s is a service account, which has no password: name a person with --username.", user.Username)
	}
	if !user.IsActive {
		user.IsActive = true
		if err := catalog.Users.Put(tx, user); err != nil {
			return nil, false, err
		}
	}
	for _, id := range team.MemberUserIDs {
		if id == user.ID {
			return user, made, nil
		}
	}
	team.MemberUserIDs = append(team.MemberUserIDs, user.ID)
	return user, made, catalog.Teams.Put(tx, team)
}

func userNamed(tx *store.Tx, name string) (*catalog.User, error) {
	same, _, err := catalog.Users.List(tx, kind.Query{Take: 1, Where: []store.Where{{SQL: "name_key = ?", Args: []any{strings.ToLower(strings.TrimSpace(name))}}}})
	if err != nil || len(same) == 0 {
		return nil, err
	}
	return same[0], nil
}

// onlyAdministrator is who is meant when no name is given.
func onlyAdministrator(tx *store.Tx, team *catalog.Team) (*catalog.User, error) {
	var people []*catalog.User
	var names []string
	for _, id := range team.MemberUserIDs {
		u, err := catalog.Users.Get(tx, id)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if !u.IsService {
			people, names = append(people, u), append(names, u.Username)
		}
	}
	if len(people) == 1 {
		return people[0], nil
	}
	if len(people) == 0 {
		return nil, fault.New(fault.Invalid, "There is no administrator: name one with --username, who is made if need be.")
	}
	return nil, fault.New(fault.Invalid, "There are several administrators: name one of %s with --username.", strings.Join(names, ", "))
}
