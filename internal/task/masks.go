package task

import (
	"sync"

	"github.com/takodeploy/tako/internal/mask"
)

// masks hides a task's secrets in text. Lines arrive whole and are masked
// whole, so nothing is held back between them: a line that is committed with
// its cursor is complete.
type masks struct {
	mu     sync.Mutex
	masker *mask.Masker
}

func newMasks() *masks { return &masks{masker: mask.New(nil)} }

func (m *masks) add(secrets ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.masker.Add(secrets...)
}

func (m *masks) apply(text string) string { return m.line(text, false) }

// line masks a text that may be broken off.
func (m *masks) line(text string, open bool) string {
	if text == "" {
		return ""
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	end := m.masker.Flush
	if open {
		end = m.masker.Cut
	}
	return m.masker.Feed(text) + end()
}
