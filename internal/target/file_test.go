package target_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/target"
)

func testArtifact(t *testing.T, p place) {
	tr := p.open(t)
	must(t, tr.Start(within(t, 30*time.Second), "artifact-1", script("head -c 3000000 /dev/urandom > a.bin; sha256sum < a.bin; pwd")))
	lines, _ := follow(t, tr, "artifact-1", 0)
	for _, path := range []string{"a.bin", filepath.Join(lines[1].Text, "a.bin")} {
		file, size, err := tr.Get(within(t, 30*time.Second), "artifact-1", path)
		must(t, err)
		data, err := io.ReadAll(file)
		must(t, err)
		must(t, file.Close())
		if sum := sha256.Sum256(data); size != 3000000 || !strings.HasPrefix(lines[0].Text, hex.EncodeToString(sum[:])) {
			t.Errorf("%s: %d bytes of %d are not the same", path, len(data), size)
		}
	}
	if _, _, err := tr.Get(within(t, 30*time.Second), "artifact-1", "missing"); !fault.Is(err, fault.NotFound) {
		t.Errorf("missing file: %v", err)
	}
	if _, _, err := tr.Get(within(t, 30*time.Second), "artifact-1", "/tmp"); !fault.Is(err, fault.Invalid) {
		t.Errorf("folder: %v", err)
	}
}

func testFiles(t *testing.T, p place) {
	tr := p.open(t)
	job := script("cat dir/a; stat -c %a dir/b; ls ..")
	job.Files = []runner.File{{Name: "dir/a", Data: []byte("one\n")}, {Name: "dir/b", Data: []byte{0}, Mode: 0o755}}
	must(t, tr.Start(within(t, 30*time.Second), "files-1", job))
	lines, _ := follow(t, tr, "files-1", 0)
	if got := texts(lines); len(got) < 2 || got[0] != "one" || got[1] != "755" {
		t.Error(got)
	}
	job.Files = []runner.File{{Name: "../escape", Data: []byte("x")}}
	must(t, tr.Start(within(t, 30*time.Second), "files-2", job))
	if _, exit := follow(t, tr, "files-2", 0); exit.Code == 0 || !strings.Contains(exit.Reason, "leads out") {
		t.Errorf("%+v", exit)
	}
}

func packageOf(data []byte) runner.Package {
	sum := sha256.Sum256(data)
	return runner.Package{ID: "Acme.Web", Version: "1.0", Hash: hex.EncodeToString(sum[:]), Extension: ".zip", Size: int64(len(data))}
}

func opener(data []byte, opened *int) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) {
		*opened++
		return io.NopCloser(bytes.NewReader(data)), nil
	}
}

func testPut(t *testing.T, p place) {
	tr, other := p.open(t), p.open(t)
	data := bytes.Repeat([]byte("tako "+p.name), 700_000)
	pkg := packageOf(data)
	have, err := tr.Has(within(t, 30*time.Second), pkg)
	must(t, err)
	if have {
		t.Fatal("it is there before it was sent")
	}
	var mu sync.Mutex
	opened, sent := 0, 0
	var all sync.WaitGroup
	for i := range 6 {
		way := []target.Transport{tr, other}[i%2]
		all.Go(func() {
			did, err := way.Put(context.Background(), pkg, func() (io.ReadCloser, error) {
				mu.Lock()
				defer mu.Unlock()
				opened++
				return io.NopCloser(bytes.NewReader(data)), nil
			})
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if did {
				sent++
			}
		})
	}
	all.Wait()
	if opened != 1 || sent != 1 {
		t.Errorf("opened %d times, sent %d times", opened, sent)
	}
	have, err = tr.Has(within(t, 30*time.Second), pkg)
	must(t, err)
	got, err := os.ReadFile(filepath.Join(p.home, ".tako/packages", pkg.Hash+".zip"))
	must(t, err)
	if !have || !bytes.Equal(got, data) {
		t.Errorf("have %v, %d bytes", have, len(got))
	}
}

// A package that is not what its hash says is refused and leaves nothing.
func testPutCorrupt(t *testing.T, p place) {
	tr := p.open(t)
	pkg := packageOf([]byte("what it should be"))
	opened := 0
	for _, wrong := range []string{"what it shouldn't", "short", strings.Repeat("far too long ", 400_000)} {
		if _, err := tr.Put(within(t, 30*time.Second), pkg, opener([]byte(wrong), &opened)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%d bytes: %v", len(wrong), err)
		}
	}
	broken := errors.New("the blob store is away")
	if _, err := tr.Put(within(t, 30*time.Second), pkg, func() (io.ReadCloser, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("source that does not open: %v", err)
	}
	eventually(t, "nothing is left", func() bool {
		entries, _ := os.ReadDir(filepath.Join(p.home, ".tako/packages"))
		return !slices.ContainsFunc(entries, func(e os.DirEntry) bool {
			return strings.HasPrefix(e.Name(), ".part-") || strings.HasPrefix(e.Name(), pkg.Hash)
		})
	})
	if sent, err := tr.Put(within(t, 30*time.Second), pkg, opener([]byte("what it should be"), &opened)); err != nil || !sent {
		t.Errorf("the right one: %v, %v", sent, err)
	}
}

func testComplete(t *testing.T, p place) {
	tr := p.open(t)
	must(t, tr.Start(within(t, 30*time.Second), "complete-1", script("echo x")))
	follow(t, tr, "complete-1", 0)
	dir := filepath.Join(p.home, ".tako/work/complete-1")
	if !exists(dir) {
		t.Fatal("the folder is not there")
	}
	must(t, tr.Complete(within(t, 30*time.Second), "complete-1"))
	eventually(t, "the folder is gone", func() bool { return !exists(dir) })
	must(t, tr.Complete(within(t, 30*time.Second), "complete-1"))
}

func testUnknownCommand(t *testing.T, p place) {
	err := p.open(t).Start(within(t, 30*time.Second), "command-1", runner.Job{Command: "no-such"})
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "no-such") {
		t.Errorf("%v", err)
	}
}

// A service that a script leaves behind neither holds the job up nor dies of
// its output.
func testDaemon(t *testing.T, p place) {
	tr := p.open(t)
	alive := filepath.Join(p.home, "daemon.alive")
	must(t, tr.Start(within(t, 30*time.Second), "daemon-1",
		script("(sleep 1.2; echo still here; echo yes > "+alive+") & echo started")))
	began := time.Now()
	_, exit := follow(t, tr, "daemon-1", 0)
	if took := time.Since(began); exit.Code != 0 || took > time.Minute {
		t.Errorf("%+v after %v", exit, took)
	}
	eventually(t, "the daemon lives", func() bool { return exists(alive) })
}

func testHealth(t *testing.T, p place) {
	tr := p.open(t)
	must(t, tr.Start(within(t, 30*time.Second), "health-1", runner.Job{Command: "health"}))
	lines, exit := follow(t, tr, "health-1", 0)
	if exit.Code != 0 || !strings.Contains(strings.Join(texts(lines), "\n"), "free") {
		t.Errorf("%+v %v", exit, texts(lines))
	}
}
