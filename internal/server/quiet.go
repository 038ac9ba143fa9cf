package server

import (
	"context"
	"log/slog"
	"os"
	"runtime/debug"
	gauge "runtime/metrics"
	"syscall"
	"time"

	"github.com/takodeploy/tako/internal/footprint"
)

const (
	// calmFor is how long a server must have had next to nothing to do before
	// its memory is given back.
	calmFor = 10 * time.Second
	// calm is the processor time that a server without work takes meanwhile at
	// most, and worth that after which there is something to give back.
	calm  = 50 * time.Millisecond
	worth = 100 * time.Millisecond
	// later is after how many more of such spans it is given back once again: by
	// then what had been kept for a while is let go.
	later = 3
)

// giveBack returns memory to the system whenever the server has come to rest:
// it idles for hours after minutes of work, beside others on one machine.
func (s *Server) giveBack(ctx context.Context) error {
	tick := time.NewTicker(calmFor)
	_, chosen := os.LookupEnv("GOGC")
	defer tick.Stop()
	last, since, again := time.Duration(0), time.Duration(0), 0
	for {
		if !chosen {
			debug.SetGCPercent(growth(liveHeap()))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		now := processorTime()
		resting := now-last < calm
		last = now
		if !resting {
			continue
		}
		switch {
		case now-since >= worth:
			again = later
		case again > 1:
			again--
			continue
		case again == 1:
			again = 0
		default:
			continue
		}
		s.letGo(ctx)
		last = processorTime()
		since = last
	}
}

// letGo gives back what can be had again.
func (s *Server) letGo(ctx context.Context) {
	if err := s.db.Rest(ctx); err != nil {
		slog.Debug("the database's memory cannot be given back", "error", err)
	}
	if err := footprint.Shrink(); err != nil {
		slog.Debug("the program's own pages cannot be given back", "error", err)
	}
}

// roomy is how large a heap may grow before it is collected, however little of
// it is in use: what a small server saves by collecting more often is given back
// at rest anyway, and costs it a tenth of its time under load.
const roomy = 48 << 20

// growth is by how much of itself, in per cent, the heap may grow before it is
// collected, when so much of it is in use.
func growth(live uint64) int {
	return int(min(300, max(100, roomy*100/max(int64(live), 1)-100)))
}

// liveHeap is what the last collection found in use.
func liveHeap() uint64 {
	sample := []gauge.Sample{{Name: "/gc/heap/live:bytes"}}
	gauge.Read(sample)
	if sample[0].Value.Kind() != gauge.KindUint64 {
		return 0
	}
	return sample[0].Value.Uint64()
}

// processorTime is what the process has used of the processors.
func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
