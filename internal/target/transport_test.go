package target_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/target"
	"github.com/takodeploy/tako/internal/target/sshdtest"
)

// agentEnv makes agents leave soon after a test, and jobs die soon when they
// are told to.
var agentEnv = []string{"TAKO_AGENT_IDLE=1500ms", "TAKO_AGENT_GRACE=3s", "TAKO_AGENT_RECALL=1ns", "TAKO_AGENT_LOG_LIMIT=3145728"}

func TestMain(m *testing.M) {
	if os.Getenv("TARGET_TEST_SERVER") != "" {
		doomedServer()
		return
	}
	dir, err := os.MkdirTemp("", "target-test-")
	if err != nil {
		panic(err)
	}
	agent := filepath.Join(dir, "tako-agent")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", agent, "github.com/takodeploy/tako/cmd/tako-agent")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the agent: %v\n%s", err, out)
		os.Exit(1)
	}
	os.Setenv("TAKO_AGENT", agent)
	for _, pair := range agentEnv {
		name, value, _ := strings.Cut(pair, "=")
		os.Setenv(name, value)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// place is one far end under test.
type place struct {
	name string
	home string
	// agentHome is the agent's, where that is another.
	agentHome string
	open      func(t *testing.T) target.Transport
	cut       func() // breaks the connections that are open
}

var options = target.Options{Reconnect: time.Minute}

func openLocal(t *testing.T, home string) target.Transport {
	t.Helper()
	tr, err := target.OpenLocal(target.Local{Dir: home}, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tr.Close() })
	return tr
}

func openSSH(t *testing.T, endpoint target.SSH) target.Transport {
	t.Helper()
	tr, err := target.OpenSSH(endpoint, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tr.Close() })
	return tr
}

// homeDir is a folder that agents may still write to when the test is over.
func homeDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "target-home-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func places(t *testing.T) []place {
	t.Helper()
	home := homeDir(t)
	list := []place{{
		name: "local", home: home,
		open: func(t *testing.T) target.Transport { return openLocal(t, home) },
	}}
	if err := sshdtest.Available(); err != nil {
		t.Log(err)
		return list
	}
	server := sshdtest.New(t, 1, agentEnv...)[0]
	relay := newRelay(t, server.Address())
	endpoint := server.SSH()
	endpoint.Host, endpoint.Port = "127.0.0.1", relay.port
	return append(list, place{
		name: "ssh", home: server.Home, cut: relay.cut,
		open: func(t *testing.T) target.Transport { return openSSH(t, endpoint) },
	})
}

// relay stands between client and server so that a test can cut the line.
type relay struct {
	port int
	mu   sync.Mutex
	open []net.Conn
}

func newRelay(t *testing.T, to string) *relay {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	r := &relay{port: l.Addr().(*net.TCPAddr).Port}
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", to)
			if err != nil {
				near.Close()
				continue
			}
			r.mu.Lock()
			r.open = append(r.open, near, far)
			r.mu.Unlock()
			go func() { io.Copy(far, near); far.Close(); near.Close() }()
			go func() { io.Copy(near, far); far.Close(); near.Close() }()
		}
	}()
	return r
}

func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.open {
		c.Close()
	}
	r.open = nil
}

func script(body string, more ...runner.Variable) runner.Job {
	return runner.Job{Command: "script", Variables: append([]runner.Variable{
		{Name: "Octopus.Action.Script.ScriptBody", Value: body},
		{Name: "Octopus.Action.Script.Syntax", Value: "Bash"},
		{Name: "Octopus.Action.Script.SuppressEnvironmentLogging", Value: "True"},
	}, more...)}
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), d)
	t.Cleanup(stop)
	return ctx
}

// follow gives all lines after a cursor and the exit.
func follow(t *testing.T, tr target.Transport, ticket string, after int64) ([]runner.Line, runner.Exit) {
	t.Helper()
	var lines []runner.Line
	exit, err := tr.Follow(within(t, 60*time.Second), ticket, after, func(batch []runner.Line) error {
		lines = append(lines, batch...)
		return nil
	})
	if err != nil {
		t.Fatalf("following %s: %v", ticket, err)
	}
	for i, l := range lines {
		if l.Seq != after+int64(i)+1 {
			t.Fatalf("line %d has number %d", after+int64(i)+1, l.Seq)
		}
	}
	return lines, exit
}

func texts(lines []runner.Line) []string {
	var list []string
	for _, l := range lines {
		list = append(list, l.Text)
	}
	return list
}

// eventually polls for a fact with a deadline.
func eventually(t *testing.T, what string, fact func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !fact() {
		if time.Now().After(deadline) {
			t.Fatalf("it never came true that %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
