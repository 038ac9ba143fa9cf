package admin_test

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/admin"
	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/config"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/masterkey"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/server"
	"github.com/takodeploy/tako/internal/store"
)

const apiKey = "API-ADMINISTRATOR0000000000001"

// settings of a server on a folder.
func settings(dir string) *config.Server {
	cfg := config.Default()
	cfg.DataDir, cfg.Blob.Store, cfg.Web.Listen = dir, filepath.Join(dir, "blobs"), "127.0.0.1:0"
	cfg.Log.Level = "error"
	cfg.Admin = config.Admin{Username: "ada", Password: "first-password", APIKey: apiKey}
	return cfg
}

// run runs a server until the function it gives is called.
func run(t *testing.T, cfg *config.Server) (address string, stop func()) {
	t.Helper()
	s, err := server.New(t.Context(), cfg, "2026.4.0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	}
	t.Cleanup(stop)
	return "http://" + s.Addr().String(), stop
}

// ask sends a request with the API key and gives the status and body.
func ask(t *testing.T, method, url, key, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if key != "" {
		r.Header.Set("X-Octopus-ApiKey", key)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

func signIn(t *testing.T, address, name, password string) int {
	t.Helper()
	code, _ := ask(t, http.MethodPost, address+"/api/users/login", "", fmt.Sprintf(`{"Username":%q,"Password":%q}`, name, password))
	return code
}

// withSecret stores a sensitive variable in the API's way.
func withSecret(t *testing.T, address string) {
	t.Helper()
	code, text := ask(t, http.MethodPost, address+"/api/Spaces-1/accounts", apiKey, `{"AccountType":"UsernamePassword","Name":"robot","Username":"r","Password":{"HasValue":true,"NewValue":"deep secret"}}`)
	if code >= 300 {
		t.Fatalf("%d %s", code, text)
	}
}

// TestBackupOfARunningServerStartsElsewhere takes a backup while the server
// runs, restores it, and runs a server on that.
func TestBackupOfARunningServerStartsElsewhere(t *testing.T) {
	cfg := settings(t.TempDir())
	address, stop := run(t, cfg)
	withSecret(t, address)
	path := filepath.Join(t.TempDir(), "one.backup")
	if _, _, err := admin.Backup(t.Context(), cfg.Storage, path, false, "2026.4.0", nil); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup is %v, %v", info.Mode(), err)
	}
	if _, _, err := admin.Backup(t.Context(), cfg.Storage, path, true, "2026.4.0", nil); !fault.Is(err, fault.Conflict) {
		t.Errorf("a backup was written over: %v", err)
	}
	if _, err := admin.Restore(t.Context(), cfg.Storage, path, time.Time{}); !fault.Is(err, fault.Conflict) {
		t.Errorf("restored under a running server: %v", err)
	}
	stop()
	other := settings(filepath.Join(t.TempDir(), "data"))
	other.Admin = config.Admin{}
	r, err := admin.Restore(t.Context(), other.Storage, path, time.Time{})
	if err != nil || r.HasKey || r.KeyID == "" || len(r.Missing) > 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	if _, err := server.New(t.Context(), other, "2026.4.0"); err == nil || !strings.Contains(err.Error(), r.KeyID) {
		t.Errorf("started without the key: %v", err)
	}
	key, err := os.ReadFile(filepath.Join(cfg.DataDir, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	other.MasterKey = secret.Text(strings.TrimSpace(string(key)))
	address, _ = run(t, other)
	if code, text := ask(t, http.MethodGet, address+"/api/Spaces-1/accounts", apiKey, ""); code != 200 || !strings.Contains(text, "robot") {
		t.Errorf("%d %s", code, text)
	}
	if code := signIn(t, address, "ada", "first-password"); code != 200 {
		t.Errorf("the password of before is answered with %d", code)
	}
}

// TestTheKeyComesBackWithABackupThatHasIt so that nothing else is needed.
func TestTheKeyComesBackWithABackupThatHasIt(t *testing.T) {
	cfg := settings(t.TempDir())
	address, stop := run(t, cfg)
	withSecret(t, address)
	stop()
	path := filepath.Join(t.TempDir(), "one.backup")
	if _, _, err := admin.Backup(t.Context(), cfg.Storage, path, true, "2026.4.0", nil); err != nil {
		t.Fatal(err)
	}
	other := settings(filepath.Join(t.TempDir(), "data"))
	if r, err := admin.Restore(t.Context(), other.Storage, path, time.Time{}); err != nil || !r.HasKey {
		t.Fatalf("%+v, %v", r, err)
	}
	run(t, other)
	for _, f := range admin.Check(t.Context(), other) {
		if f.Grade == admin.Bad {
			t.Errorf("%+v", f)
		}
	}
}

func TestReadmit(t *testing.T) {
	cfg := settings(t.TempDir())
	address, _ := run(t, cfg)
	r, err := admin.Readmit(t.Context(), cfg.Storage, admin.Reset{Password: "second-password", WithKey: true})
	if err != nil || r.Username != "ada" || r.Made {
		t.Fatalf("%+v, %v", r, err)
	}
	if code := signIn(t, address, "ada", "second-password"); code != 200 {
		t.Errorf("the new password is answered with %d", code)
	}
	if code := signIn(t, address, "ada", "first-password"); code == 200 {
		t.Error("the old password is still good")
	}
	if code, text := ask(t, http.MethodGet, address+"/api/users/me", r.APIKey.Reveal(), ""); code != 200 || !strings.Contains(text, `"ada"`) {
		t.Errorf("the new key is answered with %d %s", code, text)
	}
	r, err = admin.Readmit(t.Context(), cfg.Storage, admin.Reset{Username: "grace"})
	if err != nil || !r.Made || r.Password == "" {
		t.Fatalf("%+v, %v", r, err)
	}
	if code := signIn(t, address, "grace", r.Password.Reveal()); code != 200 {
		t.Errorf("the made-up password is answered with %d", code)
	}
	if _, err := admin.Readmit(t.Context(), cfg.Storage, admin.Reset{}); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "grace") {
		t.Errorf("one of two administrators was chosen: %v", err)
	}
	if _, err := admin.Readmit(t.Context(), cfg.Storage, admin.Reset{Username: "ada", Password: "x"}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a short password was taken: %v", err)
	}
}

func TestNewKey(t *testing.T) {
	cfg := settings(t.TempDir())
	address, _ := run(t, cfg)
	for _, name := range []string{"", "Ada"} {
		who, key, err := admin.NewKey(t.Context(), cfg.Storage, name, "ci")
		if err != nil || who != "ada" {
			t.Fatalf("%s, %v", who, err)
		}
		if code, _ := ask(t, http.MethodGet, address+"/api/users/me", key.Reveal(), ""); code != 200 {
			t.Errorf("the key is answered with %d", code)
		}
	}
	if code := signIn(t, address, "ada", "first-password"); code != 200 {
		t.Errorf("the password was changed: %d", code)
	}
	if _, _, err := admin.NewKey(t.Context(), cfg.Storage, "nobody", "ci"); !fault.Is(err, fault.NotFound) {
		t.Errorf("%v", err)
	}
}

// TestRotateRefusesARunningServer and works when it has stopped.
func TestRotateRefusesARunningServer(t *testing.T) {
	cfg := settings(t.TempDir())
	address, stop := run(t, cfg)
	withSecret(t, address)
	if _, err := admin.Rotate(t.Context(), cfg.Storage, secret.NewKey()); !fault.Is(err, fault.Conflict) {
		t.Errorf("rotated under a running server: %v", err)
	}
	stop()
	r, err := admin.Rotate(t.Context(), cfg.Storage, secret.NewKey())
	if err != nil || r.Values == 0 || r.Unreadable > 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	_, stop = run(t, cfg)
	stop()
	db, err := admin.Attach(t.Context(), cfg.Storage)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	all, lost, err := masterkey.Unreadable(t.Context(), db, r.New)
	if err != nil || all != r.Values || len(lost) > 0 {
		t.Errorf("of %d secrets %v are lost: %v", all, lost, err)
	}
}

// TestWhatRootRestoresBelongsToTheServer whose folder it is.
func TestWhatRootRestoresBelongsToTheServer(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files to others")
	}
	const other = 65532
	cfg := settings(t.TempDir())
	_, stop := run(t, cfg)
	stop()
	path := filepath.Join(t.TempDir(), "one.backup")
	if _, _, err := admin.Backup(t.Context(), cfg.Storage, path, true, "2026.4.0", nil); err != nil {
		t.Fatal(err)
	}
	into := settings(t.TempDir())
	if err := os.Chown(into.DataDir, other, other); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Restore(t.Context(), into.Storage, path, time.Time{}); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Rotate(t.Context(), into.Storage, secret.NewKey()); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(into.DataDir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Sys().(*syscall.Stat_t).Uid != other {
			t.Errorf("%s belongs to root", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestCheck breaks a server in one way after the other.
func TestCheck(t *testing.T) {
	change := func(t *testing.T, cfg *config.Server, f func(db *store.DB, tx *store.Tx) error) {
		t.Helper()
		db, err := admin.Attach(t.Context(), cfg.Storage)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if err := db.Do(t.Context(), func(tx *store.Tx) error { return f(db, tx) }); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		harm  func(t *testing.T, cfg *config.Server)
		grade admin.Grade
		want  string
	}{
		"nothing":   {func(*testing.T, *config.Server) {}, admin.Good, "the database is sound"},
		"no folder": {func(_ *testing.T, cfg *config.Server) { cfg.DataDir += "x" }, admin.Bad, "there is no data folder"},
		"no database": {func(_ *testing.T, cfg *config.Server) {
			os.Remove(filepath.Join(cfg.DataDir, "tako.db"))
		}, admin.Bad, "cannot be opened"},
		"an open folder": {func(_ *testing.T, cfg *config.Server) { os.Chmod(cfg.DataDir, 0o755) }, admin.Odd, "open to every user"},
		"a readable key": {func(_ *testing.T, cfg *config.Server) {
			os.Chmod(filepath.Join(cfg.DataDir, "master.key"), 0o644)
		}, admin.Bad, "can be read by others"},
		"no key": {func(_ *testing.T, cfg *config.Server) {
			os.Remove(filepath.Join(cfg.DataDir, "master.key"))
		}, admin.Bad, "the database was written with master key"},
		"a lost secret": {func(t *testing.T, cfg *config.Server) {
			change(t, cfg, func(_ *store.DB, tx *store.Tx) error {
				return tx.SetSetting("lost one", kind.Seal(secret.NewKey(), "x"))
			})
		}, admin.Bad, "1 secrets in the setting lost one cannot be read"},
		"damage": {func(t *testing.T, cfg *config.Server) { damage(t, filepath.Join(cfg.DataDir, "tako.db")) }, admin.Bad, "the database"},
		"a missing log": {func(t *testing.T, cfg *config.Server) {
			change(t, cfg, func(_ *store.DB, tx *store.Tx) error {
				_, err := tx.Exec("insert into task_archive (task, name, lines, size, since) values ('ServerTasks-9', 'logs/9', 3, 5, 0)")
				return err
			})
		}, admin.Bad, "the file of the log of ServerTasks-9 is missing (logs/9)"},
		"a short log": {func(t *testing.T, cfg *config.Server) {
			change(t, cfg, func(_ *store.DB, tx *store.Tx) error {
				_, err := tx.Exec("insert into task_archive (task, name, lines, size, since) values ('ServerTasks-9', 'logs/9', 3, 5, 0)")
				return err
			})
			blobs, err := blob.OpenFolder(cfg.Blob.Store)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := blobs.Put(t.Context(), "logs/9", strings.NewReader("abc"), 3); err != nil {
				t.Fatal(err)
			}
		}, admin.Bad, "has 3 bytes instead of 5"},
		"a package as it came": {func(t *testing.T, cfg *config.Server) {
			pushed(t, ownFeed(t, cfg), "Acme.1.0.0.zip", "hello")
		}, admin.Good, "the contents of 1 packages are as they came"},
		"a flipped bit in a package": {func(t *testing.T, cfg *config.Server) {
			own := ownFeed(t, cfg)
			pushed(t, own, "Acme.1.0.0.zip", "hello")
			p, err := own.Get(t.Context(), "Spaces-1", "Acme", "1.0.0")
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(cfg.Blob.Store, p.Blob)
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			content[len(content)/2] ^= 1
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}, admin.Bad, "the file of package Acme 1.0.0 is damaged"},
		"a clock set back": {func(t *testing.T, cfg *config.Server) {
			change(t, cfg, func(_ *store.DB, tx *store.Tx) error {
				_, err := tx.Exec("update event set occurred = $1", time.Now().Add(time.Hour).UnixMilli())
				return err
			})
		}, admin.Bad, "behind what is stored"},
		"a taken port": {func(t *testing.T, cfg *config.Server) {
			other, _ := run(t, settings(t.TempDir()))
			cfg.Web.Listen = strings.TrimPrefix(other, "http://")
		}, admin.Good, "a server listens on"},
		"a bad drill": {func(t *testing.T, cfg *config.Server) {
			cfg.Backup.To = t.TempDir()
			change(t, cfg, func(_ *store.DB, tx *store.Tx) error {
				return tx.SetSetting("backup drill", "2026-11-27T00:00:00Z badly: it broke")
			})
		}, admin.Bad, "went badly: it broke"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := settings(filepath.Join(t.TempDir(), "data"))
			_, stop := run(t, cfg)
			stop()
			c.harm(t, cfg)
			var all []string
			for _, f := range admin.Check(t.Context(), cfg) {
				if f.Grade == c.grade && strings.Contains(f.What, c.want) {
					if f.Grade != admin.Good && f.Mend == "" {
						t.Errorf("%q does not say how to mend it", f.What)
					}
					return
				}
				all = append(all, fmt.Sprint(f))
			}
			t.Errorf("nothing was found of %q among\n%s", c.want, strings.Join(all, "\n"))
		})
	}
}

// damage overwrites a page in the middle of a database.
func damage(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for page := int64(3); page < 30; page++ {
		if _, err := f.WriteAt([]byte(strings.Repeat("\xff", 2000)), page*4096); err != nil {
			t.Fatal(err)
		}
	}
}

// TestContinuousBackupOfAServer stops a server, loses its folder, and goes on
// from the backup; a trial says that this will work.
func TestContinuousBackupOfAServer(t *testing.T) {
	cfg := settings(filepath.Join(t.TempDir(), "data"))
	cfg.Backup.To = filepath.Join(t.TempDir(), "backup")
	address, stop := run(t, cfg)
	withSecret(t, address)
	stop()
	r, err := admin.Drill(t.Context(), cfg.Storage)
	if err != nil || r.Events == 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	key, err := os.ReadFile(filepath.Join(cfg.DataDir, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(cfg.DataDir); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Restore(t.Context(), cfg.Storage, "", time.Time{}); err != nil {
		t.Fatal(err)
	}
	cfg.MasterKey = secret.Text(strings.TrimSpace(string(key)))
	address, _ = run(t, cfg)
	if code, text := ask(t, http.MethodGet, address+"/api/Spaces-1/accounts", apiKey, ""); code != 200 || !strings.Contains(text, "robot") {
		t.Errorf("%d %s", code, text)
	}
}

// TestADrillFindsWhatIsMissing from the backup.
func TestADrillFindsWhatIsMissing(t *testing.T) {
	cfg := settings(filepath.Join(t.TempDir(), "data"))
	cfg.Backup.To = filepath.Join(t.TempDir(), "backup")
	_, stop := run(t, cfg)
	stop()
	db, err := admin.Attach(t.Context(), cfg.Storage)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Do(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec("insert into task_archive (task, name, lines, size, since) values ('ServerTasks-9', 'logs/9', 3, 5, 0)")
		return err
	})
	db.Close()
	if err != nil {
		t.Fatal(err)
	}
	_, stop = run(t, cfg)
	stop()
	if _, err := admin.DrillAndNote(t.Context(), noted(t, cfg), cfg.Storage); err == nil || !strings.Contains(err.Error(), "ServerTasks-9") {
		t.Errorf("%v", err)
	}
	found := false
	for _, f := range admin.Check(t.Context(), cfg) {
		found = found || f.Grade == admin.Bad && strings.Contains(f.What, "went badly")
	}
	if !found {
		t.Error("the check does not tell of the trial")
	}
}

func noted(t *testing.T, cfg *config.Server) *store.DB {
	t.Helper()
	db, err := admin.Attach(t.Context(), cfg.Storage)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}
