// Package process runs the built server for trials and the demo: it starts it,
// waits until it answers, ends it as an operator or a power cut would, and ends
// whatever else was started from a folder.
package process

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/takodeploy/tako/internal/target/sshdtest"
)

// Server is one process of the built server. It is started again by a second
// call of Launch, after the first has ended.
type Server struct {
	Program string   // path of the server's program
	Data    string   // its data folder
	Listen  string   // address and port
	Log     string   // the file that takes its output, appended to
	Env     []string // "NAME=value", all that it is given
	Alone   bool     // in a session of its own, so that it outlives its parent's terminal

	cmd   *exec.Cmd
	ended chan struct{}
}

// Built gives the path of a program that `make build` leaves: the one that the
// environment variable names, or name in bin.
func Built(variable, name string) (string, error) {
	path := os.Getenv(variable)
	if path == "" {
		_, file, _, _ := runtime.Caller(0)
		path = filepath.Join(filepath.Dir(file), "..", "..", "bin", name)
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("there is no built program at %s; make build makes it", path)
	}
	return filepath.Abs(path)
}

// FreeAddress gives an address of this machine at which nobody listens, and
// which this process's servers find free as often as they are started again.
func FreeAddress() (string, error) {
	port, err := sshdtest.ReservePort("127.0.0.1")
	return fmt.Sprintf("127.0.0.1:%d", port), err
}

// URL is where the server answers, without a slash at the end.
func (s *Server) URL() string { return "http://" + s.Listen }

// Launch starts the process without waiting for it. more is added to its
// environment for this once.
func (s *Server) Launch(more ...string) error {
	log, err := os.OpenFile(s.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(s.Program, "server", "--data", s.Data, "--listen", s.Listen, "--polling-listen", "off")
	cmd.Env, cmd.Stdout, cmd.Stderr = append(append([]string{}, s.Env...), more...), log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: s.Alone}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", s.Program, err)
	}
	ended := make(chan struct{})
	s.cmd, s.ended = cmd, ended
	go func() { _ = cmd.Wait(); close(ended) }()
	return nil
}

// Start starts the process and waits until it answers.
func (s *Server) Start(patience time.Duration, more ...string) error {
	if err := s.Launch(more...); err != nil {
		return err
	}
	return s.Ready(patience)
}

// Ready waits until the server answers that it is healthy.
func (s *Server) Ready(patience time.Duration) error {
	for deadline := time.Now().Add(patience); !s.Healthy(); {
		if s.Gone() {
			return fmt.Errorf("the server ended by itself: %s: %s", s.cmd.ProcessState, s.Tail(3000))
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the server did not answer within %s; its log %s ends with: %s", patience, s.Log, s.Tail(3000))
		}
		<-time.After(20 * time.Millisecond)
	}
	return nil
}

// Healthy reports whether the server answers that it is.
func (s *Server) Healthy() bool {
	r, err := http.Get(s.URL() + "/healthz")
	if err != nil {
		return false
	}
	r.Body.Close()
	return r.StatusCode == http.StatusOK
}

// Gone reports whether there is no process, or none any more.
func (s *Server) Gone() bool {
	if s.ended == nil {
		return true
	}
	select {
	case <-s.ended:
		return true
	default:
		return false
	}
}

// Pid is the number of the process that was launched last.
func (s *Server) Pid() int { return s.cmd.Process.Pid }

// Signal sends a signal and does not wait for what comes of it.
func (s *Server) Signal(sig syscall.Signal) error {
	if s.Gone() {
		return errors.New("the server has ended by itself: " + s.Tail(3000))
	}
	return s.cmd.Process.Signal(sig)
}

// Kill ends the server as a power cut would.
func (s *Server) Kill() error {
	if err := s.Signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-s.ended
	return nil
}

// Stop ends the server as an operator would; one that has ended is no error.
// One that takes longer than patience is killed, which is an error.
func (s *Server) Stop(patience time.Duration) error {
	if s.Gone() {
		return nil
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
		return nil
	case <-time.After(patience):
		_ = s.cmd.Process.Kill()
		<-s.ended
		return fmt.Errorf("the server did not stop within %s: %s", patience, s.Tail(3000))
	}
}

// Tail is the end of the server's log, at most n bytes.
func (s *Server) Tail(n int) string {
	text, err := os.ReadFile(s.Log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-n):])
}

// Memory gives bytes of what the system says of the process's memory: "VmRSS"
// is what it holds now, "VmHWM" the most that it has held.
func (s *Server) Memory(kind string) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.Pid()))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		var kib int64
		if n, _ := fmt.Sscanf(line, kind+": %d", &kib); n == 1 {
			return kib << 10, nil
		}
	}
	return 0, fmt.Errorf("the system does not say %s of process %d", kind, s.Pid())
}
