package task

import (
	"strings"
	"testing"

	"github.com/takodeploy/tako/internal/store"
)

// A small log is worth no blob: it stays where it is, is read as any other and
// goes with its task.
func TestSmallLogsStay(t *testing.T) {
	db, blobs := open(t), folder(t)
	q := NewQueue(db, Options{Blobs: blobs, SmallLog: 1000})
	end := func(lines int) string {
		x := begun(t, q)
		var list []Line
		for range lines {
			list = append(list, Line{Category: Info, Text: strings.Repeat("x", 100)})
		}
		x.mustSave(t, Save{Logs: []Lines{{Path: "1", Lines: list}}, Outcome: &Outcome{Act: Succeed}})
		return x.Task.ID
	}
	silent, small, large := end(0), end(9), end(10)
	if noted := must[[]string](t)(q.noted(t.Context())); len(noted) != 1 || noted[0] != large {
		t.Errorf("to be moved is %v and not %s", noted, large)
	}
	if n := must[int](t)(q.tidy(t.Context(), q.noted)); n != 1 {
		t.Errorf("%d logs were moved", n)
	}
	for _, list := range [][]string{must[[]string](t)(q.noted(t.Context())), must[[]string](t)(q.movable(t.Context()))} {
		if len(list) > 0 {
			t.Errorf("still to be moved are %v", list)
		}
	}
	for id, want := range map[string]struct{ lines, chunks int }{silent: {0, 0}, small: {9, 1}, large: {10, 0}} {
		if lines := must[[]PlacedLine](t)(q.Lines(t.Context(), id, 1, 100)); len(lines) != want.lines {
			t.Errorf("%d lines are read and not %d", len(lines), want.lines)
		}
		if n := count(t, q, "select count(*) from task_log where task = $1", id); n != want.chunks {
			t.Errorf("%d chunks are in the store and not %d", n, want.chunks)
		}
	}
	if err := db.Do(t.Context(), func(tx *store.Tx) error { return DeleteLogs(tx, small, large) }); err != nil {
		t.Fatal(err)
	}
	if n := count(t, q, "select count(*) from task_log"); n != 0 {
		t.Errorf("%d chunks are left", n)
	}
	// One that was left half-way is found, however small it is.
	x := end(10)
	if _, _, err := q.claimLog(t.Context(), x); err != nil {
		t.Fatal(err)
	}
	again := later(db, blobs, 2*archiveFor)
	again.opts.SmallLog = 1 << 20
	if n := must[int](t)(again.Tidy(t.Context())); n != 1 {
		t.Errorf("%d logs were moved", n)
	}
}
