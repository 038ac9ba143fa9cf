package backup

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/fault"
)

// writerFolder holds a record of each server that was the writer of a backup,
// numbered in their order. The highest number is the one that may write.
const writerFolder = "writer/"

const (
	// validFor is how long a writer that has seen no successor may go on without
	// looking again, and settle how long a successor waits before it reads what
	// the writer has left: longer, as clocks do not go alike.
	validFor = 4 * time.Second
	settle   = 5 * time.Second
	// lookWithin is how long a look may take, and lookAgain after how long a
	// failed one is repeated.
	lookWithin = 3 * time.Second
	lookAgain  = time.Second
	// lookAfter is how long a writer at work waits with the next look: less than
	// validFor, so that no commit but the first after a rest waits for its answer.
	lookAfter = 3 * time.Second
	// lookEvery is how often a writer that writes nothing looks.
	lookEvery = time.Minute
	// recordsFor is how long the records of former writers are kept. A writer
	// that has not looked for as long as sureFor does not trust that they are.
	recordsFor = 30 * 24 * time.Hour
	sureFor    = time.Hour
)

// writer is the record of one who writes.
type writer struct {
	ID      string    // of this process, by chance
	Node    string    // for people
	Machine string    // the data folder, while its machine is up
	Since   time.Time // for people
	History string    // that it, or the one before, was writing to
	Ended   bool      // it has stopped, and copied everything before
}

// Claim asks to be the one writer of a place.
type Claim struct {
	Place blob.Store
	Dir   string // the data folder, which nobody else has
	Node  string

	// Truth says that what counts is in the place, and the folder is a copy of it:
	// then whoever starts last is the writer, and nothing is written while it cannot
	// be known whether there is another. Otherwise the folder counts: then a place
	// that another server has is not taken from it, and one that cannot be reached
	// is no reason to stand still.
	Truth bool
}

// Hold is the right to be the one server that writes to a place and to the
// database that is copied there.
//
// Invariant: a writer only writes within validFor of a moment at which it had no
// successor, and a successor reads only after that has passed. So a place that
// nothing is written to need not be asked.
type Hold struct {
	claim  Claim
	number int64
	record writer
	before string // the history that was being written last

	gone chan struct{} // closed when there is a successor

	mu      sync.Mutex
	seen    time.Time // when there was no successor yet
	looking bool
	failed  error // the last look
	tried   time.Time
	lost    error
}

// Take makes this server the writer. Where a writer has not said that it ended,
// that takes a few seconds.
func Take(ctx context.Context, c Claim) (*Hold, error) {
	h := &Hold{claim: c, gone: make(chan struct{})}
	h.record = writer{ID: rand.Text(), Node: c.Node, Machine: machine(c.Dir), Since: time.Now().UTC().Truncate(time.Second)}
	for {
		n, last, err := newestWriter(ctx, c.Place)
		if err != nil {
			return nil, err
		}
		if err := c.may(n, last); err != nil {
			return nil, err
		}
		h.number, h.before, h.record.History = n+1, last.History, last.History
		err = blob.Create(ctx, c.Place, writerName(h.number), h.record.text())
		if err != nil && !fault.Is(err, fault.Conflict) {
			return nil, fmt.Errorf("becoming the one writer of the backup: %w", err)
		}
		if err != nil {
			if own, err := h.own(ctx); err != nil {
				return nil, err
			} else if !own {
				continue // another was quicker
			}
		}
		if n > 0 && !last.Ended && last.Machine != h.record.Machine {
			slog.Info("waiting until the server that wrote the backup before has surely stopped", "node", last.Node, "since", last.Since)
			if err := pause(ctx, settle); err != nil {
				return nil, err
			}
		}
		if own, err := h.own(ctx); err != nil {
			return nil, err
		} else if !own {
			return nil, fault.New(fault.Conflict, "Another server began to use the backup at the same moment: start this one again if it is the right one.")
		}
		if err := h.look(ctx); err != nil {
			return nil, err
		}
		return h, nil
	}
}

// may says why a claim is refused, if it is.
func (c Claim) may(n int64, last writer) error {
	mine, err := c.history()
	if err != nil || n == 0 || mine == last.History {
		return err
	}
	if mine != "" && mine < last.History {
		return fault.New(fault.Conflict, "The database in %s is out of date: its server was followed by another (%s, since %s), and the backup goes on from there. Start with an empty data folder and --backup-restore=required to go on from the backup, or give this server another backup-to.", c.Dir, last.Node, last.Since.Format(time.RFC3339))
	}
	if !c.Truth && !last.Ended {
		return fault.New(fault.Conflict, "The backup is kept by another server (%s, since %s), which has not ended. If that one is gone for good, start this one once with --backup-restore=present, which takes the backup over; otherwise give this server another backup-to.", last.Node, last.Since.Format(time.RFC3339))
	}
	return nil
}

// history is the one that the folder's database is written to; empty when it
// has no database, or one that was not followed.
func (c Claim) history() (string, error) {
	if has, err := there(c.Dir); !has || err != nil {
		return "", err
	}
	return readGeneration(c.Dir)
}

// writes notes which history the holder writes to, before it does.
func (h *Hold) writes(ctx context.Context, history string) error {
	h.record.History = history
	return h.put(ctx)
}

func (h *Hold) put(ctx context.Context) error {
	text := h.record.text()
	if _, err := h.claim.Place.Put(ctx, writerName(h.number), bytes.NewReader(text), int64(len(text))); err != nil {
		return fmt.Errorf("noting who writes the backup: %w", err)
	}
	return nil
}

// Check says why nothing may be written now; nil when it may.
func (h *Hold) Check(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	seen := age(h.seen)
	sure := seen < validFor || !h.claim.Truth
	switch {
	case h.lost != nil:
		return h.lost
	case sure && seen >= lookAfter && !h.looking && age(h.tried) > lookAgain:
		h.looking = true
		go h.lookBeside(ctx, seen > sureFor)
		return nil
	case sure:
		return nil
	case h.failed != nil && age(h.tried) < lookAgain:
		return h.failed
	}
	return h.lookLocked(ctx)
}

func (h *Hold) lookBeside(ctx context.Context, all bool) {
	began := time.Now()
	found, err := h.successor(ctx, all)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.looking = false
	h.learn(began, found, err)
}

func (h *Hold) look(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lookLocked(ctx)
}

func (h *Hold) lookLocked(ctx context.Context) error {
	began := time.Now()
	found, err := h.successor(ctx, age(h.seen) > sureFor)
	return h.learn(began, found, err)
}

// learn keeps what a look has found.
func (h *Hold) learn(began time.Time, found bool, err error) error {
	h.tried, h.failed = time.Now(), nil
	switch {
	case h.lost != nil:
	case err != nil:
		h.failed = fault.Wrap(fault.Away, err, "Nothing can be written now: the backup cannot be reached, and another server may be using it")
		return h.failed
	case found:
		h.lost = fault.New(fault.Away, "Another server uses the backup now; this one has stopped writing.")
		close(h.gone)
	default:
		h.seen = began
	}
	return h.lost
}

// successor looks whether another has become the writer.
func (h *Hold) successor(ctx context.Context, all bool) (bool, error) {
	// What is found is for everybody, also when the one who asked gives up.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookWithin)
	defer cancel()
	if all {
		n, _, err := newestWriter(ctx, h.claim.Place)
		return n > h.number, err
	}
	_, err := h.claim.Place.Stat(ctx, writerName(h.number+1))
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// own reports whether the record of the holder's number is its own.
func (h *Hold) own(ctx context.Context) (bool, error) {
	r, err := readWriter(ctx, h.claim.Place, h.number)
	return err == nil && r.ID == h.record.ID, err
}

// Run looks for a successor now and then, and returns an error when there is one.
func (h *Hold) Run(ctx context.Context) error {
	if err := h.tidy(ctx); err != nil && ctx.Err() == nil {
		slog.Warn("old records of who wrote the backup were not removed; the next start tries again", "error", err)
	}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-h.gone:
			return h.lost
		case <-tick.C:
			if err := h.look(ctx); err != nil && !h.Lost() && ctx.Err() == nil {
				slog.Warn("it cannot be seen whether another server uses the backup", "error", err)
			}
		}
	}
}

// Lost reports whether there is a successor.
func (h *Hold) Lost() bool {
	select {
	case <-h.gone:
		return true
	default:
		return false
	}
}

// Release says that the holder has written everything, so that a successor need
// not wait.
func (h *Hold) Release(ctx context.Context) error {
	if h.Lost() {
		return nil
	}
	h.record.Ended = true
	return h.put(ctx)
}

// tidy removes records that nobody looks at any more.
func (h *Hold) tidy(ctx context.Context) error {
	for info, err := range h.claim.Place.List(ctx, writerFolder) {
		if err != nil {
			return fmt.Errorf("looking for who wrote the backup: %w", err)
		}
		if n, ok := writerNumber(info.Name); ok && n < h.number && age(info.Modified) > recordsFor {
			if err := h.claim.Place.Delete(ctx, info.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// Place is the place, which refuses to be written to when Check does.
func (h *Hold) Place() blob.Store { return held{h.claim.Place, h} }

type held struct {
	blob.Store
	hold *Hold
}

// Put implements blob.Store.
func (s held) Put(ctx context.Context, name string, r io.Reader, size int64) (blob.Written, error) {
	if err := s.hold.Check(ctx); err != nil {
		return blob.Written{}, err
	}
	return s.Store.Put(ctx, name, r, size)
}

// Delete implements blob.Store.
func (s held) Delete(ctx context.Context, name string) error {
	if err := s.hold.Check(ctx); err != nil {
		return err
	}
	return s.Store.Delete(ctx, name)
}

// newestWriter is the one with the highest number; 0 when there was none.
func newestWriter(ctx context.Context, place blob.Store) (n int64, w writer, err error) {
	for info, err := range place.List(ctx, writerFolder) {
		if err != nil {
			return 0, w, fmt.Errorf("looking for who writes the backup: %w", err)
		}
		if m, ok := writerNumber(info.Name); ok {
			n = max(n, m)
		}
	}
	if n == 0 {
		return 0, w, nil
	}
	w, err = readWriter(ctx, place, n)
	return n, w, err
}

func writerName(n int64) string { return fmt.Sprintf("%s%012d", writerFolder, n) }

func writerNumber(name string) (int64, bool) {
	n, err := strconv.ParseInt(strings.TrimPrefix(name, writerFolder), 10, 64)
	return n, err == nil && n > 0
}

// readWriter reads a record. One that a crash has left empty is of somebody of
// whom nothing is known.
func readWriter(ctx context.Context, place blob.Store, n int64) (writer, error) {
	r, err := place.Open(ctx, writerName(n))
	if err != nil {
		return writer{}, fmt.Errorf("reading who writes the backup: %w", err)
	}
	defer r.Close()
	text, err := io.ReadAll(io.LimitReader(r, 1<<16))
	if err != nil {
		return writer{}, fmt.Errorf("reading who writes the backup: %w", err)
	}
	w := writer{Node: "unknown", Since: r.Info().Modified}
	if err := json.Unmarshal(text, &w); err != nil {
		slog.Debug("the record of a writer of the backup cannot be read", "number", n, "error", err)
	}
	return w, nil
}

func (w writer) text() []byte {
	text, _ := json.Marshal(w) // of strings, a time and a bool
	return append(text, '\n')
}

// machine names a data folder on a machine that is up. Its holder has locked it,
// so whoever had the name before is dead. Where the system does not tell, it is
// like no other.
func machine(dir string) string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return rand.Text()
	}
	info, err := os.Stat(filepath.Clean(dir))
	if err != nil {
		return rand.Text()
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return rand.Text()
	}
	sum := sha256.Sum256(fmt.Appendf(boot, "%d %d", st.Dev, st.Ino))
	return hex.EncodeToString(sum[:8])
}

// age is how long ago something was, by whichever clock says more: one stands
// still while a machine is suspended, the other can be set.
func age(t time.Time) time.Duration {
	now := time.Now()
	return max(now.Sub(t), now.Round(0).Sub(t.Round(0)))
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
