package task

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// texts are what an element and those below it show, in order.
func texts(e *Element) (list []string) {
	for _, l := range e.LogElements {
		list = append(list, l.MessageText)
	}
	for _, c := range e.Children {
		list = append(list, texts(c)...)
	}
	return list
}

// TestDetailsOfALongLog checks that the tree of a task is no larger than good
// for an answer, and says what it lacks and where that is.
func TestDetailsOfALongLog(t *testing.T) {
	q := NewQueue(open(t), Options{Patience: time.Hour})
	ctx := t.Context()
	if err := q.Join(ctx, "n", 9); err != nil {
		t.Fatal(err)
	}
	log := func(lines, width int) string {
		must[*Task](t)(q.Enqueue(ctx, New{Name: "X"}))
		task := must[[]*Task](t)(q.Claim(ctx, "n", time.Minute))[0]
		x := &Execution{Task: *task, q: q, mask: newMasks(), stop: func(error) {}}
		x.mustSave(t, Save{Plan: []byte("{}"), Outline: &Outline{Steps: []Place{{"1", "One", []Place{{"1.1", "One", nil}}}}}})
		for from := 0; from < lines; from += 100 {
			l := Lines{Path: "1.1"}
			for i := from; i < min(lines, from+100); i++ {
				l.Lines = append(l.Lines, Line{Category: Info, Text: fmt.Sprint(i+1, strings.Repeat(" ", width))})
			}
			x.mustSave(t, Save{Logs: []Lines{l}})
		}
		x.mustSave(t, Save{Outcome: &Outcome{Act: Succeed}})
		return task.ID
	}
	short, long, wide := log(detailDefault, 1), log(detailDefault+1500, 1), log(400, 60_000)
	tests := []struct {
		name, id    string
		tail        int
		least, most int
		cut         bool
	}{
		{"all of a short one", short, 0, detailDefault, detailDefault, false},
		{"the end of a long one", long, 0, detailDefault, detailDefault, true},
		{"as asked", long, 100, 100, 100, false},
		{"more than it has", long, detailLines, detailDefault + 1500, detailDefault + 1500, false},
		{"long lines", wide, 0, 250, 399, true},
		{"long lines, as many as asked", wide, 390, 250, 389, true},
		{"none", long, -1, 0, 0, false},
		{"endless lines", log(3, 200_000), 0, 3, 3, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := texts(must[*Details](t)(q.Details(ctx, tt.id, tt.tail, Narrow{})).Root)
			if tt.cut {
				first, _, _ := strings.Cut(got[1], " ")
				want := fmt.Sprintf("What the log has before line %s is left out here. /api/tasks/%s/raw has all of it, /api/tasks/%s/log?from=1 a page at a time.", first, tt.id, tt.id)
				if got[0] != want {
					t.Errorf("got %q, want %q", got[0], want)
				}
				got = got[1:]
			}
			for _, line := range got {
				if text, note, cut := strings.Cut(line, " …"); len(text) > detailLine || len(line) > detailLine && !cut || cut && note != fmt.Sprintf(" (%d more bytes: /api/tasks/%s/raw has all of the line)", 200_001-detailLine, tt.id) {
					t.Errorf("a line of %d bytes has the note %q", len(line), note)
				}
			}
			if len(got) < tt.least || len(got) > tt.most {
				t.Errorf("%d lines", len(got))
			}
		})
	}
}
