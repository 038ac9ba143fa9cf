package host

import (
	"fmt"
	"os"
	"sync"
)

// syncer makes new entries of one folder durable. Whoever asks while the
// disk is at work shares the next round, so a hundred starts at once cost a
// few rounds and not a hundred.
type syncer struct {
	dir *os.File

	mu      sync.Mutex
	running bool
	waiting []chan error
}

func newSyncer(path string) (*syncer, error) {
	dir, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the work folder: %w", err)
	}
	return &syncer{dir: dir}, nil
}

func (s *syncer) sync() error {
	mine := make(chan error, 1)
	s.mu.Lock()
	s.waiting = append(s.waiting, mine)
	if !s.running {
		s.running = true
		go s.rounds()
	}
	s.mu.Unlock()
	return <-mine
}

func (s *syncer) rounds() {
	for {
		s.mu.Lock()
		batch := s.waiting
		s.waiting = nil
		if len(batch) == 0 {
			s.running = false
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		err := s.dir.Sync()
		for _, one := range batch {
			one <- err
		}
	}
}
