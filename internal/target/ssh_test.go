package target_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/target"
	"github.com/takodeploy/tako/internal/target/sshdtest"
)

func probe(t *testing.T, endpoint target.SSH, o target.Options) (target.Host, error) {
	t.Helper()
	tr, err := target.OpenSSH(endpoint, o)
	must(t, err)
	defer tr.Close()
	return tr.Probe(within(t, 30*time.Second))
}

func TestSSHFailures(t *testing.T) {
	server := sshdtest.New(t, 1, agentEnv...)[0]
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer silent.Close()
	other := sshdtest.New(t, 1)[0]
	refused, err := sshdtest.ReservePort("127.0.0.1")
	must(t, err)
	tests := []struct {
		name   string
		change func(*target.SSH)
		kind   error
		code   fault.Code
		says   string
	}{
		{"wrong key", func(e *target.SSH) { e.PrivateKey = other.PrivateKey }, target.ErrAuthentication, fault.Forbidden, "refuses to log in"},
		{"wrong password", func(e *target.SSH) { e.PrivateKey, e.Password = "", "guess" }, target.ErrAuthentication, fault.Forbidden, "password"},
		{"refused port", func(e *target.SSH) { e.Host, e.Port = "127.0.0.1", refused }, target.ErrRefused, fault.Unavailable, "refuses connections"},
		{"unknown name", func(e *target.SSH) { e.Host = "no-such-host.invalid" }, target.ErrUnreachable, fault.Unavailable, "cannot be resolved"},
		{"silent server", func(e *target.SSH) { e.Host, e.Port = "127.0.0.1", silent.Addr().(*net.TCPAddr).Port }, target.ErrTimeout, fault.Unavailable, "does not answer"},
		{"changed host key", func(e *target.SSH) { e.Fingerprint = other.Fingerprint }, target.ErrHostKey, fault.Conflict, "expected " + other.Fingerprint + ", offered " + server.Fingerprint + ". Either the machine was set up anew, or somebody stands between. Compare it with what the machine itself says"},
		{"unknown host key", func(e *target.SSH) { e.Fingerprint = "" }, target.ErrHostKey, fault.Conflict, "offers " + server.Fingerprint + " and no fingerprint is set. Compare it"},
		{"proxy that is not there", func(e *target.SSH) { e.Proxy = "127.0.0.1:1" }, target.ErrRefused, fault.Unavailable, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			endpoint := server.SSH()
			test.change(&endpoint)
			var o target.Options
			if test.kind == target.ErrTimeout { // else the answer may take its time
				o.ConnectTimeout = time.Second
			}
			_, err := probe(t, endpoint, o)
			if !errors.Is(err, test.kind) || !fault.Is(err, test.code) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestSSHRefusesWithoutAQuestion has a server offer keyboard-interactive and
// ask nothing: that is a refused login, as any other.
func TestSSHRefusesWithoutAQuestion(t *testing.T) {
	if err := sshdtest.Available(); err != nil {
		t.Skip(err)
	}
	for name, methods := range map[string]string{
		"password and keyboard-interactive": "PasswordAuthentication yes",
		"keyboard-interactive alone":        "PasswordAuthentication no",
	} {
		t.Run(name, func(t *testing.T) {
			server, err := sshdtest.Start(sshdtest.Options{Dir: t.TempDir(), First: []string{methods, "KbdInteractiveAuthentication yes"}})
			must(t, err)
			defer server.Stop()
			endpoint := server.SSH()
			endpoint.PrivateKey, endpoint.Password = "", "guess"
			_, err = probe(t, endpoint, target.Options{})
			want := server.Address() + " refuses to log in " + server.User + " with password"
			if !errors.Is(err, target.ErrAuthentication) || !fault.Is(err, fault.Forbidden) || !strings.Contains(err.Error(), want) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestSSHFingerprints(t *testing.T) {
	server := sshdtest.New(t, 1, agentEnv...)[0]
	for _, form := range []string{
		server.Fingerprint, strings.TrimPrefix(server.Fingerprint, "SHA256:"), server.Fingerprint + "=",
		server.MD5, "MD5:" + server.MD5, strings.ToUpper(strings.ReplaceAll(server.MD5, ":", "")),
	} {
		endpoint := server.SSH()
		endpoint.Fingerprint = form
		if h, err := probe(t, endpoint, target.Options{}); err != nil || h.Fingerprint != server.Fingerprint {
			t.Errorf("%s: %s, %v", form, h.Fingerprint, err)
		}
	}
	endpoint := server.SSH()
	endpoint.Fingerprint = ""
	if h, err := probe(t, endpoint, target.Options{TrustUnknown: true}); err != nil || h.Fingerprint != server.Fingerprint {
		t.Errorf("trusted: %s, %v", h.Fingerprint, err)
	}
	endpoint.Fingerprint = "not one"
	if _, err := target.OpenSSH(endpoint, target.Options{}); !fault.Is(err, fault.Invalid) {
		t.Errorf("nonsense: %v", err)
	}
	must(t, server.ChangeHostKey())
	endpoint = server.SSH()
	endpoint.Fingerprint = server.Fingerprint
	if _, err := probe(t, endpoint, target.Options{}); err != nil {
		t.Errorf("after the change: %v", err)
	}
}

// A machine with several host keys is known by any of them.
func TestSSHSeveralHostKeys(t *testing.T) {
	server := sshdtest.New(t, 1, agentEnv...)[0]
	file := filepath.Join(server.Dir, "rsa")
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", file).CombinedOutput(); err != nil {
		t.Skipf("no ssh-keygen: %v %s", err, out)
	}
	must(t, server.AddHostKey(file))
	out, err := exec.Command("ssh-keygen", "-lf", file+".pub").Output()
	must(t, err)
	endpoint := server.SSH()
	endpoint.Fingerprint = strings.Fields(string(out))[1]
	if h, err := probe(t, endpoint, target.Options{}); err != nil || h.Fingerprint != endpoint.Fingerprint {
		t.Errorf("%s: %v", h.Fingerprint, err)
	}
}

func TestSSHKeyWithPassphrase(t *testing.T) {
	server := sshdtest.New(t, 1, agentEnv...)[0]
	file := filepath.Join(t.TempDir(), "id")
	must(t, os.WriteFile(file, []byte(server.PrivateKey), 0o600))
	if out, err := exec.Command("ssh-keygen", "-q", "-p", "-P", "", "-N", "open sesame", "-f", file).CombinedOutput(); err != nil {
		t.Skipf("no ssh-keygen: %v %s", err, out)
	}
	locked, err := os.ReadFile(file)
	must(t, err)
	endpoint := server.SSH()
	endpoint.PrivateKey, endpoint.Passphrase = string(locked), "open sesame"
	if _, err := probe(t, endpoint, target.Options{}); err != nil {
		t.Error(err)
	}
	for _, passphrase := range []string{"", "wrong"} {
		endpoint.Passphrase = passphrase
		if _, err := target.OpenSSH(endpoint, target.Options{}); !fault.Is(err, fault.Invalid) {
			t.Errorf("passphrase %q: %v", passphrase, err)
		}
	}
}

// An account may hold what is no key yet; who signs in with it is told.
func TestSSHKeyThatIsNone(t *testing.T) {
	endpoint := sshdtest.New(t, 1, agentEnv...)[0].SSH()
	endpoint.PrivateKey = "put in later"
	if _, err := target.OpenSSH(endpoint, target.Options{}); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "is not in PEM format. Put the key into the account.") {
		t.Errorf("%v", err)
	}
}

// A login shell that talks does not disturb the conversation, and the agent
// comes to a home of its own.
func TestSSHTalkativeShell(t *testing.T) {
	server := sshdtest.New(t, 1, agentEnv...)[0]
	must(t, os.WriteFile(filepath.Join(server.Home, ".bashrc"), []byte("echo Welcome to the machine; echo Mind the gap >&2\n"), 0o600))
	endpoint := server.SSH()
	endpoint.Home = filepath.Join(server.Dir, "elsewhere")
	must(t, os.Mkdir(endpoint.Home, 0o700))
	h, err := probe(t, endpoint, target.Options{})
	if err != nil || h.Home != endpoint.Home {
		t.Errorf("%+v, %v", h, err)
	}
}

// The agent is sent once: the second connection finds it.
func TestSSHDeliversOnce(t *testing.T) {
	server := sshdtest.New(t, 1, agentEnv...)[0]
	for range 2 {
		if _, err := probe(t, server.SSH(), target.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	found, err := filepath.Glob(filepath.Join(server.Home, ".tako/agent/*/*"))
	must(t, err)
	info, err := os.Stat(found[0])
	must(t, err)
	_, err = probe(t, server.SSH(), target.Options{})
	must(t, err)
	after, err := os.Stat(found[0])
	must(t, err)
	if len(found) != 1 || !info.ModTime().Equal(after.ModTime()) {
		t.Errorf("%v, %v, %v", found, info.ModTime(), after.ModTime())
	}
}

// The agent comes whole to machines that can unpack it in one way, in another
// and not at all.
func TestSSHUnpacksTheAgent(t *testing.T) {
	want, err := os.ReadFile(os.Getenv("TAKO_AGENT"))
	must(t, err)
	for _, test := range []struct {
		name string
		can  []string
	}{{"zstd before gzip", []string{"zstd", "gzip"}}, {"zstd", []string{"zstd"}}, {"gzip", []string{"gzip"}}, {"neither", nil}} {
		t.Run(test.name, func(t *testing.T) {
			tools := t.TempDir()
			for _, tool := range append([]string{"sh", "uname", "mkdir", "chmod", "mv", "rm", "cat"}, test.can...) {
				path, err := exec.LookPath(tool)
				if err != nil {
					t.Skip(err)
				}
				must(t, os.Symlink(path, filepath.Join(tools, tool)))
			}
			server := sshdtest.New(t, 1, append([]string{"PATH=" + tools}, agentEnv...)...)[0]
			_, err := probe(t, server.SSH(), target.Options{})
			must(t, err)
			found, err := filepath.Glob(filepath.Join(server.Home, ".tako/agent/*/*"))
			must(t, err)
			if len(found) != 1 {
				t.Fatalf("%q", found)
			}
			if got, err := os.ReadFile(found[0]); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bytes of %d, %v", len(got), len(want), err)
			}
		})
	}
}

// A disk that is full is called that: for the agent, for a package, for a
// job, and for a job's output.
func TestDiskFull(t *testing.T) {
	server := sshdtest.New(t, 1, agentEnv...)[0]
	mount := func(t *testing.T, size string) target.SSH {
		t.Helper()
		dir := filepath.Join(server.Dir, "small-"+size)
		must(t, os.Mkdir(dir, 0o700))
		if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size="+size, "tmpfs", dir).CombinedOutput(); err != nil {
			t.Skipf("no file system of one's own: %v %s", err, out)
		}
		t.Cleanup(func() { _ = exec.Command("umount", "-l", dir).Run() })
		endpoint := server.SSH()
		endpoint.Home = dir
		return endpoint
	}
	t.Run("agent", func(t *testing.T) {
		_, err := probe(t, mount(t, "1m"), target.Options{})
		if !errors.Is(err, target.ErrDiskFull) || !strings.Contains(err.Error(), "full") {
			t.Errorf("%v", err)
		}
	})
	endpoint := mount(t, "24m")
	tr := openSSH(t, endpoint)
	t.Run("package", func(t *testing.T) {
		data := bytes.Repeat([]byte("x"), 30<<20)
		opened := 0
		_, err := tr.Put(within(t, 30*time.Second), packageOf(data), opener(data, &opened))
		if !errors.Is(err, target.ErrDiskFull) || opened != 0 {
			t.Errorf("%v, opened %d times", err, opened)
		}
	})
	t.Run("output", func(t *testing.T) {
		must(t, tr.Start(within(t, 30*time.Second), "full-1", script("head -c 40000000 /dev/zero > ballast; for i in $(seq 2000); do echo "+strings.Repeat("y", 500)+"; done; exit 5")))
		lines, exit := follow(t, tr, "full-1", 0)
		if exit.Code != 5 || !strings.Contains(exit.Reason, "disk is full") || exit.Last != int64(len(lines)) {
			t.Errorf("%+v, %d lines", exit, len(lines))
		}
	})
	t.Run("job", func(t *testing.T) {
		job := script("echo never > " + endpoint.Home + "/never")
		err := tr.Start(within(t, 30*time.Second), "full-2", job)
		if !errors.Is(err, target.ErrDiskFull) {
			t.Errorf("%v", err)
		}
		must(t, tr.Complete(within(t, 30*time.Second), "full-1"))
		eventually(t, "there is room again", func() bool {
			return tr.Start(within(t, 30*time.Second), "full-2", script("echo now")) == nil
		})
		if _, exit := follow(t, tr, "full-2", 0); exit.Code != 0 {
			t.Errorf("%+v", exit)
		}
	})
}

// One connection serves all who use the endpoint, and closes when idle.
func TestPool(t *testing.T) {
	server := sshdtest.New(t, 1, agentEnv...)[0]
	relay := newRelay(t, server.Address())
	endpoint := server.SSH()
	endpoint.Host, endpoint.Port = "127.0.0.1", relay.port
	pool := target.NewPool(target.Options{})
	defer pool.Close()
	for range 3 {
		tr, err := pool.SSH(endpoint)
		must(t, err)
		_, err = tr.Probe(within(t, 30*time.Second))
		must(t, err)
		must(t, tr.Close())
	}
	relay.mu.Lock()
	connections := len(relay.open) / 2
	relay.mu.Unlock()
	if connections != 1 {
		t.Errorf("%d connections were made", connections)
	}
	brief := target.NewPool(target.Options{Idle: 300 * time.Millisecond})
	defer brief.Close()
	tr, err := brief.SSH(endpoint)
	must(t, err)
	defer tr.Close()
	_, err = tr.Probe(within(t, 30*time.Second))
	must(t, err)
	eventually(t, "the idle connection is closed", func() bool { return brief.Connected() == 0 })
	must(t, tr.Start(context.Background(), "pool-1", runner.Job{Command: "health"}))
	follow(t, tr, "pool-1", 0)
}
