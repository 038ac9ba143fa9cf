package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// As a program of the demo, the test waits until its input ends.
func TestMain(m *testing.M) {
	if os.Getenv("DEMO_PROGRAM") != "" {
		_, _ = os.Stdout.WriteString("ready")
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// launch starts a copy of the test under a name, and waits until it runs.
func launch(t *testing.T, program string, arguments ...string) (ended func() bool) {
	t.Helper()
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, self, 0o755); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(program, arguments...)
	c.Env = append(os.Environ(), "DEMO_PROGRAM=yes")
	in, _ := c.StdinPipe()
	out, _ := c.StdoutPipe()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, len("ready"))); err != nil {
		t.Fatal(err)
	}
	state := make(chan *os.ProcessState, 1)
	go func() { _ = c.Wait(); state <- c.ProcessState }()
	return func() bool {
		in.Close()
		return !(<-state).Success()
	}
}

// TestClearFindsWhatWasInterrupted has programs run of which nobody has noted
// that they were started.
func TestClearFindsWhatWasInterrupted(t *testing.T) {
	bin := t.TempDir()
	d := &demo{dir: filepath.Join(t.TempDir(), "demo")}
	if err := os.MkdirAll(d.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	inside := filepath.Join(d.dir, "machines", "web-1")
	machine := launch(t, filepath.Join(bin, "sshd"), "-f", inside)
	server := launch(t, filepath.Join(bin, "tako"), "server", "--data", inside)
	onlooker := launch(t, filepath.Join(bin, "tail"), "-f", inside)
	other := launch(t, filepath.Join(bin, "tako-agent"), d.dir+"-of-another/x")
	if err := d.clear(); err != nil {
		t.Fatal(err)
	}
	if !machine() || !server() {
		t.Error("a program of the demo was left running")
	}
	if onlooker() || other() {
		t.Error("the program of somebody else was ended")
	}
	if _, err := os.Stat(d.dir); !os.IsNotExist(err) {
		t.Error("the folder is still there")
	}
}
