// Package gittest serves real Git repositories to tests.
package gittest

import (
	"encoding/pem"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Who is admitted.
const (
	User     = "robot"
	Password = "s3cret-t0ken"
)

// Origin is a repository with a server before it, as people have them.
type Origin struct {
	t   *testing.T
	Dir string // of the bare repository
	URL string
	CA  string // file of the server's certificate

	mu       sync.Mutex
	requests []string
}

// Requests lists the addresses that were asked for.
func (o *Origin) Requests() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.requests)
}

// New serves a repository with one commit over HTTPS, to who knows the
// password.
func New(t *testing.T) *Origin {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git program here")
	}
	folder := t.TempDir()
	o := &Origin{t: t, Dir: filepath.Join(folder, "it.git")}
	o.Run(folder, "init", "--quiet", "--bare", "--initial-branch=main", "it.git")
	for _, setting := range []string{"http.receivepack", "uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"} {
		o.Run(o.Dir, "config", setting, "true")
	}
	o.Commit("main", "first", map[string]string{"README.md": "hello\n", ".octopus/a.ocl": "a = 1", ".octopus/runbooks/r.ocl": "b = 2"})
	where, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		t.Fatal(err)
	}
	backend := &cgi.Handler{Path: filepath.Join(strings.TrimSpace(string(where)), "git-http-backend"), Env: []string{"GIT_PROJECT_ROOT=" + folder, "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=" + User}, InheritEnv: []string{"PATH"}}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.mu.Lock()
		o.requests = append(o.requests, r.URL.String())
		o.mu.Unlock()
		if name, word, _ := r.BasicAuth(); name != User || word != Password {
			w.Header().Set("WWW-Authenticate", `Basic realm="it"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		backend.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	o.URL = server.URL + "/it.git"
	o.CA = filepath.Join(folder, "ca.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(o.CA, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	return o
}

// Run runs git and gives what it says.
func (o *Origin) Run(dir string, args ...string) string {
	o.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=P", "GIT_AUTHOR_EMAIL=p@example.com", "GIT_COMMITTER_NAME=P", "GIT_COMMITTER_EMAIL=p@example.com")
	out, err := cmd.CombinedOutput()
	if err != nil {
		o.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// Commit makes a commit in a clone, as a person would, and gives its hash.
func (o *Origin) Commit(branch, message string, files map[string]string) string {
	o.t.Helper()
	clone := filepath.Join(o.t.TempDir(), "clone")
	o.Run(filepath.Dir(clone), "clone", "--quiet", o.Dir, clone)
	if o.Run(clone, "ls-remote", "--heads", "origin", branch) != "" {
		o.Run(clone, "checkout", "--quiet", branch)
	} else {
		o.Run(clone, "checkout", "--quiet", "-b", branch)
	}
	for name, text := range files {
		file := filepath.Join(clone, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			o.t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			o.t.Fatal(err)
		}
	}
	o.Run(clone, "add", "-A")
	o.Run(clone, "commit", "--quiet", "-m", message)
	o.Run(clone, "push", "--quiet", "origin", branch)
	return o.Run(clone, "rev-parse", "HEAD")
}
