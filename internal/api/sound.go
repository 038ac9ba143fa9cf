package api

import (
	"sync"

	"github.com/takodeploy/tako/internal/blob"
)

// sound remembers which files of the store were found to be right, for as long as
// they are what they were. Who asks for a file in many parts has it read whole
// once, not for each of them.
type sound struct {
	mu   sync.Mutex
	seen map[string]blob.Info // by hash
}

// mostSound bounds how many files are remembered.
const mostSound = 1000

func (s *sound) known(hash string, now blob.Info) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	was, ok := s.seen[hash]
	return ok && was.Name == now.Name && was.Size == now.Size && was.Modified.Equal(now.Modified)
}

func (s *sound) note(hash string, now blob.Info) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen == nil || len(s.seen) >= mostSound {
		s.seen = map[string]blob.Info{}
	}
	s.seen[hash] = now
}
