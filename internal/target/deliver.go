package target

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/runner/wire"
	"github.com/takodeploy/tako/internal/target/agentbin"
)

// converse starts the agent's session on a connection. The usual case is one
// exec: the agent is there and speaks. Else the machine says what it is, the
// agent for it is brought, and the exec is repeated. A session that is struck
// down before it speaks was asked nothing yet, no job among it: it is started
// once more.
func (d *sshDialer) converse(client *ssh.Client) (*link, error) {
	for brought, again := false, false; ; {
		l, missing, err := d.session(client)
		var early *earlyEnd
		switch {
		case errors.As(err, &early) && early.struck && !again:
			again = true
			continue
		case err != nil || l != nil:
			return l, err
		case brought:
			return nil, fault.New(fault.Internal, "The agent was brought to %s but is not found there.", d.endpoint.Address())
		}
		if err := d.deliver(client, missing); err != nil {
			return nil, err
		}
		brought = true
	}
}

// struckDown reports that a session did not end of its own will: a signal
// ended it, which some shells tell as a status, or the host that it spoke for
// is gone.
func struckDown(ended error) bool {
	var status *ssh.ExitError
	if errors.As(ended, &status) {
		return status.Signal() != "" || status.ExitStatus() > 128 && status.ExitStatus() <= 128+64
	}
	return ended == nil
}

// platformOf is what uname says to what Go calls it.
var platformOf = map[string]string{
	"Linux x86_64": "linux/amd64", "Linux amd64": "linux/amd64",
	"Linux aarch64": "linux/arm64", "Linux arm64": "linux/arm64",
}

// absence is what a machine without the agent says of itself.
type absence struct {
	binary *agentbin.Binary
	zip    string // what unpacks there: "zstd", "gzip" or ""
}

// unpackers are what a machine may have to unpack the agent with.
var unpackers = map[string]string{"zstd": "zstd -dcq", "gzip": "gzip -dc", "": "cat"}

// session runs the one exec.
func (d *sshDialer) session(client *ssh.Client) (*link, *absence, error) {
	s, err := client.NewSession()
	if err != nil {
		return nil, nil, newProblem(fault.Unavailable, ErrUnreachable, err, "%s allows no session.", d.endpoint.Address())
	}
	stdin, err1 := s.StdinPipe()
	stdout, err2 := s.StdoutPipe()
	if err := errors.Join(err1, err2); err != nil {
		return nil, nil, err
	}
	complaints := &tail{}
	s.Stderr = complaints
	if err := s.Start(d.sessionCommand()); err != nil {
		return nil, nil, newProblem(fault.Unavailable, ErrUnreachable, err, "%s starts no command.", d.endpoint.Address())
	}
	r, err := awaitMagic(stdout)
	if err == nil {
		return &link{Conn: wire.NewConn(r, stdin, client, nil)}, nil, nil
	}
	ended := s.Wait()
	var early *earlyEnd
	if errors.As(err, &early) {
		for line := range strings.Lines(early.said) {
			if missing, err := d.readAbsence(strings.TrimSpace(line)); missing != nil || err != nil {
				return nil, missing, err
			}
		}
	}
	said := strings.TrimSpace(complaints.String())
	if fullDisk(said) {
		return nil, nil, newProblem(fault.Unavailable, ErrDiskFull, nil, "The disk of %s is full: %s", d.endpoint.Address(), said)
	}
	if early != nil {
		early.struck = struckDown(ended)
	}
	return nil, nil, newProblem(fault.Unavailable, ErrUnreachable, err, "The agent on %s did not start: %v. %s", d.endpoint.Address(), ended, said)
}

// sessionCommand uses nothing that some login shell might not have: it is
// quoted once for that shell, and sh does the rest.
func (d *sshDialer) sessionCommand() string {
	var cases strings.Builder
	for uname, platform := range platformOf {
		goos, arch, _ := strings.Cut(platform, "/")
		if b, err := agentbin.Find(goos, arch); err == nil {
			fmt.Fprintf(&cases, "\"%s\") h=%s;; ", uname, b.Hash)
		}
	}
	home, argument := "$HOME", ""
	if d.endpoint.Home != "" {
		home, argument = d.endpoint.Home, " --home "+d.endpoint.Home
	}
	return `exec sh -c 'u="$(uname -sm)"; h=; case "$u" in ` + cases.String() + `esac; ` +
		`a="` + home + `/.tako/agent/$h/tako-agent"; if [ -n "$h" ] && [ -x "$a" ]; then exec "$a" session` + argument + `; fi; ` +
		`z=; for c in gzip zstd; do command -v $c >/dev/null 2>&1 && z=$c; done; echo "tako-absent:$u:$z"; exit 66'`
}

// readAbsence reads the line that the command prints when there is no agent.
func (d *sshDialer) readAbsence(line string) (*absence, error) {
	rest, ok := strings.CutPrefix(line, "tako-absent:")
	if !ok {
		return nil, nil
	}
	uname, zip, _ := strings.Cut(rest, ":")
	platform, ok := platformOf[uname]
	if !ok {
		return nil, newProblem(fault.Invalid, ErrPlatform, nil, "%s runs %s; supported are Linux on x86_64 and on aarch64.", d.endpoint.Address(), uname)
	}
	goos, arch, _ := strings.Cut(platform, "/")
	b, err := agentbin.Find(goos, arch)
	if err != nil {
		return nil, newProblem(fault.Unavailable, ErrPlatform, err, "%s runs %s.", d.endpoint.Address(), uname)
	}
	if unpackers[zip] == "" {
		zip = ""
	}
	return &absence{binary: b, zip: zip}, nil
}

// deliver brings the agent: to another name, checked by itself, renamed.
func (d *sshDialer) deliver(client *ssh.Client, missing *absence) error {
	address, b := d.endpoint.Address(), missing.binary
	data, err := b.Packed(missing.zip)
	if err != nil {
		return fmt.Errorf("reading the agent: %w", err)
	}
	home := "$HOME"
	if d.endpoint.Home != "" {
		home = d.endpoint.Home
	}
	command := `exec sh -c 'umask 077; d="` + home + `/.tako/agent/` + b.Hash + `"; t=".new.$$"; ` +
		`mkdir -p "$d" && cd "$d" && ` + unpackers[missing.zip] + ` > "$t" && chmod 700 "$t" && "./$t" verify ` + b.Hash + ` && mv -f "$t" tako-agent; ` +
		`r=$?; [ $r = 0 ] || rm -f "$t"; exit $r'`
	s, err := client.NewSession()
	if err != nil {
		return newProblem(fault.Unavailable, ErrUnreachable, err, "%s allows no session.", address)
	}
	defer s.Close()
	complaints := &tail{}
	s.Stderr = complaints
	s.Stdin = bytes.NewReader(data)
	err = s.Run(command)
	if err == nil {
		return nil
	}
	said := strings.TrimSpace(complaints.String())
	var status *ssh.ExitError
	switch {
	case fullDisk(said):
		return newProblem(fault.Unavailable, ErrDiskFull, nil, "The disk of %s is full: the agent cannot be stored. %s", address, said)
	case errors.As(err, &status):
		return newProblem(fault.Unavailable, ErrPlatform, err, "The agent cannot be installed on %s. %s", address, said)
	}
	return newProblem(fault.Unavailable, ErrDisconnected, err, "The connection to %s was lost while the agent was sent.", address)
}

func fullDisk(said string) bool {
	return strings.Contains(said, "No space left on device") || strings.Contains(said, "Disk quota exceeded") ||
		strings.Contains(said, "no space left on device")
}

// tail keeps the end of what is written to it.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

// Write keeps at most the last 4 KiB.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if over := len(t.buf) - 4096; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	return len(p), nil
}

// String is what was kept.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.buf)
}

var _ io.Writer = (*tail)(nil)
