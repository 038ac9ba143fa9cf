package backup

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/fault"
)

// mirror is a store of files that is copied to another place as it changes.
// A file that is removed is kept there as long as a restore may go back to
// when it was still here.
type mirror struct {
	blob.Store
	to   blob.Store
	keep time.Duration

	mu      sync.Mutex
	pending map[string]bool
	whole   bool // everything has to be compared
	wake    chan struct{}
}

// compareEvery is how often all files are compared; retryAfter is how long
// after a failure it is tried again.
const (
	compareEvery = time.Hour
	retryAfter   = 15 * time.Second
)

func newMirror(from, to blob.Store, keep time.Duration) *mirror {
	return &mirror{Store: from, to: to, keep: keep, pending: map[string]bool{}, whole: true, wake: make(chan struct{}, 1)}
}

// Local tells where the files are that are copied.
func (m *mirror) Local() bool { return blob.Local(m.Store) }

// Put implements blob.Store.
func (m *mirror) Put(ctx context.Context, name string, r io.Reader, size int64) (blob.Written, error) {
	w, err := m.Store.Put(ctx, name, r, size)
	if err == nil {
		m.changed(name)
	}
	return w, err
}

// Delete implements blob.Store.
func (m *mirror) Delete(ctx context.Context, name string) error {
	err := m.Store.Delete(ctx, name)
	if err == nil {
		m.changed(name)
	}
	return err
}

func (m *mirror) changed(name string) {
	m.mu.Lock()
	m.pending[name] = true
	m.mu.Unlock()
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// run copies until ctx ends.
func (m *mirror) run(ctx context.Context) {
	for {
		wait := compareEvery
		if err := m.drain(ctx); err != nil && ctx.Err() == nil {
			slog.Warn("files were not copied to the backup; it is tried again", "error", err)
			wait = retryAfter
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-m.wake:
		case <-timer.C:
			if wait == compareEvery {
				m.mu.Lock()
				m.whole = true
				m.mu.Unlock()
			}
		}
		timer.Stop()
	}
}

// drain copies everything that has changed. What fails stays to be done.
func (m *mirror) drain(ctx context.Context) error {
	m.mu.Lock()
	todo, whole := m.pending, m.whole
	m.pending, m.whole = map[string]bool{}, false
	m.mu.Unlock()
	err := m.each(ctx, todo)
	if err == nil && whole {
		err = m.compare(ctx)
	}
	if err != nil {
		m.mu.Lock()
		m.whole = true // finds what is left of todo too
		for name := range todo {
			m.pending[name] = true
		}
		m.mu.Unlock()
	}
	return err
}

func (m *mirror) each(ctx context.Context, names map[string]bool) error {
	for name := range names {
		if err := m.follow(ctx, name); err != nil {
			return err
		}
		delete(names, name)
	}
	return nil
}

// follow makes the copy of one file what the file is.
func (m *mirror) follow(ctx context.Context, name string) error {
	r, err := m.Open(ctx, name)
	if fault.Is(err, fault.NotFound) {
		return m.note(ctx, name)
	}
	if err != nil {
		return err
	}
	defer r.Close()
	if _, err := m.to.Put(ctx, fileFolder+name, r, r.Info().Size); err != nil {
		return fmt.Errorf("copying to the backup: %w", err)
	}
	return m.to.Delete(ctx, goneFolder+name) // in case it was gone before
}

// note remembers since when a file is gone.
func (m *mirror) note(ctx context.Context, name string) error {
	if _, err := m.to.Stat(ctx, fileFolder+name); fault.Is(err, fault.NotFound) {
		return nil // it was never copied
	} else if err != nil {
		return err
	}
	if _, err := m.to.Stat(ctx, goneFolder+name); !fault.Is(err, fault.NotFound) {
		return err // it is noted already
	}
	if _, err := m.to.Put(ctx, goneFolder+name, strings.NewReader(""), 0); err != nil {
		return fmt.Errorf("noting in the backup that a file is gone: %w", err)
	}
	return nil
}

// compare finds what was missed while nobody told, and lets go of what nobody
// can want back any more.
func (m *mirror) compare(ctx context.Context) error {
	copied, err := listed(ctx, m.to, fileFolder)
	if err != nil {
		return err
	}
	for info, err := range m.List(ctx, "") {
		if err != nil {
			return err
		}
		have, ok := copied[info.Name]
		delete(copied, info.Name)
		if ok && have.Size == info.Size && !info.Modified.After(have.Modified) {
			continue
		}
		if err := m.follow(ctx, info.Name); err != nil {
			return err
		}
	}
	gone, err := listed(ctx, m.to, goneFolder)
	if err != nil {
		return err
	}
	for name := range copied {
		since, noted := gone[name]
		switch {
		case !noted:
			err = m.note(ctx, name)
		case time.Since(since.Modified) > m.keep:
			if err = m.to.Delete(ctx, fileFolder+name); err == nil {
				err = m.to.Delete(ctx, goneFolder+name)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// listed gives the blobs below a folder by the rest of their names.
func listed(ctx context.Context, s blob.Store, folder string) (map[string]blob.Info, error) {
	all := map[string]blob.Info{}
	for info, err := range s.List(ctx, folder) {
		if err != nil {
			return nil, fmt.Errorf("looking at the backup: %w", err)
		}
		all[info.Name[len(folder):]] = info
	}
	return all, nil
}
