package server

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
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
		// A password has no place in a log, which is collected and shown; whoever
		// starts a server looks at what it prints.
		slog.Warn("no password was given for the first administrator, so one was made up and printed to standard output", "username", done.Admin.Username)
		return welcome(os.Stdout, portalURL(s.cfg.Web.URL, s.listen.Addr(), s.cfg.Web.TLSCert != ""), done.Admin.Username, password)
	}
	return nil
}

// welcome tells whoever started the first server where it is and how to sign in.
func welcome(w io.Writer, portal, username string, password secret.Text) error {
	_, err := fmt.Fprintf(w, "\n  Tako       %s\n  User name  %s\n  Password   %s\n\n  The password was made up and is shown this once; change it after signing in.\n\n", portal, username, password.Reveal())
	if err != nil {
		return fmt.Errorf("printing the password of the first administrator: %w", err)
	}
	return nil
}
