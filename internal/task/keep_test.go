package task

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
)

// later is a queue whose clock is ahead.
func later(db *store.DB, blobs blob.Store, by time.Duration) *Queue {
	return NewQueue(db, Options{Blobs: blobs, Now: func() time.Time { return time.Now().Add(by) }})
}

func folder(t testing.TB) blob.Store {
	t.Helper()
	return must[*blob.Folder](t)(blob.OpenFolder(t.TempDir()))
}

// begun is a task in the hands of a handler.
func begun(t testing.TB, q *Queue) *Execution {
	t.Helper()
	ctx := t.Context()
	if err := q.Join(ctx, "n", 1000); err != nil {
		t.Fatal(err)
	}
	id := must[*Task](t)(q.Enqueue(ctx, New{Name: "X", Description: "writes much"})).ID
	for _, task := range must[[]*Task](t)(q.Claim(ctx, "n", time.Minute)) {
		if task.ID == id {
			return &Execution{Task: *task, q: q, mask: newMasks(), stop: func(error) {}}
		}
	}
	t.Fatal("the task was not claimed")
	return nil
}

func (x *Execution) mustSave(t testing.TB, s Save) {
	t.Helper()
	if err := x.Save(context.Background(), s); err != nil {
		t.Fatal(err)
	}
}

// scribble has a task write lines from several places in turn, and end.
func scribble(t testing.TB, q *Queue, commits int) string {
	t.Helper()
	x := begun(t, q)
	r := rand.New(rand.NewPCG(1, 2))
	at := time.Date(2026, 5, 6, 23, 59, 0, 0, time.UTC)
	x.mustSave(t, Save{Plan: []byte("{}"), Outline: &Outline{
		Steps:   []Place{{"1", "Fetch", []Place{{"1.1", "Fetch", nil}}}, {"2", "Install", []Place{{"2.1", "Copy", nil}, {"2.2", "Start", nil}}}},
		Targets: map[string]string{"Machines-1": "web-1"},
	}})
	for i := range commits {
		var s Save
		for range 1 + r.IntN(3) {
			l := Lines{Path: []string{"", "1.1", "2.1", "2.2", "20.1"}[r.IntN(5)], Target: []string{"", "Machines-1", "Machines-2"}[r.IntN(3)]}
			for range 1 + r.IntN(6) {
				at = at.Add(time.Duration(r.IntN(3000)) * time.Millisecond)
				text := strings.Repeat("some words of a Log ", r.IntN(30))
				if r.IntN(50) == 0 {
					text += "a Needle, 3 \u212a \u00c5"
				}
				l.Lines = append(l.Lines, Line{Category: categories[r.IntN(len(categories))], Time: at, Text: fmt.Sprint(i, " ", text)})
			}
			s.Logs = append(s.Logs, l)
		}
		x.mustSave(t, s)
	}
	x.mustSave(t, Save{Outcome: &Outcome{Act: Succeed}})
	return x.Task.ID
}

// view is all that can be read of a log.
type view struct {
	Lines, Tail, TailInfo []PlacedLine
	Parts                 map[string][]PlacedLine
	Text                  string
}

func look(t testing.TB, q *Queue, id string) view {
	t.Helper()
	ctx := t.Context()
	v := view{Lines: must[[]PlacedLine](t)(q.Lines(ctx, id, 1, 1<<30)), Parts: map[string][]PlacedLine{}}
	v.Tail = must[[]PlacedLine](t)(q.Tail(ctx, id, 37, Narrow{}))
	v.TailInfo = must[[]PlacedLine](t)(q.Tail(ctx, id, 37, Narrow{Level: Warning}))
	for _, from := range []int64{1, 77, int64(len(v.Lines)) + 1} {
		for _, n := range []Narrow{{}, {Path: "2"}, {Path: "2.1", Target: "Machines-1"}, {Level: Error}, {Text: "nEEdle"}, {Text: "k"}, {Text: "3 K"}, {Text: "å", Level: Info}, {Path: "9"}} {
			got := []PlacedLine{}
			for at := from; ; {
				page := must[LogPage](t)(q.Log(ctx, id, at, 400, n))
				got = append(got, page.Lines...)
				if page.Done {
					break
				}
				if page.Next <= at {
					t.Fatalf("%+v from %d goes on at %d", n, at, page.Next)
				}
				at = page.Next
			}
			v.Parts[fmt.Sprintf("%d %+v", from, n)] = got
		}
	}
	raw := must[*Raw](t)(q.Raw(ctx, id))
	defer raw.Close()
	var text strings.Builder
	if err := raw.Copy(ctx, &text); err != nil {
		t.Fatal(err)
	}
	v.Text = text.String()
	if s := raw.Seeker(); s != nil {
		lookAround(t, s, v.Text)
	}
	return v
}

// lookAround reads text from many places.
func lookAround(t testing.TB, s io.ReadSeeker, text string) {
	t.Helper()
	if end := must[int64](t)(s.Seek(0, io.SeekEnd)); end != int64(len(text)) {
		t.Fatalf("the text has %d bytes, not %d", len(text), end)
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range 60 {
		from := r.IntN(len(text) + 1)
		want := text[from:min(len(text), from+r.IntN(700))]
		must[int64](t)(s.Seek(int64(from), io.SeekStart))
		got := make([]byte, len(want))
		if _, err := io.ReadFull(s, got); err != nil || string(got) != want {
			t.Fatalf("at %d: %v, %q, want %q", from, err, got, want)
		}
	}
	must[int64](t)(s.Seek(0, io.SeekStart))
	if all := must[[]byte](t)(io.ReadAll(s)); string(all) != text {
		t.Error("the text is not the same when it is read through")
	}
}

// expect works out what look must give, line by line.
func (v *view) expect(t *testing.T) {
	t.Helper()
	for i, l := range v.Lines {
		if l.Number != int64(i+1) {
			t.Fatalf("line %d has the number %d", i+1, l.Number)
		}
	}
	if diff := cmp.Diff(v.Lines[len(v.Lines)-37:], v.Tail); diff != "" {
		t.Error(diff)
	}
	for key, got := range v.Parts {
		var from int64
		var rest string
		if _, err := fmt.Sscanf(key, "%d %s", &from, &rest); err != nil {
			t.Fatal(err)
		}
		want := []PlacedLine{}
		for _, l := range v.Lines {
			lower := strings.ToLower(l.Text)
			ok := l.Number >= from
			switch _, n, _ := strings.Cut(key, " "); n {
			case "{Path: Target: Level: Text:}":
			case "{Path:2 Target: Level: Text:}":
				ok = ok && strings.HasPrefix(l.Path, "2.")
			case "{Path:2.1 Target:Machines-1 Level: Text:}":
				ok = ok && l.Path == "2.1" && l.Target == "Machines-1"
			case "{Path: Target: Level:Error Text:}":
				ok = ok && (l.Category == Error || l.Category == Fatal)
			case "{Path: Target: Level: Text:nEEdle}":
				ok = ok && strings.Contains(lower, "needle")
			case "{Path: Target: Level: Text:k}":
				ok = ok && strings.Contains(lower, "k")
			case "{Path: Target: Level: Text:3 K}":
				ok = ok && strings.Contains(lower, "3 k")
			case "{Path: Target: Level:Info Text:å}":
				ok = ok && strings.Contains(lower, "å") && l.Category != "Trace" && l.Category != Verbose
			default:
				ok = false
			}
			if ok {
				want = append(want, l)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", key, diff)
		}
	}
}

func same(t *testing.T, before, after view) {
	t.Helper()
	if before.Text != after.Text {
		t.Error("the log as text has changed")
	}
	if !reflect.DeepEqual(before, after) {
		t.Errorf("the log has changed: %.2000s", cmp.Diff(before, after))
	}
}

func count(t testing.TB, q *Queue, text string, args ...any) (n int) {
	t.Helper()
	err := q.store.View(t.Context(), func(tx *store.Tx) error {
		_, err := tx.QueryRow([]any{&n}, text, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestLogsMoveWhenTheirTaskHasEnded(t *testing.T) {
	db, blobs := open(t), folder(t)
	q := NewQueue(db, Options{Blobs: blobs})
	running := begun(t, q)
	running.mustSave(t, Save{Logs: []Lines{{Path: "1", Lines: []Line{{Text: "still at it"}}}}})
	id := scribble(t, q, 400)
	before := look(t, q, id)
	before.expect(t)
	if n := must[int](t)(q.Tidy(t.Context())); n != 1 {
		t.Errorf("%d logs were moved", n)
	}
	if n := count(t, q, "select count(*) from task_log where task = $1", id); n != 0 {
		t.Errorf("%d chunks are left", n)
	}
	if n := count(t, q, "select count(*) from task_log"); n != 1 {
		t.Errorf("%d chunks of the task that goes on", n)
	}
	same(t, before, look(t, q, id))
	if n := must[int](t)(q.Tidy(t.Context())); n != 0 {
		t.Errorf("%d logs were moved again", n)
	}
	d := must[*Details](t)(q.Details(t.Context(), id, 10, Narrow{Level: Info}))
	if lines := flatten(d.Root); len(lines) != 10 || d.Unread {
		t.Errorf("details have %d lines", len(lines))
	}
}

func flatten(e *Element) []LogElement {
	all := e.LogElements
	for _, c := range e.Children {
		all = append(all, flatten(c)...)
	}
	return all
}

// breaking is a store of blobs that dies at some point of a Put.
type breaking struct {
	blob.Store
	after func(n int64) bool // true to die after n bytes
	late  bool               // die once all is stored
}

var errCrash = errors.New("crash")

func (b *breaking) Put(ctx context.Context, name string, r io.Reader, size int64) (blob.Written, error) {
	w, err := b.Store.Put(ctx, name, &dying{r: r, b: b}, size)
	if err == nil && b.late {
		err = errCrash
	}
	return w, err
}

type dying struct {
	r io.Reader
	b *breaking
	n int64
}

func (d *dying) Read(p []byte) (int, error) {
	n, err := d.r.Read(p[:min(len(p), 100)])
	d.n += int64(n)
	if d.b.after != nil && d.b.after(d.n) {
		return 0, errCrash
	}
	return n, err
}

// TestMovingALogSurvivesCrashes stops in each step and has another go on.
func TestMovingALogSurvivesCrashes(t *testing.T) {
	for name, crash := range map[string]func(t *testing.T, q *Queue, b *breaking, id string){
		"before the blob": func(t *testing.T, q *Queue, b *breaking, id string) {
			if _, _, err := q.claimLog(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		},
		"in the blob": func(t *testing.T, q *Queue, b *breaking, id string) {
			b.after = func(n int64) bool { return n > 1000 }
			if _, err := q.Tidy(t.Context()); !errors.Is(err, errCrash) {
				t.Fatal(err)
			}
		},
		"after the blob": func(t *testing.T, q *Queue, b *breaking, id string) {
			b.late = true
			if _, err := q.Tidy(t.Context()); !errors.Is(err, errCrash) {
				t.Fatal(err)
			}
		},
		"before all chunks are gone": func(t *testing.T, q *Queue, b *breaking, id string) {
			name, _, err := q.claimLog(t.Context(), id)
			if err == nil {
				_, err = q.fillBlob(t.Context(), id, name)
			}
			if err != nil {
				t.Fatal(err)
			}
			if n := count(t, q, "select count(*) from task_log where task = $1", id); n == 0 {
				t.Fatal("no chunks are left")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			db, blobs := open(t), folder(t)
			b := &breaking{Store: blobs}
			q := NewQueue(db, Options{Blobs: b})
			id := scribble(t, q, 200)
			before := look(t, q, id)
			crash(t, q, b, id)
			again := later(db, blobs, 0)
			same(t, before, look(t, again, id))
			must[int](t)(again.Tidy(t.Context())) // somebody may still be at it
			same(t, before, look(t, again, id))
			must[int](t)(later(db, blobs, 11*time.Minute).Tidy(t.Context()))
			same(t, before, look(t, again, id))
			if n := count(t, q, "select count(*) from task_log"); n != 0 {
				t.Errorf("%d chunks are left", n)
			}
			if n := count(t, q, "select count(*) from task_archive where lines > 0"); n != 1 {
				t.Errorf("%d logs are stored", n)
			}
		})
	}
}

// TestReadersFollowALogThatMoves has several move a log at once, which only
// happens when clocks are wrong, while others read it.
func TestReadersFollowALogThatMoves(t *testing.T) {
	db, blobs := open(t), folder(t)
	q := NewQueue(db, Options{Blobs: blobs})
	id := scribble(t, q, 250)
	want := must[[]PlacedLine](t)(q.Lines(t.Context(), id, 1, 1<<30))
	text := look(t, q, id).Text
	done := make(chan struct{})
	var readers, movers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for reading := true; reading; {
				select {
				case <-done:
					reading = false // once more
				default:
				}
				got, err := q.Lines(t.Context(), id, 1, 1<<30)
				if err != nil || len(got) != len(want) {
					t.Errorf("%d lines of %d, %v", len(got), len(want), err)
				}
				raw, err := q.Raw(t.Context(), id)
				if err != nil {
					t.Error(err)
					return
				}
				var b strings.Builder
				if err := raw.Copy(t.Context(), &b); err != nil || b.String() != text {
					t.Errorf("%d bytes of %d, %v", b.Len(), len(text), err)
				}
				_ = raw.Close()
			}
		})
	}
	for i := range 4 {
		movers.Go(func() {
			// Who comes too late sees lines missing and gives up.
			_, _ = later(db, blobs, time.Duration(i)*20*time.Minute).Tidy(t.Context())
		})
	}
	movers.Wait()
	close(done)
	readers.Wait()
	if n := count(t, q, "select count(*) from task_log"); n != 0 {
		t.Errorf("%d chunks are left", n)
	}
}

func TestDeletedLogsGo(t *testing.T) {
	db, blobs := open(t), folder(t)
	q := NewQueue(db, Options{Blobs: blobs})
	kept, purged, early := scribble(t, q, 5), scribble(t, q, 5), scribble(t, q, 5)
	must[int](t)(q.Tidy(t.Context()))
	late := scribble(t, q, 5)
	if _, _, err := q.claimLog(t.Context(), late); err != nil { // and dies
		t.Fatal(err)
	}
	err := db.Do(t.Context(), func(tx *store.Tx) error {
		return errors.Join(Purge(tx, purged), DeleteLogs(tx, early, late))
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{early, late} {
		if got := must[[]PlacedLine](t)(q.Lines(t.Context(), id, 1, 100)); len(got) > 0 {
			t.Errorf("%s has %d lines", id, len(got))
		}
		if d := must[*Details](t)(q.Details(t.Context(), id, 0, Narrow{})); d.Unread || len(flatten(d.Root)) > 0 {
			t.Errorf("%s: %+v", id, d)
		}
	}
	if got := must[[]PlacedLine](t)(q.Lines(t.Context(), kept, 1, 100)); len(got) == 0 {
		t.Error("too much was deleted")
	}
	must[int](t)(q.Tidy(t.Context()))
	must[int](t)(later(db, blobs, time.Hour).Tidy(t.Context()))
	for _, id := range []string{kept, purged, early, late} {
		_, err := blobs.Stat(t.Context(), "logs/"+id)
		if id == kept && err != nil || id != kept && !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %v", id, err)
		}
	}
	if n := count(t, q, "select count(*) from task_archive"); n != 1 {
		t.Errorf("%d logs are known", n)
	}
}

// TestADamagedLogIsSaidSo wants an error, never a panic or wrong lines.
func TestADamagedLogIsSaidSo(t *testing.T) {
	db, blobs := open(t), folder(t)
	q := NewQueue(db, Options{Blobs: blobs})
	id := scribble(t, q, 40)
	must[int](t)(q.Tidy(t.Context()))
	r := must[blob.Reader](t)(blobs.Open(t.Context(), "logs/"+id))
	whole := must[[]byte](t)(io.ReadAll(r))
	_ = r.Close()
	for cut := range len(whole) {
		if cut%37 != 0 && cut < len(whole)-40 {
			continue
		}
		if _, err := blobs.Put(t.Context(), "logs/"+id, strings.NewReader(string(whole[:cut])), int64(cut)); err != nil {
			t.Fatal(err)
		}
		if _, err := q.Lines(t.Context(), id, 1, 10); err == nil {
			t.Fatalf("%d bytes of %d were read", cut, len(whole))
		}
	}
	if d := must[*Details](t)(q.Details(t.Context(), id, 0, Narrow{})); !d.Unread || len(flatten(d.Root)) != 1 {
		t.Errorf("%+v", d)
	}
}

func FuzzArchive(f *testing.F) {
	var b strings.Builder
	w := newArchiveWriter(&b, &Outline{})
	for i := range 5 {
		if err := w.add(PlacedLine{"1", fmt.Sprint(i / 2), Line{Number: int64(i + 1), Category: Info, Text: "hello"}}); err != nil {
			f.Fatal(err)
		}
	}
	if err := w.endBlock(); err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(b.String()))
	f.Fuzz(func(_ *testing.T, data []byte) {
		a := &archive{index: w.index}
		raw, err := inflateBlock(data)
		if err != nil {
			return
		}
		runs, err := a.runs(&block{First: 1}, raw)
		if err != nil {
			return
		}
		for _, r := range runs {
			_, _ = r.lines()
		}
	})
}

// TestTextSaysWhoseLinesFollow has the task's own last words stand under a
// heading of their own, and its first under none.
func TestTextSaysWhoseLinesFollow(t *testing.T) {
	p := textPrinter{outline: &Outline{Steps: []Place{{Path: "1", Name: "Step 1: Build"}}}}
	var got []byte
	for _, l := range []struct{ path, text string }{{"", "begins"}, {"1", "builds"}, {"1", "fails"}, {"", "has failed"}} {
		got = p.append(got, l.path, "", &Line{Category: Info, Text: l.text})
	}
	want := `00:00:00.000   Info     |   begins
                        |   == Step 1: Build ==
00:00:00.000   Info     |   builds
00:00:00.000   Info     |   fails
                        |   == The task ==
00:00:00.000   Info     |   has failed
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}
