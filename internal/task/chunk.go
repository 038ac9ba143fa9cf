package task

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"
)

// Category is the kind of a log line, under the wire's name.
type Category string

// The categories that the engine itself uses; the wire knows more.
const (
	Verbose   Category = "Verbose"
	Info      Category = "Info"
	Highlight Category = "Highlight"
	WaitLine  Category = "Wait"
	Warning   Category = "Warning"
	Error     Category = "Error"
	Fatal     Category = "Fatal"
)

// categories gives each category its byte in a chunk. It is stored, so it is
// only ever appended to.
var categories = []Category{
	"Trace", Verbose, Info, Highlight, WaitLine, "Gap", "Alert", Warning, Error, Fatal,
	"Planned", "Updated", "Finished", "Abandoned",
}

// Known reports whether there is such a category.
func (c Category) Known() bool { return slices.Contains(categories, c) }

// severity orders categories by how much a reader wants to see them.
func (c Category) severity() int {
	switch c {
	case "Trace":
		return 0
	case Verbose:
		return 1
	case Warning, "Alert":
		return 3
	case Error:
		return 4
	case Fatal:
		return 5
	}
	return 2
}

// bad reports whether a line of the category makes its task one with warnings
// or errors.
func (c Category) bad() bool { return c == Warning || c == Error || c == Fatal }

// Line is one line of a task's log.
type Line struct {
	Number   int64 // from 1, without gaps within a task
	Category Category
	Time     time.Time
	Text     string
	// Open says, of a line to be written, that it was broken off: what may be
	// the first part of a secret at its end is masked too.
	Open bool
}

// A chunk is a run of lines of one place, packed: a byte for the form, then
// for each line its category, the milliseconds since the line before, and its
// text with its length in front.
const (
	plainChunk byte = 0
	zstdChunk  byte = 1
)

// smallChunk is the size below which compression costs more than it saves.
const smallChunk = 200

// maxChunk is how many bytes of text a chunk holds at most, but for a single
// longer line.
const maxChunk = 64 << 10

func pack(lines []Line) []byte {
	raw := make([]byte, 1, 64*len(lines)+1)
	raw[0] = plainChunk
	raw = appendLines(raw, lines)
	if len(raw) < smallChunk {
		return raw
	}
	enc := encoders.Get().(*zstd.Encoder)
	defer encoders.Put(enc)
	return enc.EncodeAll(raw[1:], []byte{zstdChunk})
}

func appendLines(raw []byte, lines []Line) []byte {
	var last int64
	for _, l := range lines {
		at := l.Time.UnixMilli()
		raw = append(raw, l.Category.code())
		raw = binary.AppendVarint(raw, at-last)
		raw = binary.AppendUvarint(raw, uint64(len(l.Text)))
		raw = append(raw, l.Text...)
		last = at
	}
	return raw
}

// code is the category's byte in a chunk.
func (c Category) code() byte {
	for i, known := range categories {
		if c == known {
			return byte(i)
		}
	}
	return 2
}

// unpack reads a chunk whose first line has the number first.
func unpack(data []byte, first int64) ([]Line, error) {
	raw, err := inflate(data)
	if err != nil {
		return nil, err
	}
	return readLines(raw, first)
}

// inflate gives the lines of a chunk as bytes.
func inflate(data []byte) ([]byte, error) {
	if len(data) == 0 {
		return nil, nil
	}
	if data[0] != zstdChunk {
		return data[1:], nil
	}
	dec := decoders.Get().(*zstd.Decoder)
	defer decoders.Put(dec)
	raw, err := dec.DecodeAll(data[1:], nil)
	if err != nil {
		return nil, fmt.Errorf("unpack log chunk: %w", err)
	}
	return raw, nil
}

func readLines(raw []byte, first int64) ([]Line, error) {
	var lines []Line
	var last int64
	for len(raw) > 0 {
		code := int(raw[0])
		delta, n := binary.Varint(raw[1:])
		if n <= 0 || code >= len(categories) {
			return nil, fmt.Errorf("unpack log chunk: line %d is damaged", first)
		}
		size, m := binary.Uvarint(raw[1+n:])
		start := 1 + n + m
		if m <= 0 || uint64(len(raw)-start) < size {
			return nil, fmt.Errorf("unpack log chunk: line %d is cut off", first)
		}
		last += delta
		end := start + int(size)
		lines = append(lines, Line{Number: first, Category: categories[code], Time: time.UnixMilli(last).UTC(), Text: string(raw[start:end])})
		raw = raw[end:]
		first++
	}
	return lines, nil
}

// Encoders and decoders hold buffers of some hundred KB; a pool lets an idle
// server give them back.
var (
	encoders = sync.Pool{New: func() any {
		enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
			zstd.WithWindowSize(128<<10), zstd.WithLowerEncoderMem(true), zstd.WithEncoderCRC(false))
		if err != nil {
			panic(err) // the options are constants
		}
		return enc
	}}
	decoders = sync.Pool{New: func() any {
		dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20), zstd.WithDecoderLowmem(true))
		if err != nil {
			panic(err) // the options are constants
		}
		return dec
	}}
)
