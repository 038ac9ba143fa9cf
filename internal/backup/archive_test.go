package backup_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/backup"
	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/store/storetest"
)

// folder opens a store of blobs in a folder of the test.
func folder(t *testing.T, files map[string]string) blob.Store {
	t.Helper()
	f, err := blob.OpenFolder(filepath.Join(t.TempDir(), "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if _, err := f.Put(t.Context(), name, strings.NewReader(text), -1); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// contents gives all blobs of a store.
func contents(t *testing.T, s blob.Store) map[string]string {
	t.Helper()
	all := map[string]string{}
	for info, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.Open(t.Context(), info.Name)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		r.Close()
		if err != nil {
			t.Fatal(err)
		}
		all[info.Name] = string(text)
	}
	return all
}

// rows gives everything in a database as text.
func rows(t *testing.T, db *store.DB) []string {
	t.Helper()
	var all []string
	err := db.Dump(t.Context(), func(r store.Row) error {
		text := r.Table
		for i, c := range r.Columns {
			if c != "xid" {
				text += fmt.Sprintf(" %s=%q", c, fmt.Sprint(r.Values[i]))
			}
		}
		all = append(all, text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// settle writes values that are hard to copy, and enough for several pieces.
func settle(t *testing.T, db *store.DB) {
	t.Helper()
	err := db.Do(t.Context(), func(tx *store.Tx) error {
		for i := range 40 {
			if err := tx.SetSetting(fmt.Sprint("setting ", i), strings.Repeat(`<"ä\`+"\n", 10_000)); err != nil {
				return err
			}
		}
		_, err := tx.Exec("insert into task_log (task, first_line, last_line, path, target, size, bytes) values ('t', 1, 9007199254740993, '', '', 0, $1)", []byte{0, 255, 10})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, from backup.Source) string {
	t.Helper()
	var out bytes.Buffer
	if _, totals, err := backup.Write(t.Context(), &out, from); err != nil || len(totals.Missing) > 0 {
		t.Fatalf("%+v, %v", totals, err)
	}
	path := filepath.Join(t.TempDir(), "backup.tar.zst")
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestBackupAndRestore brings the data of each engine back, on either engine.
func TestBackupAndRestore(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		settle(t, db)
		files := map[string]string{"packages/a/1.zip": "zip", "artifacts/Artifacts-1": "", "logs/2026/t": strings.Repeat("x", 3<<20)}
		path := write(t, backup.Source{DB: db, Blobs: folder(t, files), Version: "1.2.3", Key: db.Key})
		restore := func(t *testing.T, dir, url string) {
			blobs := folder(t, nil)
			m, totals, err := backup.Restore(t.Context(), path, backup.Target{Dir: dir, DatabaseURL: url, Blobs: blobs})
			if err != nil {
				t.Fatal(err)
			}
			if m.Version != "1.2.3" || m.Engine != db.Engine || totals.Blobs != 3 || !m.HasMasterKey {
				t.Errorf("%+v %+v", m, totals)
			}
			again, err := store.Open(t.Context(), dir, url)
			if err != nil {
				t.Fatal(err)
			}
			defer again.Close()
			if diff := cmp.Diff(rows(t, db), rows(t, again)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(files, contents(t, blobs)); diff != "" {
				t.Error(diff)
			}
			_, _, err = backup.Restore(t.Context(), path, backup.Target{Dir: dir, DatabaseURL: url, Blobs: blobs})
			if !fault.Is(err, fault.Conflict) {
				t.Errorf("restored over data: %v", err)
			}
		}
		t.Run("into sqlite", func(t *testing.T) { restore(t, t.TempDir(), "") })
		t.Run("into postgresql", func(t *testing.T) { restore(t, t.TempDir(), storetest.PostgresURL(t)) })
	})
}

// TestTheKeyGoesAlongWhenAsked and not otherwise.
func TestTheKeyGoesAlongWhenAsked(t *testing.T) {
	db := storetest.SQLite(t)
	for _, key := range []*secret.Key{nil, db.Key} {
		file, err := os.Open(write(t, backup.Source{DB: db, Blobs: folder(t, nil), Key: key}))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		a, err := backup.Read(file)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		want := ""
		if key != nil {
			want = key.Text().Reveal()
		}
		if a.Key != want || a.Manifest.HasMasterKey != (key != nil) {
			t.Errorf("key %q, has %v", a.Key, a.Manifest.HasMasterKey)
		}
	}
}

// TestDamagedArchivesAreRefused cuts an archive everywhere and changes it; no
// database may come of it.
func TestDamagedArchivesAreRefused(t *testing.T) {
	db := storetest.SQLite(t)
	whole, err := os.ReadFile(write(t, backup.Source{DB: db, Blobs: folder(t, map[string]string{"a/b": "c", "d/e": "f"})}))
	if err != nil {
		t.Fatal(err)
	}
	try := func(what string, data []byte) {
		path, dir := filepath.Join(t.TempDir(), "x"), t.TempDir()
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := backup.Restore(t.Context(), path, backup.Target{Dir: dir, Blobs: folder(t, nil)}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := os.Stat(filepath.Join(dir, "tako.db")); err == nil {
			t.Errorf("%s: a database was made", what)
		}
	}
	for cut := 0; cut < len(whole)-1; cut += max(1, len(whole)/23) {
		try(fmt.Sprintf("cut at %d of %d", cut, len(whole)), whole[:cut])
	}
	changed := bytes.Clone(whole)
	changed[len(changed)/2] ^= 1
	try("changed", changed)
	try("something else", []byte("hello"))
}

// TestABrokenRestoreCanBeBegunAnew leaves what a kill would leave.
func TestABrokenRestoreCanBeBegunAnew(t *testing.T) {
	db := storetest.SQLite(t)
	settle(t, db)
	path := write(t, backup.Source{DB: db, Blobs: folder(t, map[string]string{"a/b": "c"})})
	dir := t.TempDir()
	half := filepath.Join(dir, "restoring")
	if err := os.MkdirAll(half, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(half, "tako.db"), []byte("half of something"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := backup.Restore(context.Background(), path, backup.Target{Dir: dir, Blobs: folder(t, nil)}); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != "tako.db" {
		t.Errorf("%v, %v", entries, err)
	}
}
