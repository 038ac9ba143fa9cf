package server

import (
	"context"
	"log/slog"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/login"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store"
)

// seed gives a first start what every installation has, makes the login, and
// sees to it that the administrator named in the settings can sign in. It
// returns the installation's id.
func (s *Server) seed(ctx context.Context) (installation string, err error) {
	var done catalog.Seeded
	admin := s.cfg.Admin
	err = s.db.Do(ctx, func(tx *store.Tx) error {
		if done, err = catalog.Seed(tx, catalog.AdminSeed{Username: admin.Username, Email: admin.Email}); err != nil {
			return err
		}
		installation, err = tx.Setting(catalog.InstallationSetting)
		return err
	})
	if err != nil {
		return "", err
	}
	proxies, err := login.ParseProxies(s.cfg.Web.TrustedProxies)
	if err != nil {
		return "", err
	}
	s.login = login.New(login.Options{DB: s.db, Accounts: login.Users{}, Installation: strings.ReplaceAll(installation, "-", ""),
		Secure: s.cfg.Web.TLSCert != "" || strings.HasPrefix(s.cfg.Web.URL, "https:"), Proxies: proxies})
	if done.Admin == nil {
		return installation, nil
	}
	return installation, s.admit(ctx, done)
}

// admit gives the administrator the password and API key of the settings. They
// are taken at the first start, and later only where there is none, so that
// what people changed since is not undone by a container's environment.
func (s *Server) admit(ctx context.Context, done catalog.Seeded) error {
	password, key := s.cfg.Admin.Password, s.cfg.Admin.APIKey
	minted := false
	if done.Fresh && password == "" && key == "" {
		password, minted = secret.NewToken()[:20], true
	}
	var hash *login.PasswordHash
	if password != "" {
		has := false
		if err := s.db.View(ctx, func(tx *store.Tx) (err error) { has, err = s.login.HasPassword(tx, done.Admin.ID); return err }); err != nil {
			return err
		}
		if !has {
			h, err := s.login.HashPassword(ctx, password)
			if err != nil {
				return err
			}
			hash = &h
		}
	}
	err := s.db.Do(ctx, func(tx *store.Tx) error {
		if hash != nil {
			if err := s.login.SetPassword(tx, done.Admin.ID, *hash, ""); err != nil {
				return err
			}
		}
		if key == "" {
			return nil
		}
		keys, err := s.login.Keys(tx, done.Admin.ID)
		if err != nil {
			return err
		}
		for _, k := range keys {
			if k.Hint == secret.APIKeyHint(key) {
				return nil
			}
		}
		_, _, err = s.login.CreateKey(tx, login.NewKey{UserID: done.Admin.ID, Purpose: "Given when the server was first started", Forever: true, Value: key})
		return err
	})
	if err != nil {
		return err
	}
	if minted {
		slog.Warn("no password was given for the first administrator, so one was made up; change it after signing in", "username", done.Admin.Username, "password", password.Reveal())
	}
	return nil
}
