package task

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"github.com/takodeploy/tako/internal/store"
)

// PlacedLine is a line together with the place of the task that wrote it.
type PlacedLine struct {
	Path   string
	Target string
	Line
}

// stored is a chunk as it is read.
type stored struct {
	path, target string
	first, last  int64
	bytes        []byte
}

// readAhead is how many chunks are read at a time. No connection is held while
// they are written to somebody slow.
const readAhead = 32

const chunkColumns = "select path, target, first_line, last_line, bytes from task_log where task = $1 "

func readChunks(tx *store.Tx, text string, args ...any) ([]stored, error) {
	var list []stored
	err := tx.Query(func(scan func(...any) error) error {
		var c stored
		err := scan(&c.path, &c.target, &c.first, &c.last, &c.bytes)
		list = append(list, c)
		return err
	}, text, args...)
	if err != nil {
		return nil, fmt.Errorf("read a log: %w", err)
	}
	return list, nil
}

// each calls f with the lines of a task from a number on, in order, until f
// returns false.
func (q *Queue) each(ctx context.Context, id string, from int64, f func(PlacedLine) bool) error {
	for {
		var chunks []stored
		err := q.store.View(ctx, func(tx *store.Tx) (err error) {
			chunks, err = readChunks(tx, chunkColumns+fmt.Sprintf(
				`and first_line >= (select coalesce(max(first_line), 0) from task_log where task = $1 and first_line <= $2)
				and last_line >= $2 order by first_line limit %d`, readAhead), id, from)
			return err
		})
		if err != nil || len(chunks) == 0 {
			return err
		}
		for _, c := range chunks {
			lines, err := unpack(c.bytes, c.first)
			if err != nil {
				return fmt.Errorf("log of %s: %w", id, err)
			}
			for _, l := range lines {
				if l.Number >= from && !f(PlacedLine{c.path, c.target, l}) {
					return nil
				}
			}
			from = c.last + 1
		}
	}
}

// Lines reads at most limit lines of a task's log, from a number on.
func (q *Queue) Lines(ctx context.Context, id string, from int64, limit int) ([]PlacedLine, error) {
	var lines []PlacedLine
	err := q.each(ctx, id, from, func(l PlacedLine) bool {
		if len(lines) == limit {
			return false
		}
		lines = append(lines, l)
		return true
	})
	return lines, err
}

// LinesAt reads at most limit lines of one place, from a number on. An empty
// target stands for all of them, and a step's path for its actions'.
func (q *Queue) LinesAt(ctx context.Context, id, path, target string, from int64, limit int) ([]PlacedLine, error) {
	var lines []PlacedLine
	for len(lines) < limit {
		var chunks []stored
		err := q.store.View(ctx, func(tx *store.Tx) (err error) {
			chunks, err = readChunks(tx, chunkColumns+fmt.Sprintf(
				`and last_line >= $2 and (path = $3 or path like $4) and (target = $5 or $5 = '') order by first_line limit %d`, readAhead),
				id, from, path, path+".%", target)
			return err
		})
		if err != nil || len(chunks) == 0 {
			return lines, err
		}
		for _, c := range chunks {
			unpacked, err := unpack(c.bytes, c.first)
			if err != nil {
				return nil, fmt.Errorf("log of %s: %w", id, err)
			}
			for _, l := range unpacked {
				if l.Number >= from && len(lines) < limit {
					lines = append(lines, PlacedLine{c.path, c.target, l})
				}
			}
			from = c.last + 1
		}
	}
	return lines, nil
}

// Tail reads the last lines of a task's log.
func (q *Queue) Tail(ctx context.Context, id string, count int) ([]PlacedLine, error) {
	t, err := q.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return q.Lines(ctx, id, max(1, t.LogLines-int64(count)+1), count)
}

// Raw writes a task's whole log as text, a line of it per line, with a heading
// wherever the lines of another step or machine begin.
func (q *Queue) Raw(ctx context.Context, id string, w io.Writer) error {
	var outline Outline
	if err := q.store.View(ctx, func(tx *store.Tx) (err error) { outline, err = readOutline(tx, id); return err }); err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 64<<10)
	var path, target string
	var failed error
	err := q.each(ctx, id, 1, func(l PlacedLine) bool {
		if l.Path != path || l.Target != target {
			path, target = l.Path, l.Target
			if title := outline.title(path, target); title != "" {
				_, failed = fmt.Fprintf(out, "                        |   == %s ==\n", title)
			}
		}
		if failed == nil {
			_, failed = fmt.Fprintf(out, "%s   %-8s |   %s\n", l.Time.Format("15:04:05.000"), l.Category, l.Text)
		}
		return failed == nil
	})
	if err == nil {
		err = failed
	}
	if err == nil {
		err = out.Flush()
	}
	return err
}
