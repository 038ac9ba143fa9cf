package footprint

import (
	"fmt"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

const (
	// coarse is by how many nanoseconds a thread may wake later than it asked.
	// The thread of the Go runtime that watches the others asks to be woken every
	// 20 µs while there is work, which costs a busy agent a seventh of its time.
	coarse = 500_000
	// fine is what Linux gives a process that says nothing.
	fine = 50_000
)

// Coarse lets the system wake this process a little later than it asks, and so
// several of its threads at once: the thread that calls, those that it starts,
// and processes that it forks; the other threads too where the process may
// change them (CAP_SYS_NICE).
func Coarse() error {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return fmt.Errorf("listing the threads: %w", err)
	}
	for _, t := range threads {
		// The rest keep what they have.
		_ = os.WriteFile("/proc/"+t.Name()+"/timerslack_ns", []byte(strconv.Itoa(coarse)), 0)
	}
	return slack(coarse)
}

// Finely calls f, which forks a program of somebody else's, on a thread that is
// woken as exactly as if nothing had been said. Only what f forks keeps that.
func Finely(f func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	now, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
	if err != nil || now == fine || slack(fine) != nil {
		return f()
	}
	defer slack(now)
	return f()
}

func slack(nanoseconds int) error {
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(nanoseconds), 0, 0, 0); err != nil {
		return fmt.Errorf("setting the slack of timers: %w", err)
	}
	return nil
}
