// Package sshdtest starts real SSH servers on loopback addresses, each with a
// home directory of its own, so that tests, demonstrations and benchmarks
// have machines to deploy to without having machines.
package sshdtest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/takodeploy/tako/internal/target"
)

// program is where Debian and most others put the SSH server.
const program = "/usr/sbin/sshd"

// Options say what a server is like; the zero value is a plain one.
type Options struct {
	Dir  string   // keys, configuration and home; required
	Host string   // loopback address, "" for the next of 127.9.x.y
	Env  []string // "NAME=value" for the sessions
	// Lines of the configuration. Of several for one setting sshd takes the first:
	// those of First are in place of the usual, those of More beside them.
	First, More []string
}

// Server is one running SSH server.
type Server struct {
	Dir         string
	Home        string // what its sessions have as HOME
	Host        string
	Port        int
	User        string
	PrivateKey  string // PEM
	Fingerprint string // of the host key, SHA256:…
	MD5         string // of the host key, in hex with colons

	options  Options
	hostKeys []string // files
	process  *exec.Cmd
	ended    chan struct{}
}

// Available reports why no server can be started here, nil if one can.
func Available() error {
	if _, err := os.Stat(program); err != nil {
		return fmt.Errorf("no SSH server is installed: %w", err)
	}
	return nil
}

// New starts n servers for the time of a test.
func New(t testing.TB, n int, env ...string) []*Server {
	t.Helper()
	if err := Available(); err != nil {
		t.Skip(err)
	}
	servers := make([]*Server, n)
	for i := range servers {
		// Agents may still write while they leave, so the folder is not the
		// test's own, whose removal must succeed.
		dir, err := os.MkdirTemp("", "sshdtest-")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.RemoveAll(dir) })
		s, err := Start(Options{Dir: dir, Env: env})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Stop)
		servers[i] = s
	}
	return servers
}

var addresses atomic.Uint32

func nextAddress() string {
	n := addresses.Add(1) + uint32(os.Getpid()%200)*256
	return fmt.Sprintf("127.9.%d.%d", n/250%250, n%250+2)
}

// Start starts a server. Its sessions run as the current account.
func Start(options Options) (*Server, error) {
	me, err := user.Current()
	if err != nil {
		return nil, err
	}
	s := &Server{Dir: options.Dir, Home: filepath.Join(options.Dir, "home"), Host: options.Host, User: me.Username, options: options}
	if s.Host == "" {
		s.Host = nextAddress()
	}
	if err := os.MkdirAll(s.Home, 0o700); err != nil {
		return nil, err
	}
	if me.Uid == "0" { // the server's separation of privileges wants it
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			return nil, err
		}
	}
	if s.Port, err = ReservePort(s.Host); err != nil {
		return nil, err
	}
	if err := s.makeClientKey(); err != nil {
		return nil, err
	}
	if err := s.ChangeHostKey(); err != nil {
		return nil, err
	}
	return s, nil
}

func newKey() (private string, public ssh.PublicKey, err error) {
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", nil, err
	}
	block, err := ssh.MarshalPrivateKey(priv, "")
	if err != nil {
		return "", nil, err
	}
	if public, err = ssh.NewPublicKey(pub); err != nil {
		return "", nil, err
	}
	return string(pem.EncodeToMemory(block)), public, nil
}

func (s *Server) makeClientKey() error {
	private, public, err := newKey()
	if err != nil {
		return err
	}
	s.PrivateKey = private
	if err := os.WriteFile(filepath.Join(s.Dir, "id"), []byte(private), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.Dir, "authorized_keys"), ssh.MarshalAuthorizedKey(public), 0o600)
}

// ChangeHostKey gives the server another host key and restarts it.
func (s *Server) ChangeHostKey() error {
	private, public, err := newKey()
	if err != nil {
		return err
	}
	s.Fingerprint = ssh.FingerprintSHA256(public)
	sum := md5.Sum(public.Marshal())
	s.MD5 = ""
	for i, b := range sum {
		if i > 0 {
			s.MD5 += ":"
		}
		s.MD5 += hex.EncodeToString([]byte{b})
	}
	file := filepath.Join(s.Dir, "hostkey")
	if err := os.WriteFile(file, []byte(private), 0o600); err != nil {
		return err
	}
	s.hostKeys = []string{file}
	s.Stop()
	return s.run()
}

// AddHostKey gives the server one more host key and restarts it.
func (s *Server) AddHostKey(file string) error {
	s.hostKeys = append(s.hostKeys, file)
	s.Stop()
	return s.run()
}

func (s *Server) run() error {
	config := filepath.Join(s.Dir, "sshd_config")
	lines := append(slices.Clone(s.options.First),
		fmt.Sprintf("Port %d", s.Port), "ListenAddress "+s.Host, "PidFile none",
		"AuthorizedKeysFile "+filepath.Join(s.Dir, "authorized_keys"), "UsePAM no", "StrictModes no",
		"PermitRootLogin yes", "PasswordAuthentication no", "KbdInteractiveAuthentication no",
		"MaxStartups 1000:30:2000", "MaxSessions 200", "UseDNS no", "LogLevel ERROR", "PrintMotd no",
		// The account's own start-up files are not part of the test.
		"SetEnv HOME="+s.Home+" "+strings.Join(s.options.Env, " "))
	lines = append(lines, s.options.More...)
	for _, file := range s.hostKeys {
		lines = append(lines, "HostKey "+file)
	}
	if err := os.WriteFile(config, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		return err
	}
	said := &bytes.Buffer{}
	s.process = exec.Command(program, "-D", "-e", "-f", config)
	s.process.Stderr = said
	s.process.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := s.process.Start(); err != nil {
		return err
	}
	s.ended = make(chan struct{})
	go func(cmd *exec.Cmd, ended chan struct{}) { _ = cmd.Wait(); close(ended) }(s.process, s.ended)
	ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
	defer stop()
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.Address())
		if err == nil {
			return conn.Close()
		}
		select {
		case <-s.ended:
			return fmt.Errorf("the SSH server ended: %s", said)
		case <-ctx.Done():
			s.Stop()
			return errors.New("the SSH server does not listen")
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// Address is where the server listens.
func (s *Server) Address() string { return net.JoinHostPort(s.Host, fmt.Sprint(s.Port)) }

// SSH is the endpoint that leads to the server.
func (s *Server) SSH() target.SSH {
	return target.SSH{Host: s.Host, Port: s.Port, User: s.User, PrivateKey: s.PrivateKey, Fingerprint: s.Fingerprint}
}

// Stop ends the server; sessions that are open go on.
func (s *Server) Stop() {
	if s.process == nil {
		return
	}
	_ = s.process.Process.Signal(syscall.SIGTERM)
	<-s.ended
	s.process = nil
}
