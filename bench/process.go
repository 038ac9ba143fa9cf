package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/takodeploy/tako/internal/target/sshdtest"
)

// process is a server under measurement.
type process struct {
	cmd  *exec.Cmd
	url  string
	addr string
	gone chan struct{}
}

func freeAddress() (string, error) {
	port, err := sshdtest.ReservePort("127.0.0.1")
	return fmt.Sprintf("127.0.0.1:%d", port), err
}

// launch starts a program and waits until health answers 200; took is the time
// from the start of the process to that answer.
func launch(log, addr, health string, env []string, name string, args ...string) (p *process, took time.Duration, err error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, 0, err
	}
	defer out.Close()
	p = &process{cmd: exec.Command(name, args...), url: "http://" + addr, addr: addr, gone: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	began := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, 0, fmt.Errorf("starting %s: %w", name, err)
	}
	go func() { _ = p.cmd.Wait(); close(p.gone) }()
	for time.Since(began) < time.Minute {
		if healthy(addr, health) {
			return p, time.Since(began), nil
		}
		select {
		case <-p.gone:
			text, _ := os.ReadFile(log)
			return nil, 0, fmt.Errorf("%s ended at once: %s", filepath.Base(name), text)
		case <-time.After(time.Millisecond):
		}
	}
	p.stop()
	return nil, 0, fmt.Errorf("%s did not answer within a minute", filepath.Base(name))
}

// healthy asks over a bare connection: a client's own work would be measured.
func healthy(addr, path string) bool {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return false
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n", path, addr); err != nil {
		return false
	}
	var b [64]byte
	n, err := conn.Read(b[:])
	return err == nil && strings.Contains(string(b[:n]), " "+strconv.Itoa(http.StatusOK)+" ")
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// stop ends the process, gently at first.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.gone:
	case <-time.After(30 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.gone
	}
}

// memory is what a process has in RAM, in MiB.
type memory struct{ rss, anonymous float64 }

// memoryOf adds up a process and its descendants.
func memoryOf(pid int) (memory, error) {
	var m memory
	for _, p := range tree(pid) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", p))
		if err != nil {
			if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
				continue // it has just ended
			}
			return m, err
		}
		for _, line := range strings.Split(string(text), "\n") {
			f := strings.Fields(line)
			if len(f) < 2 {
				continue
			}
			kib, _ := strconv.ParseFloat(f[1], 64)
			switch f[0] {
			case "Rss:":
				m.rss += kib / 1024
			case "Anonymous:":
				m.anonymous += kib / 1024
			}
		}
	}
	return m, nil
}

// available is the memory that may be taken without anybody losing some.
func available() int64 {
	_, text, _ := strings.Cut(read("/proc/meminfo"), "MemAvailable:")
	var kib int64
	_, _ = fmt.Sscan(text, &kib)
	return kib << 10
}

// tree lists a process and its descendants.
func tree(pid int) []int {
	children := map[int][]int{}
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		p, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if f := stat(p); len(f) > 1 {
			parent, _ := strconv.Atoi(f[1])
			children[parent] = append(children[parent], p)
		}
	}
	all := []int{pid}
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	return all
}

// stat gives the fields of /proc/PID/stat from the state on.
func stat(pid int) []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	s := string(text)
	return strings.Fields(s[strings.LastIndexByte(s, ')')+1:])
}

// tick is how finely the kernel counts processor time in /proc.
const tick = 10 * time.Millisecond

// cpuOf adds up the processor time of processes, their descendants, and the
// descendants that have ended and were waited for.
func cpuOf(pids ...int) time.Duration {
	var all time.Duration
	for _, root := range pids {
		for _, p := range tree(root) {
			f := stat(p)
			if len(f) < 15 {
				continue
			}
			for _, v := range f[11:15] {
				n, _ := strconv.ParseInt(v, 10, 64)
				all += time.Duration(n) * tick
			}
		}
	}
	return all
}

// fineCPU is the processor time of the living threads of a process to the
// nanosecond, for spans as short as a start.
func fineCPU(pid int) time.Duration {
	var all time.Duration
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	for _, file := range threads {
		text, _ := os.ReadFile(file)
		first, _, _ := strings.Cut(string(text), " ")
		n, _ := strconv.ParseInt(first, 10, 64)
		all += time.Duration(n)
	}
	return all
}

// written is how many bytes a process has written to files and connections.
func written(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", pid))
	if err != nil {
		return 0, err
	}
	for _, line := range strings.Split(string(text), "\n") {
		if v, ok := strings.CutPrefix(line, "wchar: "); ok {
			return strconv.ParseInt(v, 10, 64)
		}
	}
	return 0, errors.New("the kernel does not count what processes write")
}
