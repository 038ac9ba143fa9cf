package gitrepo_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/gitrepo"
	"github.com/takodeploy/tako/internal/gitrepo/gittest"
	"github.com/takodeploy/tako/internal/target/sshdtest"
)

// serve starts an SSH server whose users can do nothing but what git-shell
// lets them.
func serve(t *testing.T, more ...string) (*sshdtest.Server, *gitrepo.SSH) {
	t.Helper()
	if err := sshdtest.Available(); err != nil {
		t.Skip(err)
	}
	s, err := sshdtest.Start(sshdtest.Options{Dir: t.TempDir(), More: more})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	file := filepath.Join(s.Dir, "authorized_keys")
	line, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	shell := `command="git-shell -c \"$SSH_ORIGINAL_COMMAND\"" `
	if err := os.WriteFile(file, append([]byte(shell), line...), 0o600); err != nil {
		t.Fatal(err)
	}
	return s, &gitrepo.SSH{Address: net.JoinHostPort(s.Host, strconv.Itoa(s.Port)), User: s.User, Key: s.PrivateKey, HostKeys: []string{s.Fingerprint}}
}

// over opens the repository of an origin over SSH.
func over(t *testing.T, o *gittest.Origin, way *gitrepo.SSH) *gitrepo.Session {
	t.Helper()
	if way.Path == "" {
		way.Path = o.Dir
	}
	s := gitrepo.New(t.TempDir()).Repository(gitrepo.Remote{Owner: "Projects-1", URL: "ssh://" + way.User + "@" + way.Address + way.Path, SSH: way})
	t.Cleanup(s.Close)
	return s
}

// TestSSH reads and writes a repository over SSH, with the protocol of today
// and with the first one.
func TestSSH(t *testing.T) {
	for name, more := range map[string][]string{"today's protocol": {"AcceptEnv GIT_PROTOCOL"}, "the first protocol": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := gittest.New(t)
			_, way := serve(t, more...)
			s, ctx := over(t, o, way), context.Background()
			if err := s.Check(ctx); err != nil {
				t.Fatal(err)
			}
			if err := s.Fetch(ctx, 0); err != nil {
				t.Fatal(err)
			}
			main := must[gitrepo.Reference](t)(s.Resolve(ctx, "main"))
			if got, ok, err := s.Read(ctx, main.Commit, ".octopus/a.ocl"); string(got) != "a = 1" || !ok || err != nil {
				t.Errorf("read %q, %v, %v", got, ok, err)
			}
			commit, err := s.Apply(ctx, gitrepo.Change{Branch: "main", Base: main.Commit, Files: map[string][]byte{".octopus/a.ocl": []byte("a = 2")}, Message: "Change it", Author: gitrepo.Author{Name: "ada", Email: "a@example.com", When: time.Unix(1, 0)}})
			if err != nil {
				t.Fatal(err)
			}
			if got := o.Run(o.Dir, "show", "main:.octopus/a.ocl"); got != "a = 2" {
				t.Errorf("the repository has %q", got)
			}
			if got := o.Run(o.Dir, "rev-parse", "main"); got != commit {
				t.Errorf("the tip is %s, want %s", got, commit)
			}
			if err := s.CreateBranch(ctx, "feature/x", commit); err != nil {
				t.Fatal(err)
			}
			if err := s.CreateBranch(ctx, "feature/x", main.Commit); !fault.Is(err, fault.Conflict) {
				t.Errorf("a branch that is there was made: %v", err)
			}
		})
	}
}

// TestSSHRefusals holds that nothing is said to a server that is not known, and
// that who uses it is told what to do.
func TestSSHRefusals(t *testing.T) {
	o := gittest.New(t)
	_, known := serve(t)
	_, other := serve(t)
	for name, test := range map[string]struct {
		change func(way *gitrepo.SSH)
		code   fault.Code
		want   string
	}{
		"unknown host":       {func(way *gitrepo.SSH) { way.HostKeys = nil }, fault.Invalid, "is not known: it shows the host key " + known.HostKeys[0] + " (ssh-ed25519)"},
		"another host":       {func(way *gitrepo.SSH) { way.HostKeys = other.HostKeys }, fault.Invalid, "is not known: it shows the host key " + known.HostKeys[0]},
		"another key":        {func(way *gitrepo.SSH) { way.Key = other.Key }, fault.Invalid, "does not admit '" + known.User + "'"},
		"no key":             {func(way *gitrepo.SSH) { way.Key = "x" }, fault.Invalid, "cannot be read"},
		"no repository":      {func(way *gitrepo.SSH) { way.Path = "/nowhere.git" }, fault.Invalid, "There is no Git repository at ssh://"},
		"nobody listens":     {func(way *gitrepo.SSH) { way.Address = "127.0.0.1:1" }, fault.Unavailable, "The SSH server 127.0.0.1:1 could not be reached"},
		"a path with quotes": {func(way *gitrepo.SSH) { way.Path = "/it's; exit 0" }, fault.Invalid, "There is no Git repository at ssh://"},
	} {
		t.Run(name, func(t *testing.T) {
			way := *known
			test.change(&way)
			err := over(t, o, &way).Fetch(context.Background(), 0)
			if fault.CodeOf(err) != test.code || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v: %v, want %s", fault.CodeOf(err), err, test.want)
			}
		})
	}
}

// TestSSHHostKeys holds that a server may show whichever of its keys is known.
func TestSSHHostKeys(t *testing.T) {
	o := gittest.New(t)
	server, way := serve(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		t.Fatal(err)
	}
	public, err := ssh.NewPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "hostkey")
	if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := server.AddHostKey(file); err != nil {
		t.Fatal(err)
	}
	way.HostKeys = []string{ssh.FingerprintSHA256(public)}
	if err := over(t, o, way).Fetch(context.Background(), 0); err != nil {
		t.Error(err)
	}
}

// TestSSHKeyWithPassphrase signs in with a key that is locked.
func TestSSHKeyWithPassphrase(t *testing.T) {
	o := gittest.New(t)
	_, way := serve(t)
	plain, err := ssh.ParseRawPrivateKey([]byte(way.Key))
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKeyWithPassphrase(plain, "", []byte("open sesame"))
	if err != nil {
		t.Fatal(err)
	}
	way.Key, way.Passphrase = string(pem.EncodeToMemory(block)), "open"
	if err := over(t, o, way).Fetch(context.Background(), 0); err == nil || !strings.Contains(err.Error(), "The passphrase of the Git credential does not open") {
		t.Error(err)
	}
	way.Passphrase = "open sesame"
	if err := over(t, o, way).Fetch(context.Background(), 0); err != nil {
		t.Error(err)
	}
}
