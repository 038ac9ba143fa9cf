package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/takodeploy/tako/internal/backup"
	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/config"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store"
)

// copied gives the settings of a server whose data folder is a copy of its backup.
func copied(dir, place string) *config.Server {
	cfg := local(dir)
	cfg.Web.PollingListen = config.Off
	cfg.Backup.To, cfg.Backup.Restore = place, backup.StartPresent
	cfg.MasterKey = secret.Text("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
	return cfg
}

func set(ctx context.Context, s *Server, name, value string) error {
	return s.db.Do(ctx, func(tx *store.Tx) error { return tx.SetSetting(name, value) })
}

func value(t *testing.T, s *Server, name string) (text string) {
	t.Helper()
	if err := s.db.View(t.Context(), func(tx *store.Tx) (err error) { text, err = tx.Setting(name); return err }); err != nil {
		t.Fatal(err)
	}
	return text
}

// TestAServerThatStoodStillWritesNothingMore stops a server's process in the
// middle of its life, starts another on the same backup, and lets the first go on.
func TestAServerThatStoodStillWritesNothingMore(t *testing.T) {
	if place := os.Getenv("TAKO_TEST_PLACE"); place != "" {
		standStill(t, place)
		return
	}
	t.Parallel()
	place := filepath.Join(t.TempDir(), "backup")
	child := exec.Command(os.Args[0], "-test.run=^TestAServerThatStoodStillWritesNothingMore$")
	child.Env = append(os.Environ(), "TAKO_TEST_PLACE="+place)
	in, err1 := child.StdinPipe()
	out, err2 := child.StdoutPipe()
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer child.Process.Kill()
	lines := bufio.NewScanner(out)
	hear := func(what string) string {
		t.Helper()
		last := ""
		for lines.Scan() {
			last = lines.Text()
			if strings.HasPrefix(last, what) {
				return last
			}
		}
		t.Fatalf("the first server did not say %q, but last %q", what, last)
		return ""
	}
	hear("copied")
	if err := child.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	second, err := New(t.Context(), copied(t.TempDir(), place), "1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	if got := value(t, second, "who"); got != "first" {
		t.Errorf("the second server has what %q wrote", got)
	}
	if err := set(t.Context(), second, "who", "second"); err != nil {
		t.Fatal(err)
	}
	if err := child.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(in, "go on")
	hear("refused")
	// Whatever part of it came to write or look first has ended it.
	if why := hear("ended"); !strings.Contains(why, "Another server uses the backup now") {
		t.Error(why)
	}
	child.Wait()
	second.close()
	third, err := New(t.Context(), copied(t.TempDir(), place), "1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	defer third.close()
	if got := value(t, third, "who"); got != "second" {
		t.Errorf("the backup has what the %s server wrote", got)
	}
}

// TestABackupThatLacksTheLastIsNotGivenUp: the folder has what the backup has not,
// so nobody may go on from the backup without being told to.
func TestABackupThatLacksTheLastIsNotGivenUp(t *testing.T) {
	t.Parallel() // the last copy is tried for ten seconds
	root := filepath.Join(t.TempDir(), "backup")
	s, err := New(t.Context(), copied(t.TempDir(), root), "1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	database := filepath.Join(root, "database")
	if err := errors.Join(os.RemoveAll(database), os.WriteFile(database, nil, 0o600), set(t.Context(), s, "who", "nobody")); err != nil {
		t.Fatal(err)
	}
	s.close()
	place, err := blob.OpenFolder(root)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := backup.Take(t.Context(), backup.Claim{Place: place, Dir: t.TempDir()}); !fault.Is(err, fault.Conflict) {
		t.Errorf("another may have it: %v", err)
	}
}

// standStill is the first server, in a process of its own.
func standStill(t *testing.T, place string) {
	s, err := New(t.Context(), copied(t.TempDir(), place), "1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Run(t.Context()) }()
	if err := set(t.Context(), s, "who", "first"); err != nil {
		t.Fatal(err)
	}
	if err := s.copy.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	fmt.Println("copied")
	bufio.NewScanner(os.Stdin).Scan()
	// By now it may have seen its successor, and have closed its database.
	if err := set(t.Context(), s, "who", "first again"); err != nil {
		fmt.Println("refused")
	}
	fmt.Println("ended:", <-ended)
}
