package task

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"

	"github.com/klauspost/compress/zstd"

	"github.com/takodeploy/tako/internal/blob"
)

// An archive is the whole log of a task that has ended, as a blob: blocks of
// lines one after the other, an index of them, and a footer that says where
// the index begins. A block is a run after the other, each of lines that one
// place has written without another in between. Any line is found by reading
// the end of the blob and one block.

// archiveBlock is about how many bytes of text a block has.
const archiveBlock = 256 << 10

var archiveMagic = []byte("TAKOLOG1")

// archiveFooter is the length of the footer: where the index begins, how long
// it is, and the mark.
const archiveFooter = 8 + 8 + 8

// archiveIndex says what is where in an archive.
type archiveIndex struct {
	Places []place
	Blocks []block
	Lines  int64 // of the whole log
	Text   int64 // bytes of the whole log as text
	Layout int   // the form of that text, see textLayout
}

type place struct{ Path, Target string }

// block is one entry of the index.
type block struct {
	First, Last int64 // numbers of its lines
	At, Size    int64 // in the blob
	Text        int64 // where its lines begin in the log as text
	Kinds       int64 // a bit for each category in it
	Places      []int // that wrote in it
	End         int   // the place of its last line
}

// archiveWriter makes an archive of lines in their order. It holds one block.
type archiveWriter struct {
	to      io.Writer
	outline *Outline
	at      int64
	index   archiveIndex
	places  map[place]int
	raw     []byte
	run     []Line // of the place last seen
	now     block
	size    int // of the block's text
	last    int // the place of the line before, -1 for none
	started bool
}

func newArchiveWriter(to io.Writer, outline *Outline) *archiveWriter {
	return &archiveWriter{to: to, outline: outline, places: map[place]int{}, last: -1, index: archiveIndex{Layout: textLayout}}
}

func (w *archiveWriter) add(l PlacedLine) error {
	if l.Number != w.index.Lines+1 {
		return fmt.Errorf("line %d of a log is followed by line %d", w.index.Lines, l.Number)
	}
	p := place{l.Path, l.Target}
	i, known := w.places[p]
	if !known {
		i = len(w.index.Places)
		w.places[p] = i
		w.index.Places = append(w.index.Places, p)
	}
	if !w.started {
		w.now = block{First: l.Number, At: w.at, Text: w.index.Text}
		w.started = true
	}
	if i != w.last {
		w.endRun()
		if w.last >= 0 || p != (place{}) {
			w.index.Text += int64(len(heading(w.outline.title(l.Path, l.Target))))
		}
	}
	if len(w.run) == 0 && !slices.Contains(w.now.Places, i) {
		w.now.Places = append(w.now.Places, i)
	}
	w.last = i
	w.run = append(w.run, l.Line)
	w.now.Kinds |= 1 << l.Category.code()
	w.now.Last, w.now.End = l.Number, i
	w.index.Lines = l.Number
	w.index.Text += int64(textSize(&l.Line))
	if w.size += len(l.Text) + 8; w.size >= archiveBlock {
		return w.endBlock()
	}
	return nil
}

// endRun adds what one place has written to the block.
func (w *archiveWriter) endRun() {
	if len(w.run) == 0 {
		return
	}
	lines := appendLines(nil, w.run)
	w.raw = binary.AppendUvarint(w.raw, uint64(w.last))
	w.raw = binary.AppendUvarint(w.raw, uint64(len(w.run)))
	w.raw = binary.AppendUvarint(w.raw, uint64(len(lines)))
	w.raw = append(w.raw, lines...)
	w.run = w.run[:0]
}

func (w *archiveWriter) endBlock() error {
	if !w.started {
		return nil
	}
	w.endRun()
	data := deflate(w.raw)
	if _, err := w.to.Write(data); err != nil {
		return err
	}
	w.now.Size = int64(len(data))
	w.at += w.now.Size
	w.index.Blocks = append(w.index.Blocks, w.now)
	w.raw, w.size, w.started = w.raw[:0], 0, false
	return nil
}

// close writes what remains, the index and the footer.
func (w *archiveWriter) close() error {
	if err := w.endBlock(); err != nil {
		return err
	}
	text, err := json.Marshal(w.index)
	if err != nil {
		return fmt.Errorf("index of a log: %w", err)
	}
	data := deflate(text)
	end := binary.BigEndian.AppendUint64(data, uint64(w.at))
	end = binary.BigEndian.AppendUint64(end, uint64(len(data)))
	_, err = w.to.Write(append(end, archiveMagic...))
	return err
}

func deflate(raw []byte) []byte {
	enc := encoders.Get().(*zstd.Encoder)
	defer encoders.Put(enc)
	return enc.EncodeAll(raw, nil)
}

// archive is one that is open for reading.
type archive struct {
	blob  blob.Reader
	index archiveIndex
}

var errDamaged = errors.New("the stored log is damaged")

// openArchive opens a blob and reads its index.
func openArchive(ctx context.Context, blobs blob.Store, name string) (*archive, error) {
	r, err := blobs.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	a := &archive{blob: r}
	if err := a.readIndex(r.Info().Size); err != nil {
		_ = r.Close()
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	return a, nil
}

// indexAhead is how much of the end is read at first; the index of all but
// huge logs lies within.
const indexAhead = 32 << 10

func (a *archive) readIndex(size int64) error {
	end := make([]byte, min(size, indexAhead))
	if err := a.read(end, size-int64(len(end))); err != nil {
		return err
	}
	if len(end) < archiveFooter || !bytes.Equal(end[len(end)-8:], archiveMagic) {
		return errDamaged
	}
	foot := end[len(end)-archiveFooter:]
	at, length := int64(binary.BigEndian.Uint64(foot)), int64(binary.BigEndian.Uint64(foot[8:]))
	if at < 0 || length < 0 || length > size || at+length+archiveFooter != size {
		return errDamaged
	}
	data := make([]byte, length)
	if whole := length + archiveFooter; whole <= int64(len(end)) {
		data = end[int64(len(end))-whole:][:length]
	} else if err := a.read(data, at); err != nil {
		return err
	}
	text, err := inflateBlock(data)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &a.index); err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	return nil
}

func (a *archive) read(into []byte, at int64) error {
	if n, err := a.blob.ReadAt(into, at); err != nil && (err != io.EOF || n < len(into)) {
		return fmt.Errorf("read a stored log: %w", err)
	}
	return nil
}

func (a *archive) close() error { return a.blob.Close() }

// find gives the number of the block that has a line, or would have the next.
func (a *archive) find(line int64) int {
	return sort.Search(len(a.index.Blocks), func(i int) bool { return a.index.Blocks[i].Last >= line })
}

// load reads a block as bytes, which runs reads.
func (a *archive) load(b *block) ([]byte, error) {
	data := make([]byte, b.Size)
	if err := a.read(data, b.At); err != nil {
		return nil, err
	}
	return inflateBlock(data)
}

func inflateBlock(data []byte) ([]byte, error) {
	dec := decoders.Get().(*zstd.Decoder)
	defer decoders.Put(dec)
	raw, err := dec.DecodeAll(data, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return raw, nil
}

// run is what one place wrote without another in between.
type run struct {
	path, target string
	first        int64
	raw          []byte
}

func (r *run) lines() ([]Line, error) { return readLines(r.raw, r.first) }

// runs takes the bytes of a block apart.
func (a *archive) runs(b *block, raw []byte) ([]run, error) {
	var list []run
	first := b.First
	for len(raw) > 0 {
		var head [3]uint64
		for i := range head {
			n, size := binary.Uvarint(raw)
			if size <= 0 {
				return nil, errDamaged
			}
			head[i], raw = n, raw[size:]
		}
		if head[0] >= uint64(len(a.index.Places)) || head[2] > uint64(len(raw)) {
			return nil, errDamaged
		}
		p := a.index.Places[head[0]]
		list = append(list, run{p.Path, p.Target, first, raw[:head[2]]})
		raw = raw[head[2]:]
		first += int64(head[1])
	}
	return list, nil
}
