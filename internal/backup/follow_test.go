package backup_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/takodeploy/tako/internal/backup"
	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
)

const week = 7 * 24 * time.Hour

// places runs a test with a backup in a folder and one in a bucket.
func places(t *testing.T, f func(t *testing.T, o blob.Options)) {
	t.Run("folder", func(t *testing.T) { f(t, blob.Options{Store: filepath.Join(t.TempDir(), "backup")}) })
	t.Run("bucket", func(t *testing.T) {
		backend := s3mem.New()
		if err := backend.CreateBucket("backups"); err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(gofakes3.New(backend).Server())
		t.Cleanup(server.Close)
		f(t, blob.Options{Store: "s3://backups/one", Endpoint: server.URL, Region: "us-east-1", AccessKey: "key", SecretKey: "secret"})
	})
}

func openPlace(t *testing.T, o blob.Options) blob.Store {
	t.Helper()
	s, err := blob.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// live is a data folder with a database that is followed.
type live struct {
	*store.DB
	*backup.Follower
	dir   string
	files blob.Store
}

func start(t *testing.T, dir string, to blob.Store) *live {
	t.Helper()
	files, err := blob.OpenFolder(filepath.Join(dir, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), dir, "")
	if err != nil {
		t.Fatal(err)
	}
	f, err := backup.Follow(t.Context(), backup.Options{DB: db, Files: files, To: to, Keep: week})
	if err != nil {
		t.Fatal(err)
	}
	l := &live{db, f, dir, f.Files()}
	t.Cleanup(l.stop)
	return l
}

func (l *live) stop() {
	l.DB.Close()
	l.Follower.Close()
}

func (l *live) set(t *testing.T, name, value string) {
	t.Helper()
	if err := l.Do(t.Context(), func(tx *store.Tx) error { return tx.SetSetting(name, value) }); err != nil {
		t.Fatal(err)
	}
}

func (l *live) put(t *testing.T, name, text string) {
	t.Helper()
	if _, err := l.files.Put(t.Context(), name, strings.NewReader(text), -1); err != nil {
		t.Fatal(err)
	}
}

// sync copies everything, and gives a time after that and before what follows.
func (l *live) sync(t *testing.T) time.Time {
	t.Helper()
	if err := l.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(time.Millisecond)
	passed(at.Add(20 * time.Millisecond)) // the times of files are that coarse
	return at
}

// passed waits until a time is over, which what is restored to goes by.
func passed(at time.Time) {
	for !time.Now().After(at) {
		runtime.Gosched()
	}
}

// fetch restores into a new folder and gives its settings and files.
func fetch(t *testing.T, from blob.Store, at time.Time) (dir string, settings, files map[string]string) {
	t.Helper()
	dir = t.TempDir()
	blobs := folder(t, nil)
	if _, err := backup.Fetch(t.Context(), from, at, backup.Target{Dir: dir, Blobs: blobs}); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), dir, "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	settings = map[string]string{}
	err = db.View(t.Context(), func(tx *store.Tx) error {
		return tx.Query(func(scan func(...any) error) error {
			var name, value string
			err := scan(&name, &value)
			settings[name] = value
			return err
		}, "select name, value from setting")
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir, settings, contents(t, blobs)
}

// TestRestoreToATime goes back to before a change, a removal and a restart.
func TestRestoreToATime(t *testing.T) {
	places(t, func(t *testing.T, o blob.Options) {
		to := openPlace(t, o)
		dir := t.TempDir()
		l := start(t, dir, to)
		l.set(t, "a", "1")
		l.put(t, "packages/p", "one")
		l.put(t, "packages/q", "two")
		first := l.sync(t)
		l.set(t, "a", "2")
		if err := l.files.Delete(t.Context(), "packages/p"); err != nil {
			t.Fatal(err)
		}
		second := l.sync(t)
		l.stop()
		l = start(t, dir, to)
		l.set(t, "a", "3")
		l.put(t, "packages/p", "new")
		l.sync(t)
		for _, c := range []struct {
			at              time.Time
			settings, files map[string]string
		}{
			{first, map[string]string{"a": "1"}, map[string]string{"packages/q": "two"}},
			{second, map[string]string{"a": "2"}, map[string]string{"packages/q": "two"}},
			{time.Time{}, map[string]string{"a": "3"}, map[string]string{"packages/p": "new", "packages/q": "two"}},
		} {
			_, settings, files := fetch(t, to, c.at)
			// A file that came back under its name is there in its newest form.
			if !c.at.IsZero() {
				delete(files, "packages/p")
			}
			if diff := cmp.Diff(c.settings, settings); diff != "" {
				t.Errorf("at %s: %s", c.at, diff)
			}
			if diff := cmp.Diff(c.files, files); diff != "" {
				t.Errorf("at %s: %s", c.at, diff)
			}
		}
		if _, err := backup.Fetch(t.Context(), to, time.Now().Add(-week), backup.Target{Dir: t.TempDir()}); !fault.Is(err, fault.NotFound) {
			t.Errorf("restored to before the beginning: %v", err)
		}
	})
}

// TestARemovedFileCanComeBack as long as it may be asked for.
func TestARemovedFileCanComeBack(t *testing.T) {
	to := folder(t, nil)
	l := start(t, t.TempDir(), to)
	l.put(t, "packages/p", "one")
	before := l.sync(t)
	if err := l.files.Delete(t.Context(), "packages/p"); err != nil {
		t.Fatal(err)
	}
	l.sync(t)
	if _, _, files := fetch(t, to, before); files["packages/p"] != "one" {
		t.Errorf("the file did not come back: %v", files)
	}
	if _, _, files := fetch(t, to, time.Time{}); len(files) > 0 {
		t.Errorf("the removed file came back: %v", files)
	}
}

// TestARestoredDatabaseWritesAHistoryOfItsOwn so that the old one, should it
// come back, and the new one do not mix.
func TestARestoredDatabaseWritesAHistoryOfItsOwn(t *testing.T) {
	to := folder(t, nil)
	old := start(t, t.TempDir(), to)
	old.set(t, "who", "old")
	at := old.sync(t)
	dir, _, _ := fetch(t, to, time.Time{})
	restored := start(t, dir, to)
	restored.set(t, "who", "restored")
	restored.sync(t)
	old.set(t, "who", "old again")
	old.sync(t)
	if _, settings, _ := fetch(t, to, time.Time{}); settings["who"] != "restored" {
		t.Errorf("the newest history is of %q", settings["who"])
	}
	if _, settings, _ := fetch(t, to, at); settings["who"] != "old" {
		t.Errorf("the old history is of %q", settings["who"])
	}
}

// TestAStopCopiesEverything, however soon it comes.
func TestAStopCopiesEverything(t *testing.T) {
	to := folder(t, nil)
	l := start(t, t.TempDir(), to)
	l.set(t, "a", "1")
	l.put(t, "packages/p", "one")
	l.stop()
	if _, settings, files := fetch(t, to, time.Time{}); settings["a"] != "1" || files["packages/p"] != "one" {
		t.Errorf("%v %v", settings, files)
	}
}

// TestARestartCopiesOnlyWhatIsNew: not the whole database each time.
func TestARestartCopiesOnlyWhatIsNew(t *testing.T) {
	to := folder(t, nil)
	dir := t.TempDir()
	l := start(t, dir, to)
	for i := range 100 {
		l.set(t, fmt.Sprint(i), strings.Repeat(fmt.Sprintf("%08d", i), 5000))
	}
	l.sync(t)
	l.stop()
	size := func() (n int64) {
		for info, err := range to.List(t.Context(), "database/") {
			if err != nil {
				t.Fatal(err)
			}
			n += info.Size
		}
		return n
	}
	before := size()
	l = start(t, dir, to)
	l.set(t, "a", "b")
	l.sync(t)
	if grown := size() - before; grown > before/4 {
		t.Errorf("%d bytes were copied after a restart, beside %d before", grown, before)
	}
	if _, settings, _ := fetch(t, to, time.Time{}); len(settings) != 101 {
		t.Errorf("%d settings came back", len(settings))
	}
}

// TestKilledWhileItWrites kills a process that writes without pause, deletes
// its folder, and restores: no gap, and everything up to what was seen to be
// in the backup.
func TestKilledWhileItWrites(t *testing.T) {
	if to := os.Getenv("TAKO_TEST_BACKUP"); to != "" {
		writeForever(t, os.Getenv("TAKO_TEST_DATA"), blob.Options{Store: to, Endpoint: os.Getenv("TAKO_TEST_ENDPOINT"), Region: "us-east-1", AccessKey: "key", SecretKey: "secret"})
	}
	places(t, func(t *testing.T, o blob.Options) {
		dir := filepath.Join(t.TempDir(), "data")
		child := exec.Command(os.Args[0], "-test.run=^TestKilledWhileItWrites$")
		child.Env = append(os.Environ(), "TAKO_TEST_BACKUP="+o.Store, "TAKO_TEST_ENDPOINT="+o.Endpoint, "TAKO_TEST_DATA="+dir)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		to := openPlace(t, o)
		const least = 2000
		said, surely, killed := 0, 0, false
		var lastAt, killedAt time.Time
		for lines := bufio.NewScanner(out); lines.Scan(); {
			n, at, ok := strings.Cut(lines.Text(), " ")
			if !ok {
				continue
			}
			said, _ = strconv.Atoi(n)
			nano, _ := strconv.ParseInt(at, 10, 64)
			lastAt = time.Unix(0, nano)
			switch {
			case killed:
			case surely == 0 && said >= least:
				surely, killedAt = said, lastAt
			case surely > 0 && said%50 == 0:
				if last, err := backup.Last(t.Context(), to); err == nil && last.After(killedAt.Add(time.Second)) {
					child.Process.Kill()
					killed = true
				}
			}
		}
		child.Wait()
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		_, settings, _ := fetch(t, to, time.Time{})
		for i := 1; i <= len(settings); i++ {
			if settings[strconv.Itoa(i)] == "" {
				t.Fatalf("of %d rows that came back, number %d is missing", len(settings), i)
			}
		}
		if len(settings) < surely {
			t.Errorf("%d rows came back, but %d were in the backup", len(settings), surely)
		}
		lost, _ := strconv.ParseInt(settings[strconv.Itoa(len(settings))], 10, 64)
		t.Logf("%d of %d rows came back; %s of work was lost", len(settings), said, lastAt.Sub(time.Unix(0, lost)))
	})
}

func writeForever(t *testing.T, dir string, o blob.Options) {
	l := start(t, dir, openPlace(t, o))
	go l.Run(context.Background())
	for i := 1; ; i++ {
		at := strconv.FormatInt(time.Now().UnixNano(), 10)
		l.set(t, strconv.Itoa(i), at)
		fmt.Println(i, at)
	}
}

// TestFollowedFilesStayLocal for those who read local files in place.
func TestFollowedFilesStayLocal(t *testing.T) {
	l := start(t, t.TempDir(), folder(t, nil))
	if !blob.Local(l.files) {
		t.Error("the files of this machine pass for those of another")
	}
}
