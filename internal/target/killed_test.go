package target_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/runner/socket"
	"github.com/takodeploy/tako/internal/target"
	"github.com/takodeploy/tako/internal/target/sshdtest"
)

// A session that is struck down before it has spoken was asked nothing, so it
// is tried once more; one that is struck down again is told of.
func TestSSHSessionKilled(t *testing.T) {
	tests := []struct {
		name, dying string
		deaths      int
		starts      int
		says        string // "" when it comes to a conversation
	}{
		{"killed", "kill -KILL $$", 1, 2, ""},
		{"told to end", "kill -TERM $$", 1, 2, ""},
		{"killed under a shell that says so", "exit 137", 1, 2, ""},
		{"left by its host", "exit 0", 1, 2, ""},
		{"killed twice", "kill -KILL $$", 2, 2, "did not start: Process exited with status 137 from signal KILL"},
		{"failing", "echo no room for me >&2; exit 1", 1, 1, "did not start: Process exited with status 1. no room for me"},
	}
	server := sshdtest.New(t, 1, agentEnv...)[0]
	_, err := probe(t, server.SSH(), target.Options{})
	must(t, err)
	found, err := filepath.Glob(filepath.Join(server.Home, ".tako/agent/*/tako-agent"))
	must(t, err)
	agent := found[0]
	must(t, os.Rename(agent, agent+"-itself"))
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			starts := filepath.Join(t.TempDir(), "starts")
			must(t, os.WriteFile(agent, fmt.Appendf(nil, "#!/bin/sh\necho x >> %s\nif [ $(wc -l < %[1]s) -le %d ]; then %s; fi\nexec %s-itself \"$@\"\n",
				starts, test.deaths, test.dying, agent), 0o700))
			_, err := probe(t, server.SSH(), target.Options{})
			if test.says == "" && err != nil || test.says != "" && (!errors.Is(err, target.ErrUnreachable) || !strings.Contains(err.Error(), test.says)) {
				t.Errorf("%v", err)
			}
			data, err := os.ReadFile(starts)
			must(t, err)
			if got := strings.Count(string(data), "x"); got != test.starts {
				t.Errorf("%d sessions were started and not %d", got, test.starts)
			}
		})
	}
}

// A host that dies when it has greeted a caller, and before it has spoken, is
// replaced by another.
func TestLocalHostKilledWhenGreeting(t *testing.T) {
	home := homeDir(t)
	listener, err := socket.Listen(filepath.Join(home, ".tako"))
	must(t, err)
	died := make(chan error, 1)
	go func() {
		conn, err := listener.AcceptUnix()
		if err == nil {
			var caller *socket.Accepted
			if caller, err = socket.Greet(conn); err == nil {
				err = errors.Join(listener.Close(), caller.Answer(socket.Keep), caller.Close())
			}
		}
		died <- err
	}()
	if _, err := openLocal(t, home).Probe(within(t, 30*time.Second)); err != nil {
		t.Error(err)
	}
	must(t, <-died)
}
