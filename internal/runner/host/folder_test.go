package host

import (
	"os"
	"path/filepath"
	"testing"
)

// TestFoldersKeepNothing gives a folder back and looks for what was in it.
func TestFoldersKeepNothing(t *testing.T) {
	f, err := newFolders(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir, err := f.take()
	if err != nil {
		t.Fatal(err)
	}
	ticket := filepath.Join(f.work, "ticket")
	if err := os.Rename(dir, ticket); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{stateFile, logFile, filepath.Join(filesName, "a")} {
		if err := os.WriteFile(filepath.Join(ticket, name), []byte("secret"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.give(ticket, usage{logged: true}); err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(f.work, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if text, err := os.ReadFile(path); err != nil || len(text) > 0 {
			t.Errorf("%s still holds %q (%v)", path, text, err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if again, err := f.take(); err != nil || filepath.Dir(again) != f.work {
		t.Errorf("got %s, %v", again, err)
	}
}
