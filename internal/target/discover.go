package target

import (
	"context"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"net"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/takodeploy/tako/internal/fault"
)

// discoverTimeout bounds a look at an address that somebody typed in.
const discoverTimeout = 10 * time.Second

// SSHFingerprint asks what listens at an address for its host key, without
// logging in, and gives the key's fingerprint, "SHA256:…". The proxy may be
// empty.
func SSHFingerprint(ctx context.Context, host string, port int, proxy string) (string, error) {
	var offered string
	err := look(ctx, host, port, proxy, func(conn net.Conn, address string) error {
		_, _, _, err := ssh.NewClientConn(conn, address, &ssh.ClientConfig{
			User: "nobody",
			HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
				offered = ssh.FingerprintSHA256(key)
				return errHostKey // seen enough
			},
		})
		return err
	})
	if offered != "" {
		return offered, nil
	}
	return "", notFound(err, host, port, "SSH server")
}

// Thumbprint asks what listens at an address for its TLS certificate and gives
// that certificate's SHA-1 in upper-case hexadecimal, by which Tentacles are
// known. The proxy may be empty.
func Thumbprint(ctx context.Context, host string, port int, proxy string) (string, error) {
	var offered string
	err := look(ctx, host, port, proxy, func(conn net.Conn, _ string) error {
		// Who it is, is what is asked: nothing is sent, so nothing is trusted.
		return tls.Client(conn, &tls.Config{InsecureSkipVerify: true, VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error {
			if len(raw) > 0 {
				sum := sha1.Sum(raw[0])
				offered = strings.ToUpper(hex.EncodeToString(sum[:]))
			}
			return nil
		}}).HandshakeContext(ctx)
	})
	if offered != "" {
		return offered, nil
	}
	return "", notFound(err, host, port, "Tentacle")
}

func look(ctx context.Context, host string, port int, proxy string, shake func(net.Conn, string) error) error {
	ctx, cancel := context.WithTimeout(ctx, discoverTimeout)
	defer cancel()
	address := net.JoinHostPort(host, strconv.Itoa(port))
	dialer := &net.Dialer{}
	var conn net.Conn
	var err error
	if proxy != "" {
		conn, err = dialProxy(ctx, dialer, proxy, address)
	} else {
		conn, err = dialer.DialContext(ctx, "tcp", address)
	}
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	if err := shake(conn, address); err != nil {
		return errors.Join(ctx.Err(), err)
	}
	return nil
}

func notFound(err error, host string, port int, what string) error {
	if err == nil {
		err = errors.New("it shows nothing to know it by")
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = errors.New("no answer in time")
	}
	return fault.Wrap(fault.Invalid, err, "No %s answers at %s", what, net.JoinHostPort(host, strconv.Itoa(port)))
}
