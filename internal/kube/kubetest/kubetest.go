// Package kubetest leads tests to a real Kubernetes cluster: that of
// KUBECONFIG. `scripts/kubernetes CMD` brings one up for a command.
package kubetest

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/takodeploy/tako/internal/kube"
)

// Cluster is a cluster as its administrator sees it.
type Cluster struct {
	*kube.Cluster
	client *http.Client
}

// New leads to the cluster, to a namespace of the test's own that goes with the
// test. Without a cluster the test is skipped.
func New(t testing.TB) *Cluster {
	t.Helper()
	path := os.Getenv("KUBECONFIG")
	if path == "" {
		t.Skip("there is no cluster: set KUBECONFIG, or run the test through scripts/kubernetes")
	}
	c, err := read(path)
	if err != nil {
		t.Fatalf("reading %s: %v", path, err)
	}
	var suffix [4]byte
	_, _ = rand.Read(suffix[:])
	c.Namespace = "tako-test-" + hex.EncodeToString(suffix[:])
	c.Call(t, http.MethodPost, "/api/v1/namespaces", map[string]any{"metadata": map[string]any{"name": c.Namespace}}, nil)
	t.Cleanup(func() { c.Call(t, http.MethodDelete, "/api/v1/namespaces/"+c.Namespace, nil, nil) })
	return c
}

// WorkerImage is the image of workers in the cluster. Where nobody has named
// it, the cluster was not prepared for tests that run pods.
func WorkerImage(t testing.TB) string {
	t.Helper()
	image := os.Getenv("TAKO_TEST_WORKER_IMAGE")
	if image == "" {
		t.Skip("no image of workers is in the cluster, as far as TAKO_TEST_WORKER_IMAGE says: run the test through scripts/kubernetes")
	}
	return image
}

// Call asks the API server for anything; what it refuses fails the test.
func (c *Cluster) Call(t testing.TB, method, path string, body, into any) {
	t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequest(method, c.Address+path, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := c.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode >= 300 {
		t.Fatalf("%s %s: %s %s %v", method, path, answer.Status, text, err)
	}
	if into != nil {
		if err := json.Unmarshal(text, into); err != nil {
			t.Fatal(err)
		}
	}
}

// HTTP speaks to the API server as its administrator.
func (c *Cluster) HTTP() *http.Client { return c.client }

// config is the part of a kubeconfig that leads to its first cluster with its
// first user.
type config struct {
	Clusters []struct {
		Cluster struct {
			Server string
			CA     string `yaml:"certificate-authority"`
			CAData string `yaml:"certificate-authority-data"`
		}
	}
	Users []struct {
		User struct {
			Cert     string `yaml:"client-certificate"`
			CertData string `yaml:"client-certificate-data"`
			Key      string `yaml:"client-key"`
			KeyData  string `yaml:"client-key-data"`
		}
	}
}

func read(path string) (*Cluster, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var c config
	if err := yaml.Unmarshal(text, &c); err != nil {
		return nil, err
	}
	if len(c.Clusters) == 0 || len(c.Users) == 0 {
		return nil, fmt.Errorf("it names no cluster or no user")
	}
	at, who := c.Clusters[0].Cluster, c.Users[0].User
	authority, err := pem(at.CA, at.CAData)
	if err != nil {
		return nil, err
	}
	cert, err := pem(who.Cert, who.CertData)
	if err != nil {
		return nil, err
	}
	key, err := pem(who.Key, who.KeyData)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	trust := &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	return &Cluster{
		Cluster: &kube.Cluster{Address: at.Server, TLS: trust},
		client:  &http.Client{Transport: &http.Transport{TLSClientConfig: trust.Clone(), ForceAttemptHTTP2: true}},
	}, nil
}

// pem is what a kubeconfig has in a file or in itself.
func pem(path, data string) ([]byte, error) {
	if data != "" {
		return base64.StdEncoding.DecodeString(data)
	}
	return os.ReadFile(path)
}
