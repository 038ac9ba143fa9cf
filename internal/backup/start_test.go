package backup_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/backup"
	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
)

// setting reads what a test has written.
func (l *live) setting(t *testing.T, name string) string {
	t.Helper()
	var value string
	if err := l.View(t.Context(), func(tx *store.Tx) (err error) { value, err = tx.Setting(name); return err }); err != nil {
		t.Fatal(err)
	}
	return value
}

// bring starts a server's way, and says whether anything was restored.
func bring(t *testing.T, s backup.Start, dir string) bool {
	t.Helper()
	files, err := blob.OpenFolder(filepath.Join(dir, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	_, done, err := s.Bring(t.Context(), backup.Target{Dir: dir, Blobs: files})
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func TestStartBringsBack(t *testing.T) {
	places(t, func(t *testing.T, o blob.Options) {
		place := openPlace(t, o)
		dir := t.TempDir()
		if _, _, err := (backup.Start{Mode: backup.StartRequired, Place: place}).Bring(t.Context(), backup.Target{Dir: dir}); !fault.Is(err, fault.NotFound) {
			t.Fatalf("a start that must not be empty was: %v", err)
		}
		present := backup.Start{Mode: backup.StartPresent, Place: place}
		if bring(t, present, dir) {
			t.Fatal("something was restored from nothing")
		}
		l := start(t, dir, place)
		l.set(t, "color", "red")
		l.sync(t)
		if bring(t, present, dir) {
			t.Error("a folder with a database was restored into")
		}
		l.stop()

		moved := t.TempDir()
		if !bring(t, present, moved) {
			t.Fatal("nothing was restored into an empty folder")
		}
		l = start(t, moved, place)
		if got := l.setting(t, "color"); got != "red" {
			t.Errorf("restored %q", got)
		}
	})
}

// TestNamedRestoreOnce goes back to a time once, and not again when the server
// starts anew, on this machine or on another.
func TestNamedRestoreOnce(t *testing.T) {
	places(t, func(t *testing.T, o blob.Options) {
		place := openPlace(t, o)
		dir := t.TempDir()
		l := start(t, dir, place)
		l.set(t, "color", "red")
		at := l.sync(t)
		l.set(t, "color", "green")
		l.sync(t)
		l.stop()

		back := backup.Start{Mode: backup.StartRequired, Place: place, Name: "one", At: at}
		if !bring(t, back, dir) {
			t.Fatal("nothing was restored")
		}
		if bring(t, back, dir) {
			t.Error("it was restored again before the server had started")
		}
		l = start(t, dir, place)
		if got := l.setting(t, "color"); got != "red" {
			t.Fatalf("restored %q", got)
		}
		l.set(t, "color", "blue")
		l.sync(t)
		l.stop()
		if bring(t, back, dir) {
			t.Error("it was restored again on the same machine")
		}

		other := t.TempDir()
		if !bring(t, back, other) {
			t.Error("the newest was not restored on another machine")
		}
		l = start(t, other, place)
		if got := l.setting(t, "color"); got != "blue" {
			t.Errorf("on another machine: %q", got)
		}
	})
}

// TestNamedRestoreBrokenOff begins a restore anew wherever the last one was
// broken off.
func TestNamedRestoreBrokenOff(t *testing.T) {
	place := openPlace(t, blob.Options{Store: filepath.Join(t.TempDir(), "backup")})
	dir := t.TempDir()
	l := start(t, dir, place)
	l.set(t, "color", "red")
	at := l.sync(t)
	l.set(t, "color", "green")
	l.sync(t)
	l.stop()
	back := backup.Start{Mode: backup.StartRequired, Place: place, Name: "one", At: at}
	for calls := range 1000 {
		_, done, err := backup.Start{Mode: back.Mode, Place: &failing{Store: place, left: calls}, Name: back.Name, At: at}.
			Bring(t.Context(), backup.Target{Dir: dir})
		if err == nil && done {
			break
		}
		if err == nil || !strings.Contains(err.Error(), "cut") {
			t.Fatalf("after %d calls: %v, %v", calls, done, err)
		}
	}
	l = start(t, dir, place)
	if got := l.setting(t, "color"); got != "red" {
		t.Errorf("restored %q", got)
	}
	if _, err := os.Stat(filepath.Join(dir, "restoring")); !os.IsNotExist(err) {
		t.Errorf("a broken off restore left its folder: %v", err)
	}
}

// TestNamedRestoreOfWhatCannotBeSeen does not take a database that cannot be
// looked at for one that is not there.
func TestNamedRestoreOfWhatCannotBeSeen(t *testing.T) {
	place := openPlace(t, blob.Options{Store: filepath.Join(t.TempDir(), "backup")})
	dir := t.TempDir()
	l := start(t, dir, place)
	at := l.sync(t)
	l.stop()
	back := backup.Start{Mode: backup.StartRequired, Place: place, Name: "one", At: at}
	if !bring(t, back, dir) {
		t.Fatal("nothing was restored")
	}
	file := filepath.Join(dir, "tako.db")
	if err := errors.Join(os.Remove(file), os.Symlink(file, file)); err != nil {
		t.Fatal(err)
	}
	if _, done, err := back.Bring(t.Context(), backup.Target{Dir: dir}); err == nil || done {
		t.Errorf("restored: %v, %v", done, err)
	}
}

// failing is a store whose connection is cut after so many readings.
type failing struct {
	blob.Store
	left int
}

// Open implements blob.Store.
func (f *failing) Open(ctx context.Context, name string) (blob.Reader, error) {
	if f.left--; f.left < 0 {
		return nil, errors.New("cut")
	}
	return f.Store.Open(ctx, name)
}

// TestRestoreFromAnother makes a server from another one's backup.
func TestRestoreFromAnother(t *testing.T) {
	source, own := openPlace(t, blob.Options{Store: filepath.Join(t.TempDir(), "a")}), openPlace(t, blob.Options{Store: filepath.Join(t.TempDir(), "b")})
	files := openPlace(t, blob.Options{Store: filepath.Join(t.TempDir(), "files")})
	if _, err := files.Put(t.Context(), "packages/x", strings.NewReader("x"), -1); err != nil {
		t.Fatal(err)
	}
	l := start(t, t.TempDir(), source)
	l.set(t, "color", "red")
	l.sync(t)
	l.stop()
	dir := t.TempDir()
	if !bring(t, backup.Start{Mode: backup.StartPresent, Place: own, Name: "copy", From: source, FromFiles: files}, dir) {
		t.Fatal("nothing was restored")
	}
	l = start(t, dir, own)
	if got := l.setting(t, "color"); got != "red" {
		t.Errorf("restored %q", got)
	}
	if _, err := l.files.Stat(t.Context(), "packages/x"); err != nil {
		t.Error(err)
	}
	l.set(t, "color", "green")
	l.sync(t)
	if last, err := backup.Last(t.Context(), own); err != nil || time.Since(last) > time.Hour {
		t.Errorf("the copy keeps no backup of its own: %v, %v", last, err)
	}
}
