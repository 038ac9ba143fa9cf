package host

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/takodeploy/tako/internal/runner"
)

var machine = sync.OnceValue(func() (m struct{ name, boot string }) {
	m.name, _ = os.Hostname()
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	m.boot = strings.TrimSpace(string(boot))
	return m
})

// fromHere reports whether a ticket was started on this machine.
func fromHere(dir string) bool {
	data, err := os.ReadFile(filepath.Join(dir, "started"))
	if err != nil {
		return true
	}
	line, _, _ := bytes.Cut(data, []byte("\n"))
	var o origin
	return json.Unmarshal(line, &o) != nil || o.Machine == machine().name
}

// lostReason says in a sentence what became of a ticket without an end, and
// kills what its processes left behind: nobody follows them any more, and
// the next job must not meet them.
func lostReason(dir string) string {
	f, err := os.Open(filepath.Join(dir, "started"))
	if err != nil {
		return "It is not known how the job ended."
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	var o origin
	if !lines.Scan() || json.Unmarshal(lines.Bytes(), &o) != nil {
		return "It is not known how the job ended."
	}
	here := machine()
	switch {
	case o.Machine != here.name:
		return fmt.Sprintf("The job ran on machine %s, which is now %s; it is not known how it ended.", o.Machine, here.name)
	case o.Boot != here.boot:
		return "The machine restarted while the job ran."
	}
	killed := 0
	for lines.Scan() {
		var pid int
		var began uint64
		if n, _ := fmt.Sscanf(lines.Text(), "process %d %d", &pid, &began); n == 2 && pid > 1 {
			killed += runner.KillSession(pid, began)
		}
	}
	reason := fmt.Sprintf("The agent process %d that ran the job was killed.", o.PID)
	if killed > 0 {
		reason += fmt.Sprintf(" %d processes that it left behind were ended.", killed)
	}
	return reason
}
