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

// KillSession kills every process of the session that pid leads or led, and
// says how many. When its leader was made guards against a pid that was given
// out again.
func KillSession(pid int, began uint64) (killed int) {
	if now := StartTime(pid); now != 0 && (now+startSlack < began || now > began+startSlack) {
		return 0
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return 0
	}
	session := strconv.Itoa(pid)
	for _, entry := range entries {
		p, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		fields := statFields(p)
		if len(fields) < 20 || fields[3] != session || fields[0] == "Z" {
			continue
		}
		if start, _ := strconv.ParseUint(fields[19], 10, 64); start+startSlack < began {
			continue
		}
		if unix.Kill(p, unix.SIGKILL) == nil {
			killed++
		}
	}
	return killed
}
