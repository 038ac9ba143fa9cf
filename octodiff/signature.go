// Package octodiff reads and writes the two files by which a file is sent as
// its difference to an older one: the receiver sends a signature of the file
// that it has, the sender answers with a delta, and the receiver makes the new
// file of both.
package octodiff

import (
	"bufio"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Chunks of a signature are within these sizes, in bytes.
const (
	MinChunk     = 128
	DefaultChunk = 2048
	MaxChunk     = 31 * 1024
)

// The format's fixed texts.
const (
	signatureMagic = "OCTOSIG"
	deltaMagic     = "OCTODELTA"
	endOfHead      = ">>>"
	formatVersion  = 1
	hashName       = "SHA1"
	rollingName    = "Adler32"
)

// ChunkFor is the size of chunks for a file of so many bytes: the larger the
// file, the larger its chunks, so that signatures stay small.
func ChunkFor(size int64) int {
	const chunks = 100_000
	return int(min(max(size/chunks, DefaultChunk), MaxChunk))
}

// Sign writes the signature of what r gives, in chunks of that many bytes.
func Sign(w io.Writer, r io.Reader, chunk int) error {
	if chunk < MinChunk || chunk > MaxChunk {
		return fmt.Errorf("a chunk of %d bytes is not within %d and %d", chunk, MinChunk, MaxChunk)
	}
	out := bufio.NewWriter(w)
	out.WriteString(signatureMagic)
	out.WriteByte(formatVersion)
	writeText(out, hashName)
	writeText(out, rollingName)
	out.WriteString(endOfHead)
	block := make([]byte, chunk)
	var head [6]byte
	for {
		n, err := io.ReadFull(r, block)
		if n > 0 {
			binary.LittleEndian.PutUint16(head[:], uint16(n))
			binary.LittleEndian.PutUint32(head[2:], rolling(block[:n]))
			hash := sha1.Sum(block[:n])
			out.Write(head[:])
			out.Write(hash[:])
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return out.Flush() // tells of every write before it
		}
		if err != nil {
			return fmt.Errorf("reading what is signed: %w", err)
		}
	}
}

// writeText writes a text after its length, as far as lengths below 128 go.
func writeText(w *bufio.Writer, text string) {
	w.WriteByte(byte(len(text)))
	w.WriteString(text)
}

// rolling is the checksum named Adler32 in these files, whose sums wrap at 16
// bits instead of at a prime.
func rolling(block []byte) uint32 {
	a, b := uint16(1), uint16(0)
	for _, z := range block {
		a += uint16(z)
		b += a
	}
	return uint32(b)<<16 | uint32(a)
}
