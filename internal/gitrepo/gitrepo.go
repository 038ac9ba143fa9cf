// Package gitrepo reads and writes Git repositories through the git program.
//
// Every repository has a bare mirror in the data folder of this node. A mirror
// holds commits and folders; contents of files come when they are first read,
// from servers that can leave them out. Passwords go to git in its environment
// and are in no address, command line or file.
package gitrepo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/takodeploy/tako/internal/fault"
)

// Cache holds the mirrors of all repositories that this node has needed.
type Cache struct {
	Folder string
	// Patience bounds every single exchange with a repository's server.
	Patience time.Duration
	// MostBytes bounds each mirror, Most their number: those that were not
	// needed for the longest time go first.
	MostBytes int64
	Most      int
	// Certificates names a file of certificate authorities to trust, besides
	// those of the system.
	Certificates string

	mu   sync.Mutex
	open map[string]*Repository
}

// New gives the cache in a folder, with the usual bounds.
func New(folder string) *Cache {
	return &Cache{Folder: folder, Patience: 2 * time.Minute, MostBytes: 4 << 30, Most: 200, open: map[string]*Repository{}}
}

// A Remote is a repository with the way to sign in, which is none while Username,
// Password and SSH are empty. Each owner has a mirror of its own, so that nobody
// reads what another's credentials have brought.
type Remote struct {
	Owner    string
	URL      string
	Username string
	Password string
	SSH      *SSH // nil for what is reached over HTTP
}

// A Repository is a mirror of a remote. It is made by Cache.Repository and safe
// for use by several goroutines.
type Repository struct {
	cache *Cache
	dir   string
	url   string

	mu      sync.Mutex // one exchange with the server at a time
	ready   bool
	fetched time.Time
	users   int // under cache.mu
}

// A Session is a repository as one who signs in sees it.
type Session struct {
	*Repository
	remote Remote
}

// Repository gives the mirror of a remote. It is brought up to date by Fetch.
// The mirror is kept until the session is closed.
func (c *Cache) Repository(remote Remote) *Session {
	sum := sha256.Sum256([]byte(remote.Owner + "\n" + remote.URL))
	name := hex.EncodeToString(sum[:12])
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.open[name]
	if r == nil {
		r = &Repository{cache: c, dir: filepath.Join(c.Folder, name), url: remote.URL}
		c.open[name] = r
	}
	r.users++
	return &Session{r, remote}
}

// Close lets the mirror go when nobody else uses it and space is short.
func (s *Session) Close() {
	c := s.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	s.users--
	c.tidy()
}

// tidy removes mirrors that nobody uses until few enough are left. A mirror
// that cannot be removed is tried again the next time.
func (c *Cache) tidy() {
	entries, err := os.ReadDir(c.Folder)
	if err != nil || len(entries) <= c.Most {
		return
	}
	used := map[string]time.Time{}
	var idle []string
	for _, e := range entries {
		if r := c.open[e.Name()]; r != nil && r.users > 0 {
			continue
		}
		if info, err := e.Info(); err == nil {
			used[e.Name()] = info.ModTime()
			idle = append(idle, e.Name())
		}
	}
	slices.SortFunc(idle, func(a, b string) int { return used[a].Compare(used[b]) })
	for _, name := range idle[:min(len(idle), len(entries)-c.Most)] {
		delete(c.open, name)
		_ = os.RemoveAll(filepath.Join(c.Folder, name))
	}
}

// prepare makes the mirror, or one that a crash has left half made anew.
func (s *Session) prepare(ctx context.Context) error {
	if s.ready {
		return nil
	}
	if s.allowed() == "" {
		return fault.New(fault.Invalid, "%s is no address of a Git repository that can be reached: give one that begins with https:// or http://, or one for SSH together with a Git credential for it.", s.url)
	}
	if _, err := os.Stat(filepath.Join(s.dir, "tako")); err != nil {
		if err := os.RemoveAll(s.dir); err != nil {
			return fmt.Errorf("clearing the mirror of a Git repository: %w", err)
		}
		if err := os.MkdirAll(s.dir, 0o700); err != nil {
			return fmt.Errorf("making the mirror of a Git repository: %w", err)
		}
		steps := [][]string{
			{"init", "--quiet", "--bare", "."},
			{"config", "remote.origin.url", s.url},
			{"config", "remote.origin.promisor", "true"},
			{"config", "remote.origin.partialclonefilter", "blob:none"},
			{"config", "gc.auto", "0"},
			{"config", "core.hooksPath", "/dev/null"},
		}
		for _, args := range steps {
			if _, err := s.git(ctx, nil, args...); err != nil {
				return err
			}
		}
		if err := os.WriteFile(filepath.Join(s.dir, "tako"), nil, 0o600); err != nil {
			return fmt.Errorf("making the mirror of a Git repository: %w", err)
		}
	}
	s.ready = true
	return nil
}

// Fetch brings the mirror up to date, unless that was done within the time that
// the caller is content with.
func (s *Session) Fetch(ctx context.Context, content time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fetch(ctx, content)
}

func (s *Session) fetch(ctx context.Context, content time.Duration) error {
	if err := s.prepare(ctx); err != nil {
		return err
	}
	now := time.Now()
	if !s.fetched.IsZero() && now.Sub(s.fetched) < content {
		return nil
	}
	// The mirror's folder tells by its time when it was last needed.
	_ = os.Chtimes(s.dir, now, now)
	watched, stop := s.watch(ctx)
	_, err := s.remotely(watched, "fetch", "--quiet", "--prune", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--filter=blob:none",
		"origin", "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
	stop()
	if large := s.tooLarge(); large != nil {
		s.ready = false
		if err := os.RemoveAll(s.dir); err != nil {
			return fmt.Errorf("removing a mirror of a Git repository that is too large: %w", err)
		}
		return large
	}
	if err != nil {
		return err
	}
	s.fetched = now
	return nil
}

func (s *Session) tooLarge() error {
	if size(s.dir) <= s.cache.MostBytes {
		return nil
	}
	return fault.New(fault.Invalid, "The Git repository %s is too large: its history takes more than %d MB.", s.url, s.cache.MostBytes>>20)
}

// watch ends an exchange under which the mirror grows too large.
func (s *Session) watch(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if large := s.tooLarge(); large != nil {
					cancel(large)
				}
			}
		}
	}()
	return ctx, func() {
		cancel(nil)
		<-done
	}
}

func size(dir string) (n int64) {
	_ = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil {
			return nil // gone in the meantime
		}
		if info, err := e.Info(); err == nil && !e.IsDir() {
			n += info.Size()
		}
		return nil
	})
	return n
}

// Check signs in to the repository and asks for its branches; it keeps nothing.
func (s *Session) Check(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.prepare(ctx); err != nil {
		return err
	}
	_, err := s.remotely(ctx, "ls-remote", "--quiet", "--heads", "origin")
	return err
}

// plainMessage is what git says, without what only confuses people.
func plainMessage(said string) string {
	var lines []string
	for _, line := range strings.Split(said, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "", strings.HasPrefix(line, "hint:"), strings.HasPrefix(line, "To "), strings.HasPrefix(line, "warning: filtering"):
			continue
		}
		line = strings.TrimSpace(strings.TrimPrefix(line, "remote:"))
		for _, prefix := range []string{"fatal: ", "error: "} {
			line = strings.TrimPrefix(line, prefix)
		}
		if line != "" && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	text := strings.Join(lines, " ")
	if r := []rune(text); len(r) > 500 {
		text = string(r[:500]) + "…"
	}
	return text
}
