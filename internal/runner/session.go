package runner

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// StartTime is when a process began, in clock ticks since boot; 0 when there
// is no such process. With the pid it names a process for good.
func StartTime(pid int) uint64 {
	fields := statFields(pid)
	if len(fields) < 20 {
		return 0
	}
	n, _ := strconv.ParseUint(fields[19], 10, 64)
	return n
}

// statFields are the fields of /proc/<pid>/stat after the program's name,
// which may itself hold blanks and parentheses: state, parent, group,
// session and so on.
func statFields(pid int) []string {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	end := bytes.LastIndexByte(data, ')')
	if end < 0 {
		return nil
	}
	return strings.Fields(string(data[end+1:]))
}

// ticksNow is the time since boot in the unit of StartTime.
func ticksNow() uint64 {
	var now unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &now) != nil {
		return 0
	}
	return uint64(now.Nano()) / 10_000_000
}

// startSlack is by how much the start of a process may be off from when its
// parent made it: rounding, and a machine under load.
const startSlack = 300
