package gitrepo

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/takodeploy/tako/internal/fault"
)

// SSH is the way to a repository that is reached over SSH.
type SSH struct {
	Address    string // host and port
	User       string
	Path       string // of the repository there
	Key        string // PEM
	Passphrase string
	HostKeys   []string // fingerprints, SHA256:…, of the keys that the server may show
}

// A tunnel is git's way over SSH for the time of one exchange. git speaks its
// own protocol to a port of this machine, and this process signs in to the
// server and passes on what is said: the key stays in memory, and no ssh program
// is needed. The port serves nobody who does not know the token, which git is
// told in its environment.
type tunnel struct {
	way      *SSH
	token    string
	listener net.Listener
	carried  sync.WaitGroup
	ctx      context.Context
	end      context.CancelFunc

	mu     sync.Mutex
	said   bytes.Buffer // by the server's program
	failed error
}

// dig opens a tunnel that lasts until it is closed or ctx ends.
func dig(ctx context.Context, way *SSH) (*tunnel, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("opening a port for git: %w", err)
	}
	t := &tunnel{way: way, token: rand.Text(), listener: l}
	t.ctx, t.end = context.WithCancel(ctx)
	context.AfterFunc(t.ctx, func() { l.Close() })
	t.carried.Go(t.serve)
	return t, nil
}

// close ends the tunnel, and gives what went wrong in it and what the server's
// program said.
func (t *tunnel) close() (said string, err error) {
	t.end()
	t.carried.Wait()
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.said.String(), t.failed
}

// setting has git go through the tunnel when it means an address.
func (t *tunnel) setting(address string) [2]string {
	return [2]string{"url.git://" + t.listener.Addr().String() + "/" + t.token + ".insteadOf", address}
}

func (t *tunnel) serve() {
	for {
		conn, err := t.listener.Accept()
		if err != nil {
			return // closed
		}
		t.carried.Go(func() {
			defer conn.Close()
			defer context.AfterFunc(t.ctx, func() { conn.Close() })()
			if err := t.carry(conn); err != nil && t.ctx.Err() == nil {
				t.mu.Lock()
				t.failed = err
				t.mu.Unlock()
			}
		})
	}
}

// carry has one conversation of git with the server.
func (t *tunnel) carry(conn net.Conn) error {
	service, version, err := t.asked(conn)
	if err != nil {
		return nil // nobody who was told to come
	}
	client, err := t.way.dial(t.ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	defer context.AfterFunc(t.ctx, func() { client.Close() })()
	session, err := client.NewSession()
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "The SSH server %s lets nobody run anything: %s.", t.way.Address, err)
	}
	defer session.Close()
	if version != "" {
		_ = session.Setenv("GIT_PROTOCOL", version) // a server that does not take it speaks the first version
	}
	in, err := session.StdinPipe()
	if err != nil {
		return err
	}
	session.Stdout, session.Stderr = conn, &limited{t: t}
	if err := session.Start(service + " " + quoted(t.way.Path)); err != nil {
		return fault.Wrap(fault.Unavailable, err, "The SSH server %s does not run %s: %s.", t.way.Address, service, err)
	}
	go func() {
		_, _ = io.Copy(in, conn)
		_ = in.Close()
	}()
	_ = session.Wait() // git sees by itself that the program has failed
	return nil
}

// limited keeps the beginning of what the server's program says.
type limited struct{ t *tunnel }

func (l *limited) Write(p []byte) (int, error) {
	l.t.mu.Lock()
	defer l.t.mu.Unlock()
	l.t.said.Write(p[:min(len(p), max(0, 8<<10-l.t.said.Len()))])
	return len(p), nil
}

var errStranger = errors.New("not a request of git's")

// asked reads the first line of git's protocol: the service, the path, which
// has to be the token, and after zero bytes what else git wishes.
func (t *tunnel) asked(conn net.Conn) (service, version string, err error) {
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	defer conn.SetReadDeadline(time.Time{})
	head := make([]byte, 4)
	if _, err := io.ReadFull(conn, head); err != nil {
		return "", "", err
	}
	n, err := strconv.ParseUint(string(head), 16, 16)
	if err != nil || n < 5 || n > 2000 {
		return "", "", errStranger
	}
	line := make([]byte, n-4)
	if _, err := io.ReadFull(conn, line); err != nil {
		return "", "", err
	}
	parts := strings.Split(string(line), "\x00")
	service, path, _ := strings.Cut(parts[0], " ")
	if path != "/"+t.token || service != "git-upload-pack" && service != "git-receive-pack" {
		return "", "", errStranger
	}
	for _, p := range parts[1:] {
		if strings.HasPrefix(p, "version=") {
			version = p
		}
	}
	return service, version, nil
}

// quoted is a text as one word of a shell, and as what git-shell takes for one.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// hostKeyKinds are the algorithms by which servers show keys, the best first,
// those of one kind of key together.
var hostKeyKinds = [][]string{
	{ssh.KeyAlgoED25519}, {ssh.KeyAlgoECDSA256}, {ssh.KeyAlgoECDSA384}, {ssh.KeyAlgoECDSA521}, {ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256},
}

// dial signs in. A server has keys of several kinds, and shows one of a kind
// that it is asked for: it is asked until it shows one that is known.
func (w *SSH) dial(ctx context.Context) (*ssh.Client, error) {
	signer, err := w.signer()
	if err != nil {
		return nil, err
	}
	var shown []string
	for _, kind := range hostKeyKinds {
		known := true
		config := &ssh.ClientConfig{User: w.User, Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)}, HostKeyAlgorithms: kind,
			HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
				if print := ssh.FingerprintSHA256(key); !slices.Contains(w.HostKeys, print) {
					known, shown = false, append(shown, print+" ("+key.Type()+")")
					return errors.New("unknown host key")
				}
				return nil
			}}
		client, err := w.connect(ctx, config)
		var none *ssh.AlgorithmNegotiationError
		switch {
		case err == nil:
			return client, nil
		case !known, errors.As(err, &none):
			continue
		case strings.Contains(err.Error(), "unable to authenticate"):
			return nil, fault.Wrap(fault.Invalid, err, "The SSH server %s does not admit '%s' with the Git credential's key.", w.Address, w.User)
		}
		return nil, fault.Wrap(fault.Unavailable, err, "The SSH server %s could not be reached: %s.", w.Address, err)
	}
	if len(shown) == 0 {
		return nil, fault.New(fault.Invalid, "The SSH server %s has no host key of a kind that is safe today: Ed25519, ECDSA, or RSA with SHA-2.", w.Address)
	}
	return nil, fault.New(fault.Invalid, "The SSH server %s is not known: it shows the host key %s. If it is the right server, add the fingerprint to Details.HostKeyFingerprints of the Git credential.", w.Address, strings.Join(shown, ", "))
}

func (w *SSH) connect(ctx context.Context, config *ssh.ClientConfig) (*ssh.Client, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", w.Address)
	if err != nil {
		return nil, err
	}
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	c, channels, requests, err := ssh.NewClientConn(conn, w.Address, config)
	if err != nil {
		conn.Close()
		return nil, err
	}
	return ssh.NewClient(c, channels, requests), nil
}

func (w *SSH) signer() (ssh.Signer, error) {
	signer, err := ssh.ParsePrivateKey([]byte(w.Key))
	var locked *ssh.PassphraseMissingError
	if errors.As(err, &locked) {
		if signer, err = ssh.ParsePrivateKeyWithPassphrase([]byte(w.Key), []byte(w.Passphrase)); err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "The passphrase of the Git credential does not open its private key.")
		}
	}
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The private key of the Git credential cannot be read.")
	}
	return signer, nil
}
