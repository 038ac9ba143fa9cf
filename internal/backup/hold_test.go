package backup

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/fault"
)

// watched is a place that counts how often it is looked at, takes its time, and
// can be away.
type watched struct {
	blob.Store
	takes time.Duration
	looks atomic.Int32
	away  atomic.Bool
}

func (w *watched) Stat(ctx context.Context, name string) (blob.Info, error) {
	w.looks.Add(1)
	time.Sleep(w.takes) // in a test's own time
	if w.away.Load() {
		return blob.Info{}, errors.New("no route")
	}
	return w.Store.Stat(ctx, name)
}

func newPlace(t *testing.T) blob.Store {
	t.Helper()
	place, err := blob.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return place
}

// dataFolder is one whose database is written to a history, if it has one.
func dataFolder(t *testing.T, history string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{generationFile: history, "tako.db": "x"} {
		if history == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func take(t *testing.T, c Claim) *Hold {
	t.Helper()
	h, err := Take(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func tryPut(t *testing.T, h *Hold) error {
	t.Helper()
	_, err := h.Place().Put(t.Context(), "database/x", strings.NewReader("x"), 1)
	return err
}

// TestTheLastIsTheWriter where the place counts: the one before, which may stand
// still, is waited for, and then writes nothing more and ends.
func TestTheLastIsTheWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		place := newPlace(t)
		first := take(t, Claim{Place: place, Dir: t.TempDir(), Node: "one", Truth: true})
		if err := errors.Join(first.Check(t.Context()), tryPut(t, first)); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- first.Run(t.Context()) }()
		began := time.Now()
		second := take(t, Claim{Place: place, Dir: t.TempDir(), Node: "two", Truth: true})
		if waited := time.Since(began); waited <= validFor {
			t.Errorf("the first may write for %s, but the second came after %s", validFor, waited)
		}
		for what, err := range map[string]error{"write": first.Check(t.Context()), "copy": tryPut(t, first), "remove": first.Place().Delete(t.Context(), "database/x")} {
			if !fault.Is(err, fault.Away) {
				t.Errorf("the first may %s: %v", what, err)
			}
		}
		if err := errors.Join(second.Check(t.Context()), tryPut(t, second)); err != nil {
			t.Errorf("the second may not write: %v", err)
		}
		if err := <-ended; err == nil || !strings.Contains(err.Error(), "Another server") {
			t.Errorf("the first goes on: %v", err)
		}
		if err := first.Release(t.Context()); err != nil {
			t.Error(err)
		}
		if _, last, err := newestWriter(t.Context(), place); err != nil || last.Node != "two" || last.Ended {
			t.Errorf("%+v %v", last, err)
		}
	})
}

// TestAnIdleWriterLearnsOfItsSuccessor although it writes nothing.
func TestAnIdleWriterLearnsOfItsSuccessor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		place := newPlace(t)
		first := take(t, Claim{Place: place, Dir: t.TempDir(), Truth: true})
		take(t, Claim{Place: place, Dir: t.TempDir(), Truth: true})
		if err := first.Run(t.Context()); err == nil {
			t.Error("it goes on")
		}
	})
}

// TestHoldingCostsLittle: a writer at work asks now and then, and no write waits
// for the answer.
func TestHoldingCostsLittle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		place := &watched{Store: newPlace(t), takes: validFor - lookAfter - time.Millisecond}
		h := take(t, Claim{Place: place.Store, Dir: t.TempDir(), Truth: true})
		h.claim.Place = place
		for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(time.Millisecond) {
			at := time.Now()
			if err := h.Check(t.Context()); err != nil {
				t.Fatal(err)
			}
			if waited := time.Since(at); waited > 0 {
				t.Fatalf("waited %s", waited)
			}
		}
		if n, right := place.looks.Load(), int32(time.Minute/lookAfter); n < right-1 || n > right {
			t.Errorf("%d looks in the time that %d are right for", n, right)
		}
	})
}

// unread is a place that cannot be read.
type unread struct{ *blob.Folder }

func (unread) Open(context.Context, string) (blob.Reader, error) { return nil, errors.New("no route") }

// TestAPlaceThatCannotBeRead is not for that another server's.
func TestAPlaceThatCannotBeRead(t *testing.T) {
	place, err := blob.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	_, err = Take(t.Context(), Claim{Place: unread{place}, Dir: t.TempDir(), Truth: true})
	if err == nil || fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "no route") {
		t.Error(err)
	}
}

// TestNoWaitWhereNoneIsNeeded: the one before has ended, or is dead for sure.
func TestNoWaitWhereNoneIsNeeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		place := newPlace(t)
		dir := t.TempDir()
		began := time.Now()
		first := take(t, Claim{Place: place, Dir: dir, Truth: true})
		again := take(t, Claim{Place: place, Dir: dir, Truth: true}) // whoever takes has locked the folder
		if err := first.look(t.Context()); err == nil {
			t.Error("a folder's writer is not followed by the next")
		}
		if err := again.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
		take(t, Claim{Place: place, Dir: t.TempDir()})
		if waited := time.Since(began); waited > 0 {
			t.Errorf("waited %s", waited)
		}
	})
}

func TestWhoMayTake(t *testing.T) {
	const old, new, newer = "20260101T000000.000Z-aaaa", "20260201T000000.000Z-bbbb", "20260301T000000.000Z-cccc"
	for _, test := range []struct {
		name  string
		last  writer
		mine  string // history of the folder
		truth bool
		says  string // why not
	}{
		{"an empty folder, where the place counts", writer{History: new}, "", true, ""},
		{"an empty folder, where the folder counts", writer{History: new, Node: "other"}, "", false, "kept by another server (other, since "},
		{"an empty folder after one that ended", writer{History: new, Ended: true}, "", false, ""},
		{"a disk that moved to another machine", writer{History: new}, new, false, ""},
		{"a restore that was not noted", writer{History: new}, newer, true, ""},
		{"a folder that was left behind", writer{History: new, Node: "other", Ended: true}, old, true, "out of date"},
		{"a folder that was left behind, where it counts", writer{History: new, Ended: true}, old, false, "out of date"},
		{"before anybody wrote a history", writer{}, old, true, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				place := newPlace(t)
				if err := blob.Create(t.Context(), place, writerName(1), test.last.text()); err != nil {
					t.Fatal(err)
				}
				_, err := Take(t.Context(), Claim{Place: place, Dir: dataFolder(t, test.mine), Truth: test.truth})
				switch {
				case test.says == "" && err != nil:
					t.Error(err)
				case test.says != "" && (!fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), test.says)):
					t.Errorf("%v", err)
				}
				if n, _, _ := newestWriter(t.Context(), place); test.says != "" && n != 1 {
					t.Error("who was refused has stopped the writer all the same")
				}
			})
		})
	}
}

// TestARecordThatACrashLeftEmpty is of a writer that is waited for.
func TestARecordThatACrashLeftEmpty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		place := newPlace(t)
		if err := blob.Create(t.Context(), place, writerName(7), nil); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if h := take(t, Claim{Place: place, Dir: t.TempDir(), Truth: true}); h.number != 8 || time.Since(began) < settle {
			t.Errorf("number %d after %s", h.number, time.Since(began))
		}
	})
}

// TestManyAtOnce leaves one.
func TestManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		place := newPlace(t)
		var all sync.WaitGroup
		holds := make([]*Hold, 8)
		for i := range holds {
			dir := t.TempDir()
			all.Go(func() { holds[i], _ = Take(t.Context(), Claim{Place: place, Dir: dir, Truth: true}) })
		}
		all.Wait()
		time.Sleep(validFor)
		writers := 0
		for _, h := range holds {
			if h != nil && h.Check(t.Context()) == nil {
				writers++
			}
		}
		if writers != 1 {
			t.Errorf("%d may write", writers)
		}
	})
}

// TestThePlaceIsAway: where it counts nothing is written until it is back, and
// where the folder counts all goes on.
func TestThePlaceIsAway(t *testing.T) {
	for _, truth := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			place := &watched{Store: newPlace(t)}
			h := take(t, Claim{Place: place.Store, Dir: t.TempDir(), Truth: truth})
			h.claim.Place = place
			place.away.Store(true)
			time.Sleep(validFor)
			for range 100 {
				if err := h.Check(t.Context()); truth == (err == nil) {
					t.Errorf("where the place counts is %v: %v", truth, err)
				}
			}
			synctest.Wait()
			if n := place.looks.Load(); n != 1 {
				t.Errorf("%d looks for 100 writes at once", n)
			}
			place.away.Store(false)
			time.Sleep(lookAgain + time.Millisecond)
			if err := h.Check(t.Context()); err != nil {
				t.Errorf("the place is back: %v", err)
			}
		})
	}
}

// TestTheFolderCountsUntilAnotherIsSeen: a successor that was told to take the
// place over is noticed with the first write.
func TestTheFolderCountsUntilAnotherIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		place := newPlace(t)
		first := take(t, Claim{Place: place, Dir: t.TempDir()})
		take(t, Claim{Place: place, Dir: t.TempDir(), Truth: true})
		_ = first.Check(t.Context())
		synctest.Wait()
		if err := first.Check(t.Context()); !fault.Is(err, fault.Away) {
			t.Errorf("it goes on: %v", err)
		}
	})
}

// TestOldRecordsGo, and a writer that stood still for longer than they are kept
// does not take that for having no successor.
func TestOldRecordsGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		root := t.TempDir()
		place, err := blob.OpenFolder(root)
		if err != nil {
			t.Fatal(err)
		}
		first := take(t, Claim{Place: place, Dir: t.TempDir(), Truth: true})
		for range 2 {
			if err := take(t, Claim{Place: place, Dir: t.TempDir(), Truth: true}).Release(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		long := time.Now().Add(-2 * recordsFor)
		for info, err := range place.List(t.Context(), writerFolder) {
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(root, filepath.FromSlash(info.Name))
			if err := os.Chtimes(path, long, long); err != nil {
				t.Fatal(err)
			}
		}
		last := take(t, Claim{Place: place, Dir: t.TempDir(), Truth: true})
		if err := last.tidy(t.Context()); err != nil {
			t.Fatal(err)
		}
		var left []string
		for info := range place.List(t.Context(), writerFolder) {
			left = append(left, info.Name)
		}
		if len(left) != 1 || left[0] != writerName(last.number) {
			t.Errorf("left: %v", left)
		}
		time.Sleep(sureFor)
		if err := first.Check(t.Context()); err == nil {
			t.Error("the first takes itself for the writer")
		}
	})
}

// TestAHistorySortsAfterTheOneBefore, though the clock was set back.
func TestAHistorySortsAfterTheOneBefore(t *testing.T) {
	const before = "29990101T000000.000Z-aaaa"
	place := newPlace(t)
	if err := blob.Create(t.Context(), place, writerName(1), writer{History: before, Ended: true}.text()); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	h := take(t, Claim{Place: place, Dir: dir, Truth: true})
	g, err := generationOf(t.Context(), dir, h)
	if err != nil || g <= before {
		t.Errorf("%s comes after %s: %v", g, before, err)
	}
	if _, last, err := newestWriter(t.Context(), place); err != nil || last.History != g {
		t.Errorf("the place has not heard of %s: %+v %v", g, last, err)
	}
}
