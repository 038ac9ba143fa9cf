package blob

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"

	"github.com/takodeploy/tako/internal/fault"
)

// Checked reads a blob and compares it with its hash on the way. What is read
// from the beginning to the end has its last piece kept back until all of it is
// known to be right: of a damaged blob the reader gets less than its size and
// an error, never a whole that is wrong. What is read in parts is not judged on
// the way: who gives parts calls Whole first.
type Checked struct {
	Reader // as it is stored; its ReadAt compares nothing
	name   string
	size   int64
	want   string
	at     int64
	summed int64 // how much from the beginning on went into sum
	sum    hash.Hash
	err    error
}

// Check makes a reader that compares with a hash, a SHA-256 in lower-case
// hexadecimal; name is for the error. A blob that is not as long as it was is
// known to be damaged at once.
func Check(r Reader, size int64, want, name string) (*Checked, error) {
	c := &Checked{Reader: r, name: name, size: size, want: want, sum: sha256.New()}
	if now := r.Info().Size; now != size {
		return nil, c.damaged(fmt.Sprintf("it has %d bytes, and had %d", now, size))
	}
	return c, nil
}

func (c *Checked) damaged(how string) error {
	return fault.New(fault.Damaged, "The stored file of %s is damaged: %s when it came. Push it again, or restore it from a backup.", c.name, how)
}

// Seek implements io.Seeker.
func (c *Checked) Seek(offset int64, whence int) (int64, error) {
	at, err := c.Reader.Seek(offset, whence)
	if err == nil {
		c.at = at
	}
	return at, err
}

// Read implements io.Reader.
func (c *Checked) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.Reader.Read(p)
	if c.at <= c.summed && c.at+int64(n) > c.summed {
		c.sum.Write(p[c.summed-c.at : n])
		c.summed = c.at + int64(n)
	}
	c.at += int64(n)
	// Nothing more than this comes, so this is what can be kept back.
	if n > 0 && c.at == c.size && c.summed == c.size {
		if got := hex.EncodeToString(c.sum.Sum(nil)); got != c.want {
			c.err = c.damaged(fmt.Sprintf("its SHA-256 is %s, and was %s", got, c.want))
			return 0, c.err
		}
	}
	return n, err
}

// Whole reads all of the blob and says whether it is right, for whoever is going to
// give parts of it. It goes back to the beginning.
func (c *Checked) Whole() error {
	if _, err := io.Copy(io.Discard, struct{ io.Reader }{c}); err != nil {
		return err
	}
	_, err := c.Seek(0, io.SeekStart)
	return err
}

// Err is why reading has ended too early, which http.ServeContent tells nobody.
func (c *Checked) Err() error { return c.err }
