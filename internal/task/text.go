package task

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sort"
)

// textLayout is the number of the form in which logs are given as text. It
// goes up whenever the functions below give anything else, as archives know
// where in the text each of their blocks begins.
const textLayout = 2

// heading is what stands before the lines of another place.
func heading(title string) string {
	if title == "" {
		return ""
	}
	return "                        |   == " + title + " ==\n"
}

func appendText(to []byte, l *Line) []byte {
	to = l.Time.AppendFormat(to, "15:04:05.000")
	return fmt.Appendf(to, "   %-8s |   %s\n", l.Category, l.Text)
}

// textSize is the length of what appendText adds.
func textSize(l *Line) int { return 12 + 3 + max(8, len(l.Category)) + 5 + len(l.Text) + 1 }

// textPrinter gives lines as text, with a heading wherever the lines of
// another step or machine begin.
type textPrinter struct {
	outline *Outline
	at      place
}

func (p *textPrinter) append(to []byte, path, target string, l *Line) []byte {
	if path != p.at.Path || target != p.at.Target {
		p.at = place{path, target}
		to = append(to, heading(p.outline.title(path, target))...)
	}
	return appendText(to, l)
}

// Raw is a task's whole log as text.
type Raw struct {
	// Size is how long it is, or negative while the task still writes it.
	Size  int64
	Lines int64

	log     *logReader
	outline Outline
}

// Raw opens a task's whole log as text. The result must be closed.
func (q *Queue) Raw(ctx context.Context, id string) (*Raw, error) {
	r := &Raw{Size: -1, log: &logReader{q: q, id: id}}
	err := r.log.settle(ctx)
	if err == nil {
		r.outline, err = q.Outline(ctx, id)
	}
	if err != nil {
		return nil, err
	}
	if a := r.log.archive; a != nil && a.index.Layout == textLayout {
		r.Size, r.Lines = a.index.Text, a.index.Lines
	}
	return r, nil
}

// Close ends reading.
func (r *Raw) Close() error { return r.log.close() }

// Copy writes all of it. It holds some blocks in memory at a time, and no
// connection to the store while it writes.
func (r *Raw) Copy(ctx context.Context, w io.Writer) error {
	p := textPrinter{outline: &r.outline}
	var buf []byte
	from := int64(1)
	for {
		parts, err := r.log.parts(ctx, from, Narrow{})
		if err != nil || len(parts) == 0 {
			return err
		}
		for _, part := range parts {
			lines, err := part.lines()
			if err != nil {
				return err
			}
			buf = buf[:0]
			for i := range lines {
				if l := &lines[i]; l.Number >= from {
					buf = p.append(buf, l.Path, l.Target, &l.Line)
				}
			}
			if _, err := w.Write(buf); err != nil {
				return err
			}
			from = part.last + 1
		}
	}
}

// Seeker reads it from anywhere; nil unless Size is known.
func (r *Raw) Seeker() io.ReadSeeker {
	if r.Size < 0 {
		return nil
	}
	return &rawSeeker{raw: r, blocks: r.log.archive.index.Blocks}
}

// rawSeeker holds the text of one block.
type rawSeeker struct {
	raw    *Raw
	blocks []block
	at     int64
	text   []byte
	begin  int64 // of text
	failed error
}

// Seek implements io.Seeker.
func (s *rawSeeker) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += s.at
	case io.SeekEnd:
		offset += s.raw.Size
	}
	if offset < 0 {
		return 0, errors.New("seek before the beginning of a log")
	}
	s.at = offset
	return offset, nil
}

// Read implements io.Reader.
func (s *rawSeeker) Read(into []byte) (int, error) {
	if s.at >= s.raw.Size {
		return 0, io.EOF
	}
	if s.at < s.begin || s.at >= s.begin+int64(len(s.text)) {
		if err := s.load(); err != nil {
			return 0, err
		}
	}
	n := copy(into, s.text[s.at-s.begin:])
	s.at += int64(n)
	return n, nil
}

// load makes the text of the block that has the present position.
func (s *rawSeeker) load() error {
	i := sort.Search(len(s.blocks), func(i int) bool { return s.blocks[i].Text > s.at }) - 1
	if i < 0 {
		return errDamaged
	}
	a := s.raw.log.archive
	p := textPrinter{outline: &s.raw.outline}
	if i > 0 {
		p.at = a.index.Places[s.blocks[i-1].End]
	}
	raw, err := a.load(&s.blocks[i])
	if err != nil {
		return err
	}
	runs, err := a.runs(&s.blocks[i], raw)
	if err != nil {
		return err
	}
	s.text, s.begin = s.text[:0], s.blocks[i].Text
	for _, r := range runs {
		lines, err := r.lines()
		if err != nil {
			return err
		}
		for i := range lines {
			s.text = p.append(s.text, r.path, r.target, &lines[i])
		}
	}
	if s.at >= s.begin+int64(len(s.text)) {
		return errDamaged
	}
	return nil
}
