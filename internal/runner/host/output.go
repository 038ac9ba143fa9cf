package host

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/takodeploy/tako/internal/runner/wire"
)

// output is a job's log: a file of records that only grows, written by the
// job's streams and read by whoever follows. It is never held in memory, so
// a slow follower costs nothing and a flood costs disk up to a limit.
type output struct {
	path  string
	limit int64

	mu      sync.Mutex
	head    []byte   // all of it, while it is young and small
	file    *os.File // open once the head is written to it
	spilled bool     // it is in the file and not in head
	seq     int64    // last line's number
	size    int64    // bytes of whole records in the file
	marks   []mark
	buf     []byte
	full    bool     // the limit was reached
	lost    int64    // lines not kept
	broken  error    // why nothing more can be written
	sealed  bool     // the closing line is written
	private bool     // it must not be found on disk any more; see withdraw
	held    *os.File // the file without a name, when it is private
	ended   bool
	changed chan struct{} // closed at the next change; nil when nobody waits
}

// mark says where in the file a line begins.
type mark struct{ seq, offset int64 }

const markEvery = 256 << 10

// spare is what service messages may take beyond the limit, so that a flood
// does not cost a deployment its output variables.
const spare = 8 << 20

var serviceMessage = []byte("##octopus[")

// wait gives a channel that is closed at the next change.
func (o *output) wait() <-chan struct{} {
	if o.changed == nil {
		o.changed = make(chan struct{})
	}
	return o.changed
}

func (o *output) notify() {
	if o.changed != nil {
		close(o.changed)
		o.changed = nil
	}
}

// add puts lines into the log, each without its line end.
func (o *output) add(kind wire.RecordKind, lines ...[]byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.addLocked(kind, lines...)
}

func (o *output) addLocked(kind wire.RecordKind, lines ...[]byte) {
	now := time.Now().UnixNano()
	o.buf = o.buf[:0]
	for _, text := range lines {
		if !o.keep(text) {
			o.lost++
			continue
		}
		o.append(kind, now, text)
		if !o.full && o.size+int64(len(o.buf)) >= o.limit {
			o.full = true
			o.append(wire.RecordStderr, now, fmt.Appendf(nil,
				"The output has reached the limit of %s; of what follows only service messages are kept.", amount(o.limit)))
		}
	}
	o.flush()
}

// amount is how people say so many bytes.
func amount(bytes int64) string {
	if bytes > 0 && bytes%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", bytes>>20)
	}
	return fmt.Sprintf("%d bytes", bytes)
}

func (o *output) keep(text []byte) bool {
	if o.broken != nil || o.sealed {
		return false
	}
	return !o.full || o.size+int64(len(o.buf)) < o.limit+spare && bytes.HasPrefix(text, serviceMessage)
}

func (o *output) append(kind wire.RecordKind, now int64, text []byte) {
	o.seq++
	at := o.size + int64(len(o.buf))
	if len(o.marks) == 0 || at-o.marks[len(o.marks)-1].offset >= markEvery {
		o.marks = append(o.marks, mark{o.seq, at})
	}
	o.buf = wire.AppendRecord(o.buf, wire.Record{Kind: kind, Seq: o.seq, Time: now, Text: clean(text)})
}

// clean makes text that every store and every browser takes.
func clean(text []byte) []byte {
	if !utf8.Valid(text) {
		text = bytes.ToValidUTF8(text, []byte("\uFFFD"))
	}
	if bytes.IndexByte(text, 0) >= 0 {
		text = bytes.ReplaceAll(text, []byte{0}, []byte("\uFFFD"))
	}
	return text
}

func (o *output) flush() {
	if len(o.buf) == 0 {
		return
	}
	err := o.write()
	if err != nil {
		// What was written of the batch is cut off again: readers see whole
		// records only, and a full disk gets its bytes back.
		if o.file != nil && o.spilled {
			_ = o.file.Truncate(o.size)
		}
		o.broken = err
	} else {
		o.size += int64(len(o.buf))
	}
	if cap(o.buf) > 1<<20 {
		o.buf = nil
	}
	o.notify()
}

// write stores the buffered records: in memory at first, since most jobs say
// little and are over before a disk is worth the trouble.
func (o *output) write() error {
	if !o.spilled && len(o.head)+len(o.buf) <= headMost {
		o.head = append(o.head, o.buf...)
		return nil
	}
	if err := o.spillLocked(); err != nil {
		return err
	}
	_, err := o.file.Write(o.buf)
	return err
}

// headMost is how much of a log is kept in memory before it goes to disk.
const headMost = 16 << 10

// spill writes a log that is still in memory to its file.
func (o *output) spill() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.broken != nil || len(o.head) == 0 || o.private {
		return
	}
	err := o.spillLocked()
	if o.sealed && o.file != nil {
		o.file.Close()
		o.file = nil
	}
	if err != nil && !o.sealed {
		o.broken = err
	}
}

func (o *output) spillLocked() error {
	if o.file == nil {
		f, err := os.OpenFile(o.path, os.O_RDWR|os.O_APPEND, 0)
		if err != nil {
			return err
		}
		o.file = f
	}
	if o.spilled {
		return nil
	}
	if _, err := o.file.Write(o.head); err != nil {
		_ = o.file.Truncate(0)
		return err
	}
	o.spilled, o.head = true, nil
	return nil
}

// finish adds the closing line, if one is due, and says how the log ended.
func (o *output) finish() (last int64, reason string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	defer o.seal()
	if o.broken != nil {
		// The sequence goes back to what readers can get.
		o.seq = o.lastStored()
		if why := noRoom(o.broken); why != "" {
			return o.seq, why + ": the rest of the output could not be stored."
		}
		return o.seq, fmt.Sprintf("The rest of the output could not be stored: %v.", o.broken)
	}
	if o.lost > 0 {
		lost := o.lost
		o.buf = o.buf[:0]
		o.append(wire.RecordStderr, time.Now().UnixNano(), fmt.Appendf(nil,
			"The output was cut at %s: %d lines after that were not kept.", amount(o.limit), lost))
		o.flush()
	}
	return o.seq, ""
}

// seal closes the file; nothing is added afterwards. Readers open their own.
func (o *output) seal() {
	o.sealed = true
	o.buf = nil
	if o.file != nil {
		o.file.Close()
		o.file = nil
	}
}

// withdraw takes the log of a completed ticket off the disk: its lines are in
// the server's hands by then, which keeps them better than a folder does. Who
// asks for them once more is given them from a file that has no name any more.
func (o *output) withdraw() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.private = true
	if !o.spilled || o.held != nil {
		return nil
	}
	f, err := os.Open(o.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := os.Remove(o.path); err != nil {
		f.Close()
		return err
	}
	o.held = f
	return nil
}

// open gives the log's file, and how to be done with it.
func (o *output) open() (f *os.File, done func() error, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.held != nil {
		return o.held, func() error { return nil }, nil
	}
	if f, err = os.Open(o.path); err != nil {
		return nil, nil, err
	}
	return f, f.Close, nil
}

// lastStored finds the last whole record's number.
func (o *output) lastStored() int64 {
	last := int64(0)
	note := func(r wire.Record, _ int64) { last = r.Seq }
	if !o.spilled {
		_ = scan(bytes.NewReader(o.head), 0, int64(len(o.head)), note)
	} else if o.file != nil {
		_ = scan(o.file, o.from(int64(1)<<62), o.size, note)
	}
	return last
}

// inMemory gives the bytes from an offset on, as far as there are any yet. It
// reports false when they are in the file.
func (o *output) inMemory(at int64) ([]byte, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.spilled {
		return nil, false
	}
	return o.head[at:len(o.head):len(o.head)], true
}

// from is an offset at or before the line after the cursor.
func (o *output) from(after int64) int64 {
	lo, hi := 0, len(o.marks)
	for lo < hi {
		mid := (lo + hi) / 2
		if o.marks[mid].seq <= after+1 && o.marks[mid].offset < o.size {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == 0 {
		return 0
	}
	return o.marks[lo-1].offset
}

func (o *output) end() {
	o.mu.Lock()
	o.ended = true
	o.notify()
	o.mu.Unlock()
}

// openOutput reads back a log that an earlier process wrote.
func openOutput(dir string) (*output, error) {
	o := &output{path: filepath.Join(dir, logFile), sealed: true, ended: true, spilled: true}
	f, err := os.Open(o.path)
	if errors.Is(err, os.ErrNotExist) {
		return o, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	err = scan(f, 0, info.Size(), func(r wire.Record, at int64) {
		if len(o.marks) == 0 || at-o.marks[len(o.marks)-1].offset >= markEvery {
			o.marks = append(o.marks, mark{r.Seq, at})
		}
		o.seq, o.size = r.Seq, at+r.Size()
	})
	if err != nil && !errors.Is(err, wire.ErrTorn) {
		return nil, err
	}
	return o, nil
}

// scan calls each for the whole records between two offsets. A record cut
// off at the end, as a crash leaves it, is not an error.
func scan(f io.ReaderAt, from, to int64, each func(r wire.Record, at int64)) error {
	buf := make([]byte, 0, 256<<10)
	at := from // offset of buf[0]
	for {
		n := min(int64(cap(buf)-len(buf)), to-at-int64(len(buf)))
		if n == 0 {
			return nil
		}
		m, err := f.ReadAt(buf[len(buf):len(buf)+int(n)], at+int64(len(buf)))
		buf = buf[:len(buf)+m]
		rest := buf
		for {
			r, next, ok, perr := wire.ParseRecord(rest)
			if perr != nil {
				return perr
			}
			if !ok {
				break
			}
			each(r, at)
			at += r.Size()
			rest = next
		}
		buf = buf[:copy(buf[:cap(buf)], rest)]
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}
