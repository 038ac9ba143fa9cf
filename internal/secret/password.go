package secret

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/argon2"
)

// The cost of a password hash: 19 MiB and two passes, the smaller of the
// settings in common advice, so that a few sign-ins do not double the size of
// a small server.
const (
	memoryKiB = 19 * 1024
	passes    = 2
	saltSize  = 16
	hashSize  = 32
)

// A hash read from a database may ask for no more than this, so that a changed
// row cannot take the server's memory.
const (
	maxMemoryKiB = 256 * 1024
	maxPasses    = 16
)

// quiet is how long no password is hashed before the memory goes back to the
// operating system.
const quiet = 2 * time.Second

// Passwords hashes and checks passwords with argon2id, two at a time at most:
// sign-ins beyond that wait, and memory stays bounded. The zero value is not
// usable; NewPasswords makes one.
type Passwords struct {
	slots chan struct{}
	mu    sync.Mutex
	idle  *time.Timer
}

// NewPasswords makes a Passwords that computes at most so many hashes at once.
func NewPasswords(concurrent int) *Passwords {
	return &Passwords{slots: make(chan struct{}, max(1, concurrent))}
}

// errHash is the reason why a stored hash is of no use.
var errHash = errors.New("the stored password hash is not an argon2id hash in PHC format")

// phc is a parsed hash.
type phc struct {
	memory, passes uint32
	lanes          uint8
	salt, sum      []byte
}

// Hash gives the hash of a password in PHC format, ready to be stored.
func (p *Passwords) Hash(ctx context.Context, password Text) (string, error) {
	h := phc{memory: memoryKiB, passes: passes, lanes: 1, salt: make([]byte, saltSize)}
	rand.Read(h.salt)
	sum, err := p.compute(ctx, h, password, hashSize)
	if err != nil {
		return "", err
	}
	h.sum = sum
	return h.String(), nil
}

// Check reports whether the password is the hash's. With an empty hash it
// takes as long as with any other and says no, so that the time of a refused
// sign-in does not tell whether there is such a user.
func (p *Passwords) Check(ctx context.Context, hash string, password Text) (bool, error) {
	if hash == "" {
		decoy := phc{memory: memoryKiB, passes: passes, lanes: 1, salt: make([]byte, saltSize)}
		_, err := p.compute(ctx, decoy, password, hashSize)
		return false, err
	}
	h, err := parsePHC(hash)
	if err != nil {
		return false, err
	}
	sum, err := p.compute(ctx, h, password, uint32(len(h.sum)))
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(sum, h.sum) == 1, nil
}

// Outdated reports whether a hash was made with another cost than today's, so
// that the next good sign-in should store a new one.
func Outdated(hash string) bool {
	h, err := parsePHC(hash)
	return err != nil || h.memory != memoryKiB || h.passes != passes || h.lanes != 1
}

// compute waits for a slot and hashes.
func (p *Passwords) compute(ctx context.Context, h phc, password Text, size uint32) ([]byte, error) {
	if ctx.Err() == nil {
		select {
		case p.slots <- struct{}{}:
			defer p.release()
			return argon2.IDKey([]byte(password.Reveal()), h.salt, h.passes, h.memory, h.lanes, size), nil
		case <-ctx.Done():
		}
	}
	return nil, fmt.Errorf("waiting to hash a password: %w", context.Cause(ctx))
}

// release frees a slot, and returns freed memory to the operating system once
// nobody has signed in for a moment: a server idles for hours after one
// sign-in, and the runtime alone would keep the 19 MiB for long.
func (p *Passwords) release() {
	<-p.slots
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.idle == nil {
		p.idle = time.AfterFunc(quiet, debug.FreeOSMemory)
		return
	}
	p.idle.Reset(quiet)
}

// String is the hash in PHC format.
func (h phc) String() string {
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		h.memory, h.passes, h.lanes, enc.EncodeToString(h.salt), enc.EncodeToString(h.sum))
}

func parsePHC(s string) (phc, error) {
	var h phc
	part := strings.Split(s, "$")
	if len(part) != 6 || part[0] != "" || part[1] != "argon2id" || part[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return h, errHash
	}
	if _, err := fmt.Sscanf(part[3], "m=%d,t=%d,p=%d", &h.memory, &h.passes, &h.lanes); err != nil {
		return h, errHash
	}
	if h.memory < 8 || h.memory > maxMemoryKiB || h.passes < 1 || h.passes > maxPasses || h.lanes < 1 {
		return h, fmt.Errorf("%w: its cost is out of bounds", errHash)
	}
	var err error
	if h.salt, err = base64.RawStdEncoding.DecodeString(part[4]); err != nil || len(h.salt) < 8 {
		return h, errHash
	}
	if h.sum, err = base64.RawStdEncoding.DecodeString(part[5]); err != nil || len(h.sum) < 16 {
		return h, errHash
	}
	return h, nil
}
