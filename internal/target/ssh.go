package target

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/runner/wire"
)

// SSH is an endpoint as values: where to connect and as whom. Both Password
// and PrivateKey are tried when both are given.
type SSH struct {
	Host        string
	Port        int // 0 means 22
	User        string
	Password    string
	PrivateKey  string // PEM, OpenSSH or PKCS formats
	Passphrase  string // of PrivateKey
	Fingerprint string // host key expected: "SHA256:…" or MD5 in hex; "" leaves it to Options.TrustUnknown
	Proxy       string // "host:port" or URL of an HTTP proxy with CONNECT, "" for none
	Home        string // directory that holds .tako, "" for the account's home
}

// Address is where the endpoint listens.
func (s SSH) Address() string {
	port := s.Port
	if port == 0 {
		port = 22
	}
	return net.JoinHostPort(s.Host, strconv.Itoa(port))
}

// OpenSSH makes the way to an SSH endpoint. It connects when it is first
// used, and brings the agent when the machine has not got it.
func OpenSSH(endpoint SSH, options Options) (Transport, error) {
	return openSSH(endpoint, options)
}

func openSSH(endpoint SSH, options Options) (*remote, error) {
	d := &sshDialer{endpoint: endpoint, trust: options.TrustUnknown}
	var complaints fault.Complaints
	if endpoint.Host == "" {
		complaints.Add("The SSH endpoint has no host.")
	}
	if endpoint.User == "" {
		complaints.Add("The SSH endpoint has no user name.")
	}
	if endpoint.Home != "" && !safePath(endpoint.Home) {
		complaints.Add("The home directory %q is not an absolute path of plain characters.", endpoint.Home)
	}
	if err := d.prepare(); err != nil {
		complaints.Add("%s", err.Error())
	}
	if err := complaints.Err(); err != nil {
		return nil, err
	}
	return newRemote(endpoint.User+"@"+endpoint.Address(), options, d.dial), nil
}

// safePath is a path that needs no quoting in any shell.
func safePath(path string) bool {
	if !strings.HasPrefix(path, "/") {
		return false
	}
	return strings.IndexFunc(path, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+@", r))
	}) < 0
}

type sshDialer struct {
	endpoint SSH
	trust    bool
	auth     []ssh.AuthMethod
	tried    string // how the login is tried, for people
	expected *fingerprint

	mu         sync.Mutex
	algorithms []string // host key algorithms that lead to the expected key
}

// prepare reads the credentials and the expected fingerprint.
func (d *sshDialer) prepare() error {
	var how []string
	if d.endpoint.PrivateKey != "" {
		signer, err := parseKey(d.endpoint.PrivateKey, d.endpoint.Passphrase)
		if err != nil {
			return err
		}
		d.auth = append(d.auth, ssh.PublicKeys(signer))
		how = append(how, "key "+ssh.FingerprintSHA256(signer.PublicKey()))
	}
	if d.endpoint.Password != "" || d.endpoint.PrivateKey == "" {
		password := d.endpoint.Password
		d.auth = append(d.auth, ssh.Password(password), ssh.KeyboardInteractive(
			func(_, _ string, questions []string, echos []bool) ([]string, error) {
				answers := make([]string, len(questions))
				for i := range questions {
					if !echos[i] {
						answers[i] = password
					}
				}
				return answers, nil
			}))
		how = append(how, "password")
	}
	d.tried = strings.Join(how, " and ")
	if d.endpoint.Fingerprint == "" {
		return nil
	}
	var err error
	d.expected, err = parseFingerprint(d.endpoint.Fingerprint)
	return err
}

func parseKey(text, passphrase string) (ssh.Signer, error) {
	if block, _ := pem.Decode([]byte(text)); block == nil {
		return nil, errors.New("What the account has as its private key is not one: it is not in PEM format. Put the key into the account.")
	}
	signer, err := ssh.ParsePrivateKey([]byte(text))
	var missing *ssh.PassphraseMissingError
	if errors.As(err, &missing) {
		if passphrase == "" {
			return nil, errors.New("The private key is protected by a passphrase, and none is given.")
		}
		if signer, err = ssh.ParsePrivateKeyWithPassphrase([]byte(text), []byte(passphrase)); err != nil {
			return nil, fmt.Errorf("The passphrase does not open the private key: %w.", err)
		}
		return signer, nil
	}
	if err != nil {
		return nil, fmt.Errorf("The private key cannot be read: %w.", err)
	}
	return signer, nil
}

// dial connects, logs in and starts the agent's session, after bringing the
// agent if need be.
func (d *sshDialer) dial(ctx context.Context) (*link, error) {
	client, offered, err := d.login(ctx)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { client.Close() })
	l, err := d.converse(client)
	if !stop() && err == nil {
		err = ctx.Err()
		l.Close()
	}
	if err != nil {
		client.Close()
		return nil, err
	}
	l.fingerprint = offered
	return l, nil
}

// login makes the connection. A machine offers several host keys; when the
// one it prefers is not the expected one, the others are asked for.
func (d *sshDialer) login(ctx context.Context) (*ssh.Client, string, error) {
	d.mu.Lock()
	algorithms := d.algorithms
	d.mu.Unlock()
	var seen []string
	for {
		check := &hostKeyCheck{expected: d.expected, trust: d.trust}
		client, err := d.handshake(ctx, check, algorithms)
		if err == nil {
			d.mu.Lock()
			d.algorithms = algorithms
			d.mu.Unlock()
			return client, check.offered, nil
		}
		if check.mismatch {
			seen = append(seen, check.offered)
			if algorithms = without(algorithms, check.kind); len(algorithms) > 0 && d.expected != nil {
				continue
			}
		}
		if len(seen) > 0 {
			return nil, "", d.wrongHostKey(seen)
		}
		return nil, "", err
	}
}

// howToTrust is what to do about a host key that is not the expected one.
const howToTrust = "Compare it with what the machine itself says (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub); if that is the same, set it as the machine's fingerprint."

func (d *sshDialer) wrongHostKey(seen []string) error {
	offered := strings.Join(seen, ", ")
	if d.expected == nil {
		return newProblem(fault.Conflict, ErrHostKey, nil,
			"The host key of %s is not known: it offers %s and no fingerprint is set. "+howToTrust, d.endpoint.Address(), offered)
	}
	return newProblem(fault.Conflict, ErrHostKey, nil,
		"The host key of %s is not the expected one: expected %s, offered %s. Either the machine was set up anew, or somebody stands between. "+howToTrust,
		d.endpoint.Address(), d.endpoint.Fingerprint, offered)
}

func (d *sshDialer) handshake(ctx context.Context, check *hostKeyCheck, algorithms []string) (*ssh.Client, error) {
	conn, err := d.connect(ctx)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	config := &ssh.ClientConfig{
		User: d.endpoint.User, Auth: d.auth, HostKeyCallback: check.check, HostKeyAlgorithms: algorithms,
		ClientVersion: "SSH-2.0-Tako",
	}
	// AES has instructions of its own on most machines, and GCM needs no
	// separate pass for the checksum.
	config.Ciphers = []string{ssh.CipherAES128GCM, ssh.CipherAES256GCM, ssh.CipherChaCha20Poly1305,
		ssh.CipherAES128CTR, ssh.CipherAES192CTR, ssh.CipherAES256CTR}
	c, channels, requests, err := ssh.NewClientConn(conn, d.endpoint.Address(), config)
	if err != nil {
		conn.Close()
		return nil, d.explain(ctx, err)
	}
	return ssh.NewClient(c, channels, requests), nil
}

// explain says what kept the login from succeeding.
func (d *sshDialer) explain(ctx context.Context, err error) error {
	address := d.endpoint.Address()
	text := err.Error()
	var network net.Error
	switch {
	case ctx.Err() != nil, errors.As(err, &network) && network.Timeout():
		return newProblem(fault.Unavailable, ErrTimeout, err, "%s accepts connections but does not answer as an SSH server.", address)
	case strings.Contains(text, "unable to authenticate"), strings.Contains(text, "unexpected message type 51 (expected 60)"):
		// The second is a server that has keyboard-interactive among its methods and
		// refuses (51) without a question (60), as sshd does without PAM.
		return newProblem(fault.Forbidden, ErrAuthentication, err, "%s refuses to log in %s with %s.", address, d.endpoint.User, d.tried)
	case strings.Contains(text, "no common algorithm"):
		return newProblem(fault.Invalid, ErrPlatform, err, "%s and this server have no SSH algorithm in common.", address)
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return newProblem(fault.Unavailable, ErrDisconnected, err, "%s hung up during the login.", address)
	}
	return newProblem(fault.Unavailable, ErrUnreachable, err, "The SSH connection to %s cannot be set up.", address)
}

func (d *sshDialer) connect(ctx context.Context) (net.Conn, error) {
	address := d.endpoint.Address()
	dialer := &net.Dialer{KeepAlive: 30 * time.Second}
	var conn net.Conn
	var err error
	if d.endpoint.Proxy != "" {
		conn, err = dialProxy(ctx, dialer, d.endpoint.Proxy, address)
	} else {
		conn, err = dialer.DialContext(ctx, "tcp", address)
	}
	if err == nil {
		return conn, nil
	}
	var name *net.DNSError
	var network net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return nil, newProblem(fault.Unavailable, ErrRefused, err, "%s refuses connections: is an SSH server listening on that port?", address)
	case errors.As(err, &name):
		return nil, newProblem(fault.Unavailable, ErrUnreachable, err, "The name %s cannot be resolved.", d.endpoint.Host)
	case ctx.Err() != nil, errors.As(err, &network) && network.Timeout():
		return nil, newProblem(fault.Unavailable, ErrTimeout, err, "%s does not answer: is the machine on, and does the network let the connection through?", address)
	}
	return nil, newProblem(fault.Unavailable, ErrUnreachable, err, "%s cannot be reached.", address)
}

// awaitMagic skips what a login shell prints until the agent speaks. At an
// end before that, the error is an *earlyEnd.
func awaitMagic(r io.Reader) (io.Reader, error) {
	const most = 64 << 10
	buf := make([]byte, 0, 1024)
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if at := bytes.Index(buf, []byte(wire.Magic)); at >= 0 {
			rest := buf[at+len(wire.Magic):]
			if len(rest) == 0 {
				return r, nil
			}
			return io.MultiReader(bytes.NewReader(rest), r), nil
		}
		if err != nil {
			return nil, &earlyEnd{said: string(buf), cause: err}
		}
		if len(buf) > most {
			return nil, &earlyEnd{said: string(buf[:1024]), cause: errors.New("the login shell prints without end")}
		}
	}
}

// earlyEnd is a conversation that ended before it began.
type earlyEnd struct {
	said   string
	cause  error
	struck bool // by a signal, or with its host
}

// Error says how it ended.
func (e *earlyEnd) Error() string {
	said := strings.TrimSpace(e.said)
	if said == "" {
		return fmt.Sprintf("nothing was said before the end: %v", e.cause)
	}
	return fmt.Sprintf("%q was said before the end: %v", said[:min(len(said), 500)], e.cause)
}

// Unwrap gives the cause.
func (e *earlyEnd) Unwrap() error { return e.cause }
