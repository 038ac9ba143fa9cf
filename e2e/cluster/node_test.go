// Package cluster starts several nodes of the built server on one PostgreSQL
// and does to them what happens to clusters: nodes are killed, stand still,
// are drained and upgraded, and the database restarts, all while deployments
// run on SSH targets and on the built-in worker. What must hold is that each
// step ran once and that each of its lines is in the log once.
package cluster

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/takodeploy/tako/e2e/rest"
)

// node is one server process of a cluster.
type node struct {
	*rest.Client
	c       *cluster
	name    string
	dir     string
	listen  string
	program string
	process *exec.Cmd
	ended   chan struct{}
	still   bool
}

// program gives the built server, or skips the test.
func program(t *testing.T) string {
	t.Helper()
	path := os.Getenv("TAKO_BINARY")
	if path == "" {
		_, file, _, _ := runtime.Caller(0)
		path = filepath.Join(filepath.Dir(file), "..", "..", "bin", "tako")
	}
	if _, err := os.Stat(path); err != nil {
		absent(t, fmt.Errorf("there is no built server at %s; make build makes it", path))
	}
	return path
}

// launch starts the process without waiting for it.
func (n *node) launch() {
	t := n.c.T
	t.Helper()
	log, err := os.OpenFile(n.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(n.program, "server", "--data", filepath.Join(n.dir, "data"), "--listen", n.listen, "--polling-listen", "off")
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + n.dir, "TAKO_NODE_NAME=" + n.name, "TAKO_AGENT=" + os.Getenv("TAKO_AGENT")}, n.c.env...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	n.process, n.ended, n.still = cmd, ended, false
	go func() { _ = cmd.Wait(); close(ended) }()
}

// ready waits until the node answers.
func (n *node) ready() {
	n.c.Helper()
	n.c.until(n.name+" answers", time.Minute, func() bool {
		if !n.alive() {
			n.c.Fatalf("%s ended: %s\n%s", n.name, n.process.ProcessState, n.tail())
		}
		return n.healthy()
	})
}

func (n *node) healthy() bool {
	r, err := http.Get(n.URL + "/healthz")
	if err != nil {
		return false
	}
	r.Body.Close()
	return r.StatusCode == http.StatusOK
}

func (n *node) start() {
	n.c.Helper()
	n.launch()
	n.ready()
}

func (n *node) log() string { return filepath.Join(n.dir, "server.log") }

// tail is the end of the node's log.
func (n *node) tail() string {
	text, err := os.ReadFile(n.log())
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-6000):])
}

func (n *node) alive() bool {
	select {
	case <-n.ended:
		return false
	default:
		return true
	}
}

func (n *node) signal(s syscall.Signal) {
	n.c.Helper()
	if err := n.process.Process.Signal(s); err != nil {
		n.c.Fatalf("%s: %v", n.name, err)
	}
}

// kill ends the node as a power cut would.
func (n *node) kill() {
	n.c.Helper()
	n.signal(syscall.SIGKILL)
	<-n.ended
}

// pause makes the node stand still, resume lets it go on.
func (n *node) pause() {
	n.c.Helper()
	n.signal(syscall.SIGSTOP)
	n.still = true
}

func (n *node) resume() {
	n.c.Helper()
	n.still = false
	n.signal(syscall.SIGCONT)
}

// stop ends the node as an operator would.
func (n *node) stop() {
	if n.process == nil || !n.alive() {
		return
	}
	if n.still {
		_ = n.process.Process.Signal(syscall.SIGCONT)
	}
	_ = n.process.Process.Signal(syscall.SIGTERM)
	select {
	case <-n.ended:
	case <-time.After(40 * time.Second):
		n.c.Errorf("%s did not stop within 40 seconds\n%s", n.name, n.tail())
		_ = n.process.Process.Kill()
		<-n.ended
	}
}

// held is how many tasks are in the node's hands.
func (n *node) held() int {
	n.c.Helper()
	return n.c.pg.count("select count(*) from task where hold = 'Held' and node = $1", n.name)
}

// processesOf gives the processes whose command line names a folder: agents
// outlive the server and its connections for a while.
func processesOf(dir string) (pids []int) {
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, line := range lines {
		text, err := os.ReadFile(line)
		if err != nil || !strings.Contains(string(text), dir) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(line))); err == nil && pid != os.Getpid() {
			pids = append(pids, pid)
		}
	}
	return pids
}

// endAll ends the processes that were started from a folder.
func endAll(t testing.TB, dir string) {
	for deadline := time.Now().Add(10 * time.Second); ; <-time.After(20 * time.Millisecond) {
		pids := processesOf(dir)
		if len(pids) == 0 {
			return
		}
		sig := syscall.SIGTERM
		if time.Now().After(deadline) {
			sig = syscall.SIGKILL
		}
		for _, pid := range pids {
			_ = syscall.Kill(pid, sig)
		}
		if time.Now().After(deadline.Add(5 * time.Second)) {
			t.Errorf("processes that do not end: %v", pids)
			return
		}
	}
}

func (c *cluster) until(what string, patience time.Duration, fact func() bool) {
	c.Helper()
	for deadline := time.Now().Add(patience); ; {
		if fact() {
			return
		}
		if time.Now().After(deadline) {
			for _, n := range c.nodes {
				c.Logf("%s: %s", n.name, n.tail())
			}
			c.Fatalf("waited %s in vain: %s", patience, what)
		}
		<-time.After(20 * time.Millisecond)
	}
}

func long() bool { return os.Getenv("TAKO_CLUSTER_LONG") != "" }

// scale is a number that the long form of a test takes from the environment.
func scale(name string, short, whole int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	if long() {
		return whole
	}
	return short
}

func url(listen string) string { return fmt.Sprintf("http://%s", listen) }

// ask sends a request and gives the answer as it is.
func (n *node) ask(path string) (status int, text string) {
	n.c.Helper()
	req, err := http.NewRequest("GET", n.URL+path, nil)
	if err != nil {
		n.c.Fatal(err)
	}
	req.Header.Set("X-Octopus-ApiKey", n.APIKey)
	r, err := n.HTTP.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return 0, err.Error()
	}
	return r.StatusCode, string(body)
}

// absent skips a test that lacks something of the machine's; where everything
// must be there, it fails.
func absent(t *testing.T, why error) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(why)
	}
	t.Skip(why)
}
