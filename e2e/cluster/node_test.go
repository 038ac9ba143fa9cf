// Package cluster starts several nodes of the built server on one PostgreSQL
// and does to them what happens to clusters: nodes are killed, stand still,
// are drained and upgraded, and the database restarts, all while deployments
// run on SSH targets and on the built-in worker. What must hold is that each
// step ran once and that each of its lines is in the log once.
package cluster

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/takodeploy/tako/e2e/process"
	"github.com/takodeploy/tako/e2e/rest"
)

// node is one server process of a cluster.
type node struct {
	*rest.Client
	*process.Server
	c     *cluster
	name  string
	dir   string
	still bool
}

// newNode makes a node that is not started yet.
func (c *cluster) newNode(name, program, key string) *node {
	c.Helper()
	listen, err := process.FreeAddress()
	if err != nil {
		c.Fatal(err)
	}
	dir := filepath.Join(c.dir, name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		c.Fatal(err)
	}
	s := &process.Server{Program: program, Data: filepath.Join(dir, "data"), Log: filepath.Join(dir, "server.log"), Listen: listen}
	s.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TAKO_NODE_NAME=" + name, "TAKO_AGENT=" + os.Getenv("TAKO_AGENT")}, c.env...)
	return &node{c: c, name: name, dir: dir, Server: s, Client: &rest.Client{URL: s.URL(), APIKey: key, HTTP: &http.Client{Timeout: 20 * time.Second}}}
}

// program gives the built server, or skips the test.
func program(t *testing.T) string {
	t.Helper()
	path, err := process.Built("TAKO_BINARY", "tako")
	if err != nil {
		process.Absent(t, err)
	}
	return path
}

// must ends the test when something could not be done to the node.
func (n *node) must(err error) {
	n.c.Helper()
	if err != nil {
		n.c.Fatalf("%s: %v", n.name, err)
	}
}

// launch starts the process without waiting for it.
func (n *node) launch() {
	n.c.Helper()
	n.still = false
	n.must(n.Launch())
}

// ready waits until the node answers.
func (n *node) ready() {
	n.c.Helper()
	n.must(n.Ready(time.Minute))
}

func (n *node) start() {
	n.c.Helper()
	n.launch()
	n.ready()
}

// tail is the end of the node's log.
func (n *node) tail() string { return n.Tail(6000) }

// kill ends the node as a power cut would.
func (n *node) kill() {
	n.c.Helper()
	n.must(n.Kill())
}

// pause makes the node stand still, resume lets it go on.
func (n *node) pause() {
	n.c.Helper()
	n.must(n.Signal(syscall.SIGSTOP))
	n.still = true
}

func (n *node) resume() {
	n.c.Helper()
	n.still = false
	n.must(n.Signal(syscall.SIGCONT))
}

// stop ends the node as an operator would.
func (n *node) stop() {
	if n.still && !n.Gone() {
		_ = n.Signal(syscall.SIGCONT)
	}
	if err := n.Stop(40 * time.Second); err != nil {
		n.c.Errorf("%s: %v", n.name, err)
	}
}

// held is how many tasks are in the node's hands.
func (n *node) held() int {
	n.c.Helper()
	return n.c.pg.count("select count(*) from task where hold = 'Held' and node = $1", n.name)
}

// endAll ends what was started from a folder.
func endAll(t *testing.T, dir string) {
	if err := process.EndAll(dir); err != nil {
		t.Error(err)
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

// ask sends a request and gives the answer as it is.
func (n *node) ask(path string) (status int, text string) {
	n.c.Helper()
	req, err := http.NewRequest("GET", n.Client.URL+path, nil)
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
