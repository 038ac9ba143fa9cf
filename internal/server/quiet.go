package server

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	gauge "runtime/metrics"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// calmFor is how long a server must have had next to nothing to do before
	// its memory is given back.
	calmFor = 10 * time.Second
	// calm is the processor time that a server without work takes meanwhile at
	// most, and worth that after which there is something to give back.
	calm  = 50 * time.Millisecond
	worth = 100 * time.Millisecond
)

// giveBack returns memory to the system whenever the server has come to rest:
// it idles for hours after minutes of work, beside others on one machine.
// What is needed again comes back page by page from the system's file cache.
func giveBack(ctx context.Context) error {
	tick := time.NewTicker(calmFor)
	_, chosen := os.LookupEnv("GOGC")
	defer tick.Stop()
	last, since := time.Duration(0), time.Duration(0)
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
		if !resting || now-since < worth {
			continue
		}
		debug.FreeOSMemory()
		if err := releaseProgram(); err != nil {
			slog.Debug("the program's own pages cannot be given back", "error", err)
		}
		last = processorTime()
		since = last
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

// span is a range of addresses.
type span struct{ from, to uintptr }

// releaseProgram unmaps the pages of the program's code and constants, which
// the system reads again from the program's file when they are touched: a
// start and a burst of work leave tens of MiB mapped that rest does not need.
func releaseProgram() error {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return fmt.Errorf("finding the program: %w", err)
	}
	maps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return fmt.Errorf("finding the program in memory: %w", err)
	}
	defer maps.Close()
	for _, s := range unchanged(maps, program) {
		if _, _, failed := syscall.Syscall(syscall.SYS_MADVISE, s.from, s.to-s.from, syscall.MADV_DONTNEED); failed != 0 {
			return fmt.Errorf("giving back pages of the program: %w", failed)
		}
	}
	return nil
}

// unchanged finds the mappings of a file that cannot be written to and of which
// no page differs from the file: only those may be dropped.
func unchanged(smaps io.Reader, file string) []span {
	var found []span
	var current span
	for lines := bufio.NewScanner(smaps); lines.Scan(); {
		f := strings.Fields(lines.Text())
		if from, to, ok := addresses(f); ok {
			current = span{}
			if len(f) >= 6 && f[5] == file && strings.HasPrefix(f[1], "r-") {
				current = span{from, to}
			}
			continue
		}
		if len(f) == 3 && f[0] == "Anonymous:" && f[1] == "0" && current.to > current.from {
			found = append(found, current)
		}
	}
	return found
}

// addresses reads the first field of a mapping's first line.
func addresses(fields []string) (from, to uintptr, ok bool) {
	if len(fields) < 5 {
		return 0, 0, false
	}
	low, high, ok := strings.Cut(fields[0], "-")
	if !ok {
		return 0, 0, false
	}
	a, err1 := strconv.ParseUint(low, 16, 64)
	b, err2 := strconv.ParseUint(high, 16, 64)
	return uintptr(a), uintptr(b), err1 == nil && err2 == nil
}
