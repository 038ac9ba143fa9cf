package archive

import (
	"math"

	"github.com/takodeploy/tako/internal/fault"
)

// What an archive may unpack to when Options leaves it open. Real content
// seldom packs better than fifty to one; below the floor nobody is hurt.
const (
	defaultEntries = 1_000_000
	defaultRatio   = 250
	ratioFloor     = 256 << 20
)

// budget counts what is unpacked against what may be.
type budget struct {
	bytes, maxBytes     int64
	entries, maxEntries int
	free                int64 // of the disk at the start; negative if unknown
}

// newBudget works out the limits and refuses at once what declares too much.
// near is a folder on the target's disk, there or not; "" leaves the disk out.
func newBudget(src source, near string, o Options) (*budget, error) {
	b := &budget{maxEntries: defaultEntries, maxBytes: ratioLimit(src.size(), o.MaxRatio), free: -1}
	if near != "" {
		b.free = FreeSpace(near)
	}
	if o.MaxEntries > 0 {
		b.maxEntries = o.MaxEntries
	}
	if o.MaxBytes > 0 {
		b.maxBytes = min(b.maxBytes, o.MaxBytes)
	}
	src.limit(b.maxBytes)
	bytes, entries, known := src.declared()
	if !known {
		return b, nil
	}
	return b, b.check("", bytes, entries)
}

func ratioLimit(size, ratio int64) int64 {
	if ratio <= 0 {
		ratio = defaultRatio
	}
	if size > math.MaxInt64/ratio {
		return math.MaxInt64
	}
	return max(ratioFloor, size*ratio)
}

// admit counts an item that is about to be written.
func (b *budget) admit(it *item) error {
	b.entries++
	if it.mode.IsRegular() {
		if it.size < 0 || b.bytes > math.MaxInt64-it.size {
			return refuse(it.name, "has an impossible size")
		}
		b.bytes += it.size
	}
	return b.check(it.name, b.bytes, b.entries)
}

func (b *budget) check(name string, bytes int64, entries int) error {
	switch {
	case entries > b.maxEntries:
		return refuse("", "it has more than %d entries", b.maxEntries)
	case bytes > b.maxBytes && name == "":
		return refuse("", "it would unpack to %d bytes, more than the %d that are allowed for its size", bytes, b.maxBytes)
	case bytes > b.maxBytes:
		return refuse(name, "makes it unpack to more than the %d bytes that are allowed for its size", b.maxBytes)
	case b.free >= 0 && bytes > b.free:
		return fault.New(fault.Unavailable,
			"There is not enough disk space: unpacking needs at least %d bytes and %d are free", bytes, b.free)
	}
	return nil
}
