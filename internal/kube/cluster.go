// Package kube speaks to the API server of a Kubernetes cluster about the pods
// of one namespace: it makes, finds, watches and removes them, and talks to
// programs in them. It is the small part of the API that worker pods need; the
// whole client would take more memory than the rest of the server.
package kube

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Cluster is an API server, and who one is there.
type Cluster struct {
	Address   string                 // "https://10.96.0.1:443"
	Namespace string                 // all pods are in it
	TLS       *tls.Config            // whom to believe
	Token     func() (string, error) // nil where the certificate of TLS says who one is

	once   sync.Once
	client *http.Client
}

// accountDir is where a pod finds what its service account may use.
const accountDir = "/var/run/secrets/kubernetes.io/serviceaccount"

// ErrOutside says that this process is in no pod with a service account.
var ErrOutside = errors.New("not in a pod of a cluster that gives it a service account")

// InCluster is the cluster that this process runs in.
func InCluster() (*Cluster, error) {
	return inCluster(os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT"), accountDir)
}

func inCluster(host, port, dir string) (*Cluster, error) {
	if host == "" || port == "" {
		return nil, ErrOutside
	}
	namespace, err := os.ReadFile(filepath.Join(dir, "namespace"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, ErrOutside
	}
	if err != nil {
		return nil, fmt.Errorf("reading the service account: %w", err)
	}
	authority, err := os.ReadFile(filepath.Join(dir, "ca.crt"))
	if err != nil {
		return nil, fmt.Errorf("reading the service account: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authority) {
		return nil, fmt.Errorf("reading the service account: %s holds no certificate", filepath.Join(dir, "ca.crt"))
	}
	return &Cluster{
		Address: "https://" + net.JoinHostPort(host, port), Namespace: strings.TrimSpace(string(namespace)),
		TLS: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
		// The file is written anew before the token in it ends.
		Token: func() (string, error) {
			data, err := os.ReadFile(filepath.Join(dir, "token"))
			return strings.TrimSpace(string(data)), err
		},
	}, nil
}

// Error is the API server's refusal.
type Error struct {
	Code    int    // of HTTP
	Reason  string // "AlreadyExists", "Forbidden"; may be empty
	Message string
}

// Error is what the API server said.
func (e *Error) Error() string {
	if e.Message == "" {
		return fmt.Sprintf("%d %s", e.Code, http.StatusText(e.Code))
	}
	return e.Message
}

// Temporary reports whether the API server would only not answer now.
func (e *Error) Temporary() bool { return e.Code >= 500 || e.Code == http.StatusTooManyRequests }

// Is reports whether err is a refusal with a status of HTTP.
func Is(err error, code int) bool {
	var refused *Error
	return errors.As(err, &refused) && refused.Code == code
}

// answerTime is how long the API server may take for what is no watch.
const answerTime = 30 * time.Second

func (c *Cluster) http() *http.Client {
	c.once.Do(func() {
		c.client = &http.Client{Transport: &http.Transport{
			TLSClientConfig: c.TLS, ForceAttemptHTTP2: true, IdleConnTimeout: 90 * time.Second,
			TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: answerTime,
			// A watch on a dead connection would otherwise wait for ever.
			HTTP2: &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 15 * time.Second},
		}}
	})
	return c.client
}

// pods is the path of the pods, or of one of them and a part of it.
func (c *Cluster) pods(parts ...string) string {
	path := "/api/v1/namespaces/" + url.PathEscape(c.Namespace) + "/pods"
	for _, part := range parts {
		path += "/" + url.PathEscape(part)
	}
	return path
}

// request prepares a request with the token of now.
func (c *Cluster) request(ctx context.Context, method, path string, body any) (*http.Request, error) {
	var reader io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("encoding a request: %w", err)
		}
		reader = bytes.NewReader(data)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.Address+path, reader)
	if err != nil {
		return nil, fmt.Errorf("making a request: %w", err)
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "tako")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.Token != nil {
		token, err := c.Token()
		if err != nil {
			return nil, fmt.Errorf("reading the service account's token: %w", err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return r, nil
}

// call makes a request and reads the answer into a value.
func (c *Cluster) call(ctx context.Context, method, path string, body, into any) error {
	ctx, stop := context.WithTimeout(ctx, answerTime)
	defer stop()
	r, err := c.request(ctx, method, path, body)
	if err != nil {
		return err
	}
	answer, err := c.http().Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if err := refusal(answer); err != nil {
		return err
	}
	if into == nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<20))
		return nil
	}
	if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
		return fmt.Errorf("reading the API server's answer: %w", err)
	}
	return nil
}

// refusal is the error that an answer says.
func refusal(answer *http.Response) error {
	if answer.StatusCode < 300 {
		return nil
	}
	data, _ := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	var status struct{ Message, Reason string }
	if json.Unmarshal(data, &status) != nil {
		status.Message = strings.TrimSpace(string(data[:min(len(data), 500)]))
	}
	return &Error{Code: answer.StatusCode, Reason: status.Reason, Message: status.Message}
}
