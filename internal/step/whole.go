package step

import (
	"unicode/utf8"

	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/runner/wire"
)

// A line that is too long for the journal at the far end comes in pieces. They
// are put together again before they are logged: a secret across the seam of
// two would be recognised in neither.

// maxWhole is how much of one line is put together. What is longer comes in
// parts of about that size, whose seams are where no secret is.
const maxWhole = 1 << 20

// lead is what is kept back at such a seam; secrets are shorter.
const lead = 16 << 10

// pieces knows which streams are in the middle of a line.
type pieces struct {
	open map[string]bool
	size int
}

// piece reports whether more of the same line follows.
func piece(line runner.Line) bool { return len(line.Text) > wire.MaxText-utf8.UTFMax }

// add notes a line and reports whether some line is not whole yet.
func (p *pieces) add(line runner.Line) bool {
	if p.open == nil {
		p.open = map[string]bool{}
	}
	if !piece(line) {
		delete(p.open, line.Stream)
		return len(p.open) > 0
	}
	p.open[line.Stream] = true
	p.size += len(line.Text)
	return true
}

// whole puts the pieces of lines together, in the place of the first. A line is
// open whose last piece is missing, as it is where the log was full.
func whole(events []event) []event {
	var all []event
	begun := map[string]int{} // the stream's line that goes on
	for _, e := range events {
		if e.Message != nil {
			all = append(all, e)
			continue
		}
		at, on := begun[e.line.Stream]
		if on {
			all[at].Line += e.Line
			all[at].line.Open = e.line.Open
		} else {
			at = len(all)
			all = append(all, e)
		}
		if piece(e.line) {
			begun[e.line.Stream] = at
		} else {
			delete(begun, e.line.Stream)
		}
	}
	for _, at := range begun {
		all[at].line.Open = true
	}
	return all
}

// part cuts a line that is too long even for this: the second text begins
// where no secret is cut.
func part(line string, masked func(string) string) (first, second string) {
	all := masked(line)
	for n := len(line) - lead; n > 0; n -= lead {
		at := n
		for at > 0 && !utf8.RuneStart(line[at]) {
			at--
		}
		if masked(line[:at])+masked(line[at:]) == all {
			return line[:at], line[at:]
		}
	}
	return line, ""
}
