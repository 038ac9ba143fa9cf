package octodiff

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
)

// The commands of a delta.
const (
	copyCommand = 0x60
	dataCommand = 0x80
)

// ErrBase says that a delta was applied to another file than the one whose
// signature it was made for, or came damaged.
var ErrBase = errors.New("the delta does not fit the file it is applied to")

// FormatError says what is wrong with a delta.
type FormatError string

// Error gives the words.
func (e FormatError) Error() string { return "the delta cannot be read: " + string(e) }

// Patch gives the new file while a delta is read. Its last read fails with
// ErrBase when what was given is not the file that the delta was made of.
type Patch struct {
	base  io.ReaderAt
	size  int64
	limit int64 // bytes that may yet be copied
	delta *bufio.Reader
	now   io.Reader // what the command under way gives
	want  []byte
	sum   hash.Hash
	begun bool
	err   error
}

// NewPatch applies a delta to a base of so many bytes. A few bytes of a delta
// can ask for the base over and over; limit bounds how many bytes are copied.
func NewPatch(base io.ReaderAt, size int64, delta io.Reader, limit int64) *Patch {
	return &Patch{base: base, size: size, limit: limit, delta: bufio.NewReader(delta), sum: sha1.New()}
}

// Read implements io.Reader.
func (p *Patch) Read(into []byte) (int, error) {
	if len(into) == 0 {
		return 0, nil
	}
	if p.err == nil && !p.begun {
		p.begun, p.err = true, p.head()
	}
	for p.err == nil {
		if p.now == nil {
			p.now, p.err = p.next()
			continue
		}
		n, err := p.now.Read(into)
		p.sum.Write(into[:n])
		switch {
		case errors.Is(err, io.EOF):
			p.now = nil
		case err != nil:
			p.err = err
		}
		if n > 0 {
			return n, nil
		}
	}
	return 0, p.err
}

// head reads what stands before the commands.
func (p *Patch) head() error {
	magic := make([]byte, len(deltaMagic)+1)
	if err := p.fill(magic, "its beginning"); err != nil {
		return err
	}
	if string(magic[:len(deltaMagic)]) != deltaMagic {
		return FormatError("it does not begin as deltas do")
	}
	if v := magic[len(deltaMagic)]; v != formatVersion {
		return FormatError(fmt.Sprintf("its format is of version %d, and only %d is known", v, formatVersion))
	}
	length, err := p.delta.ReadByte()
	if err != nil {
		return p.cut(err, "its beginning")
	}
	name := make([]byte, length)
	if err := p.fill(name, "its beginning"); err != nil {
		return err
	}
	if string(name) != hashName {
		return FormatError(fmt.Sprintf("it is checked with %q, and only %s is known", name, hashName))
	}
	rest := make([]byte, 4+sha1.Size+len(endOfHead))
	if err := p.fill(rest, "its beginning"); err != nil {
		return err
	}
	if binary.LittleEndian.Uint32(rest) != sha1.Size || string(rest[4+sha1.Size:]) != endOfHead {
		return FormatError("its beginning is damaged")
	}
	p.want = rest[4 : 4+sha1.Size]
	return nil
}

// next reads a command; after the last one, the whole is checked.
func (p *Patch) next() (io.Reader, error) {
	command, err := p.delta.ReadByte()
	if errors.Is(err, io.EOF) {
		if !bytes.Equal(p.sum.Sum(nil), p.want) {
			return nil, ErrBase
		}
		return nil, io.EOF
	}
	if err != nil {
		return nil, err
	}
	switch command {
	case copyCommand:
		return p.copied()
	case dataCommand:
		length, err := p.number()
		if err != nil {
			return nil, err
		}
		return &exactly{p, length}, nil
	}
	return nil, FormatError(fmt.Sprintf("%#x is no command", command))
}

func (p *Patch) copied() (io.Reader, error) {
	start, err := p.number()
	if err != nil {
		return nil, err
	}
	length, err := p.number()
	if err != nil {
		return nil, err
	}
	if start > p.size || length > p.size-start {
		return nil, fmt.Errorf("it copies bytes that are not there: %w", ErrBase)
	}
	if p.limit -= length; p.limit < 0 {
		return nil, FormatError("it copies more than it may")
	}
	return io.NewSectionReader(p.base, start, length), nil
}

// number reads a number of 64 bits that is not negative.
func (p *Patch) number() (int64, error) {
	var b [8]byte
	if err := p.fill(b[:], "a command"); err != nil {
		return 0, err
	}
	n := int64(binary.LittleEndian.Uint64(b[:]))
	if n < 0 {
		return 0, FormatError("a number is negative")
	}
	return n, nil
}

func (p *Patch) fill(into []byte, what string) error {
	_, err := io.ReadFull(p.delta, into)
	return p.cut(err, what)
}

// cut tells of a delta that ends too early; other errors are the sender's.
func (p *Patch) cut(err error, what string) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return FormatError("it ends within " + what)
	}
	return err
}

// exactly reads the bytes that a data command brings along.
type exactly struct {
	p    *Patch
	left int64
}

func (e *exactly) Read(into []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n, err := e.p.delta.Read(into[:min(int64(len(into)), e.left)])
	if e.left -= int64(n); err != nil {
		return n, e.p.cut(err, "its data")
	}
	return n, nil
}
