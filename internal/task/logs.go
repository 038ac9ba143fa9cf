package task

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/takodeploy/tako/internal/store"
)

// PlacedLine is a line together with the place of the task that wrote it.
type PlacedLine struct {
	Path   string
	Target string
	Line
}

// readAhead is how many parts of a log are read at a time at most. No
// connection is held while they are written to somebody slow.
const readAhead = 32

// Narrow restricts which lines of a log are wanted; a zero member does not.
type Narrow struct {
	Path   string // of a step, with its actions, or of an action
	Target string
	Level  Category // and what is more severe
	Text   string   // that the line contains, in any case
}

func (n *Narrow) place(path, target string) bool {
	return (n.Path == "" || path == n.Path || strings.HasPrefix(path, n.Path+".")) && (n.Target == "" || target == n.Target)
}

func (n *Narrow) line(l *Line, text *folded) bool {
	return (n.Level == "" || l.Category.severity() >= n.Level.severity()) && text.in(l.Text)
}

// kinds is a bit for each category that is wanted.
func (n *Narrow) kinds() int64 {
	var bits int64
	for i, c := range categories {
		if n.Level == "" || c.severity() >= n.Level.severity() {
			bits |= 1 << i
		}
	}
	return bits
}

// part is some lines of a log in order, still packed: a chunk of a log that
// grows, or a block of one that has ended.
type part struct {
	first, last int64
	open        func() ([]run, error)
}

// lines unpacks a part.
func (p *part) lines() ([]PlacedLine, error) {
	runs, err := p.open()
	if err != nil {
		return nil, err
	}
	list := make([]PlacedLine, 0, p.last-p.first+1)
	for i := range runs {
		lines, err := runs[i].lines()
		if err != nil {
			return nil, err
		}
		for _, l := range lines {
			list = append(list, PlacedLine{runs[i].path, runs[i].target, l})
		}
	}
	return list, nil
}

// logReader reads the log of one task, wherever it lies. A log moves once,
// from the table into a blob, and a reader follows it.
type logReader struct {
	q       *Queue
	id      string
	ahead   int // fewer parts than readAhead, unless 0
	archive *archive
}

func (r *logReader) most() int {
	if r.ahead > 0 {
		return r.ahead
	}
	return readAhead
}

func (r *logReader) close() error {
	if r.archive == nil {
		return nil
	}
	return r.archive.close()
}

// settle finds out whether the log lies in a blob.
func (r *logReader) settle(ctx context.Context) error {
	if r.archive != nil || r.q.opts.Blobs == nil {
		return nil
	}
	var name string
	err := r.q.store.View(ctx, func(tx *store.Tx) error {
		_, err := tx.QueryRow([]any{&name}, "select name from task_archive where task = $1 and lines > 0", r.id)
		return err
	})
	if err != nil {
		return fmt.Errorf("look for the log of %s: %w", r.id, err)
	}
	if name != "" {
		r.archive, err = openArchive(ctx, r.q.opts.Blobs, name)
	}
	return err
}

// parts reads the next parts from a line on, the first of which has the line
// or those after it; none at the end. What n excludes may be left out.
func (r *logReader) parts(ctx context.Context, from int64, n Narrow) ([]part, error) {
	if r.archive == nil {
		list, err := r.chunks(ctx, n, `first_line >= (select coalesce(max(first_line), 0) from task_log where task = $1 and first_line <= $2)
			and last_line >= $2`, "first_line", from)
		if err != nil {
			return nil, err
		}
		// Chunks go only after the blob has them all. So if it has not even
		// now, none was missing when they were read.
		if err := r.settle(ctx); err != nil || r.archive == nil {
			return list, err
		}
	}
	var list []part
	for i := r.archive.find(from); i < len(r.archive.index.Blocks) && len(list) < r.most(); i++ {
		if b := &r.archive.index.Blocks[i]; r.archive.wanted(b, &n) {
			list = append(list, r.archive.part(b))
		}
	}
	return list, nil
}

// partsBefore reads parts that begin before a line, the last first.
func (r *logReader) partsBefore(ctx context.Context, before int64) ([]part, error) {
	if r.archive == nil {
		list, err := r.chunks(ctx, Narrow{}, "first_line < $2", "first_line desc", before)
		if err != nil {
			return nil, err
		}
		if err := r.settle(ctx); err != nil || r.archive == nil {
			return list, err
		}
	}
	var list []part
	for i := min(r.archive.find(before), len(r.archive.index.Blocks)-1); i >= 0 && len(list) < r.most(); i-- {
		if b := &r.archive.index.Blocks[i]; b.First < before {
			list = append(list, r.archive.part(b))
		}
	}
	return list, nil
}

func (a *archive) part(b *block) part {
	return part{b.First, b.Last, func() ([]run, error) {
		raw, err := a.load(b)
		if err != nil {
			return nil, err
		}
		return a.runs(b, raw)
	}}
}

// wanted reports whether a block may have lines that are not excluded.
func (a *archive) wanted(b *block, n *Narrow) bool {
	if b.Kinds&n.kinds() == 0 {
		return false
	}
	for _, i := range b.Places {
		if p := a.index.Places[i]; n.place(p.Path, p.Target) {
			return true
		}
	}
	return false
}

// chunks reads chunks of the table.
func (r *logReader) chunks(ctx context.Context, n Narrow, where, order string, line int64) ([]part, error) {
	args := []any{r.id, line}
	if n.Path != "" {
		args = append(args, n.Path, n.Path+".", n.Path+"/") // "/" comes after "."
		where += " and (path = $3 or path > $4 and path < $5)"
	}
	if n.Target != "" {
		args = append(args, n.Target)
		where += fmt.Sprintf(" and target = $%d", len(args))
	}
	text := fmt.Sprintf("select path, target, first_line, last_line, bytes from task_log where task = $1 and %s order by %s limit %d", where, order, r.most())
	var list []part
	err := r.q.store.View(ctx, func(tx *store.Tx) error {
		return tx.Query(func(scan func(...any) error) error {
			var c run
			var data []byte
			var last int64
			if err := scan(&c.path, &c.target, &c.first, &last, &data); err != nil {
				return err
			}
			list = append(list, part{c.first, last, func() (runs []run, err error) {
				c.raw, err = inflate(data)
				return []run{c}, err
			}})
			return nil
		}, text, args...)
	})
	if err != nil {
		return nil, fmt.Errorf("read the log of %s: %w", r.id, err)
	}
	return list, nil
}

// Lines reads at most limit lines of a task's log, from a number on.
func (q *Queue) Lines(ctx context.Context, id string, from int64, limit int) ([]PlacedLine, error) {
	return q.LinesAt(ctx, id, "", "", from, limit)
}

// LinesAt reads at most limit lines of one place, from a number on. An empty
// target stands for all of them, and a step's path for its actions'.
func (q *Queue) LinesAt(ctx context.Context, id, path, target string, from int64, limit int) ([]PlacedLine, error) {
	var lines []PlacedLine
	for len(lines) < limit {
		page, err := q.Log(ctx, id, from, limit-len(lines), Narrow{Path: path, Target: target})
		lines = append(lines, page.Lines...)
		if err != nil || page.Done {
			return lines, err
		}
		from = page.Next
	}
	return lines, nil
}

// LogPage is some lines of a log.
type LogPage struct {
	Lines []PlacedLine
	// Next is the line to go on from, and Done says that there is none yet.
	Next int64
	Done bool
}

// maxPage is how many bytes of text a page has at most, but for one line.
const maxPage = 4 << 20

// Log reads at most limit lines of a task's log that n does not exclude, from
// a number on. When much has to be looked through it gives what it has found
// after a while, and Next says where to go on.
func (q *Queue) Log(ctx context.Context, id string, from int64, limit int, n Narrow) (page LogPage, err error) {
	r := &logReader{q: q, id: id}
	defer func() {
		if e := r.close(); err == nil {
			err = e
		}
	}()
	page.Next = from
	if n == (Narrow{}) {
		r.ahead = max(2, min(limit/50, readAhead)) // few lines need few parts
	}
	text, size := fold(n.Text), 0
	for until := time.Now().Add(q.opts.Patience); ; {
		parts, err := r.parts(ctx, page.Next, n)
		if err != nil {
			return page, err
		}
		if len(parts) == 0 {
			page.Done = true
			return page, nil
		}
		for i := range parts {
			full, err := page.take(&parts[i], &n, &text, limit, &size)
			if err != nil {
				return page, fmt.Errorf("log of %s: %w", id, err)
			}
			if full || page.Next > parts[i].last && time.Now().After(until) {
				return page, nil
			}
		}
	}
}

// take adds what is wanted of a part and reports whether the page is full.
func (page *LogPage) take(p *part, n *Narrow, text *folded, limit int, size *int) (full bool, err error) {
	runs, err := p.open()
	if err != nil {
		return false, err
	}
	for i := range runs {
		r := &runs[i]
		if !n.place(r.path, r.target) || !text.perhapsIn(r.raw) {
			continue
		}
		lines, err := r.lines()
		if err != nil {
			return false, err
		}
		for j := range lines {
			l := &lines[j]
			if l.Number < page.Next || !n.line(l, text) {
				continue
			}
			if len(page.Lines) >= limit || *size >= maxPage {
				page.Next = l.Number
				return true, nil
			}
			page.Lines = append(page.Lines, PlacedLine{r.path, r.target, *l})
			*size += len(l.Text)
		}
	}
	page.Next = p.last + 1
	return false, nil
}

// folded is a text to find in any case.
type folded struct {
	lower string
	ascii []byte // when it is ASCII
	room  []byte
}

func fold(text string) folded {
	f := folded{lower: strings.ToLower(text)}
	if f.lower != "" && strings.IndexFunc(f.lower, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 {
		f.ascii = []byte(f.lower)
	}
	return f
}

func (f *folded) in(line string) bool {
	return f.lower == "" || strings.Contains(strings.ToLower(line), f.lower)
}

// The two letters beyond ASCII whose lower-case form is ASCII.
var (
	kelvin    = []byte("\u212a")
	dottedBig = []byte("\u0130")
)

// perhapsIn tells quickly that lines which are still packed have not got it.
func (f *folded) perhapsIn(raw []byte) bool {
	if f.ascii == nil {
		return true
	}
	f.room = append(f.room[:0], raw...)
	for i, c := range f.room {
		if 'A' <= c && c <= 'Z' {
			f.room[i] = c + 'a' - 'A'
		}
	}
	return bytes.Contains(f.room, f.ascii) || bytes.Contains(raw, kelvin) || bytes.Contains(raw, dottedBig)
}

// Tail reads the last lines of a task's log that n does not exclude, in order.
func (q *Queue) Tail(ctx context.Context, id string, count int, n Narrow) (lines []PlacedLine, err error) {
	lines, _, err = q.last(ctx, id, count, math.MaxInt, n)
	return lines, err
}

// last is Tail for no more than about so many bytes of text. It reports whether
// there are no more lines before those.
func (q *Queue) last(ctx context.Context, id string, count, bytes int, n Narrow) (lines []PlacedLine, whole bool, err error) {
	r := &logReader{q: q, id: id}
	defer func() {
		if e := r.close(); err == nil {
			err = e
		}
	}()
	text := fold(n.Text)
	var pieces [][]PlacedLine
	found, before := 0, int64(1<<62)
	for until := time.Now().Add(q.opts.Patience); found < count && bytes > 0 && time.Now().Before(until); {
		parts, err := r.partsBefore(ctx, before)
		if err != nil {
			return nil, false, err
		}
		if len(parts) == 0 {
			whole = true
			break
		}
		for i := 0; i < len(parts) && found < count && bytes > 0; i++ {
			all, err := parts[i].lines()
			if err != nil {
				return nil, false, fmt.Errorf("log of %s: %w", id, err)
			}
			var kept []PlacedLine
			for j := range all {
				if l := &all[j]; l.Number < before && n.place(l.Path, l.Target) && n.line(&l.Line, &text) {
					kept = append(kept, *l)
					bytes -= len(l.Text)
				}
			}
			found += len(kept)
			pieces = append(pieces, kept)
			before = parts[i].first
		}
	}
	for i := len(pieces) - 1; i >= 0; i-- {
		lines = append(lines, pieces[i]...)
	}
	whole = (whole || before <= 1) && len(lines) <= count
	return lines[max(0, len(lines)-count):], whole, nil
}
