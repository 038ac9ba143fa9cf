package gitrepo_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"encoding/pem"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/gitrepo"
)

const (
	user     = "robot"
	password = "s3cret-t0ken"
)

// origin is a repository with a server before it, as people have them.
type origin struct {
	t   *testing.T
	dir string
	url string
	ca  string
	log *record
}

type record struct {
	sync.Mutex
	requests []string
}

// newOrigin serves a repository with one commit over HTTPS, to who knows the
// password.
func newOrigin(t *testing.T) *origin {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git program here")
	}
	folder := t.TempDir()
	o := &origin{t: t, dir: filepath.Join(folder, "it.git"), log: &record{}}
	o.run(folder, "init", "--quiet", "--bare", "--initial-branch=main", "it.git")
	for _, setting := range []string{"http.receivepack", "uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"} {
		o.run(o.dir, "config", setting, "true")
	}
	o.commit("main", "first", map[string]string{"README.md": "hello\n", ".octopus/a.ocl": "a = 1", ".octopus/runbooks/r.ocl": "b = 2"})
	where, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		t.Fatal(err)
	}
	backend := &cgi.Handler{Path: filepath.Join(strings.TrimSpace(string(where)), "git-http-backend"), Env: []string{"GIT_PROJECT_ROOT=" + folder, "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=" + user}, InheritEnv: []string{"PATH"}}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.log.Lock()
		o.log.requests = append(o.log.requests, r.URL.String())
		o.log.Unlock()
		if name, word, _ := r.BasicAuth(); name != user || word != password {
			w.Header().Set("WWW-Authenticate", `Basic realm="it"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		backend.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	o.url = server.URL + "/it.git"
	o.ca = filepath.Join(folder, "ca.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(o.ca, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *origin) run(dir string, args ...string) string {
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

// commit makes a commit in a clone, as a person would, and gives its hash.
func (o *origin) commit(branch, message string, files map[string]string) string {
	o.t.Helper()
	clone := filepath.Join(o.t.TempDir(), "clone")
	o.run(filepath.Dir(clone), "clone", "--quiet", o.dir, clone)
	if o.run(clone, "ls-remote", "--heads", "origin", branch) != "" {
		o.run(clone, "checkout", "--quiet", branch)
	} else {
		o.run(clone, "checkout", "--quiet", "-b", branch)
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
	o.run(clone, "add", "-A")
	o.run(clone, "commit", "--quiet", "-m", message)
	o.run(clone, "push", "--quiet", "origin", branch)
	return o.run(clone, "rev-parse", "HEAD")
}

func (o *origin) open(cache *gitrepo.Cache, word string) *gitrepo.Session {
	o.t.Helper()
	cache.Certificates = o.ca
	s := cache.Repository(gitrepo.Remote{Owner: "Projects-1", URL: o.url, Username: user, Password: word})
	o.t.Cleanup(s.Close)
	return s
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestRead(t *testing.T) {
	o := newOrigin(t)
	first := o.run(o.dir, "rev-parse", "main")
	second := o.commit("feature/x", "second", map[string]string{".octopus/a.ocl": "a = 2"})
	o.run(o.dir, "-c", "user.name=P", "-c", "user.email=p@example.com", "tag", "-a", "v1", "-m", "one", first)
	ctx := context.Background()
	s := o.open(gitrepo.New(t.TempDir()), password)
	if err := s.Fetch(ctx, 0); err != nil {
		t.Fatal(err)
	}
	branches := must[[]gitrepo.Reference](t)(s.References(ctx, gitrepo.Heads))
	want := []gitrepo.Reference{{Name: "feature/x", Canonical: "refs/heads/feature/x", Commit: second}, {Name: "main", Canonical: "refs/heads/main", Commit: first}}
	if diff := cmp.Diff(want, branches); diff != "" {
		t.Errorf("branches, -want +got\n%s", diff)
	}
	for ref, commit := range map[string]string{"main": first, "refs/heads/feature/x": second, "v1": first, "refs/tags/v1": first, second: second, second[:10]: second} {
		if got := must[gitrepo.Reference](t)(s.Resolve(ctx, ref)); got.Commit != commit {
			t.Errorf("%s means %+v, want %s", ref, got, commit)
		}
	}
	for _, ref := range []string{"nowhere", "refs/heads/v1", "refs/notes/x", "--all", "0123456789", "main~1", ""} {
		if got, err := s.Resolve(ctx, ref); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s means %+v, %v", ref, got, err)
		}
	}
	for commit, text := range map[string]string{first: "a = 1", second: "a = 2"} {
		if got, ok, err := s.Read(ctx, commit, ".octopus/a.ocl"); string(got) != text || !ok || err != nil {
			t.Errorf("read %q, %v, %v, want %q", got, ok, err, text)
		}
	}
	if got, ok, err := s.Read(ctx, first, "nothing.ocl"); ok || err != nil {
		t.Errorf("read %q, %v of a file that is not there", got, err)
	}
	if _, _, err := s.Read(ctx, first, ".octopus/runbooks"); !fault.Is(err, fault.Invalid) {
		t.Errorf("reading a folder gave %v", err)
	}
	if diff := cmp.Diff([]string{".octopus/a.ocl"}, must[[]string](t)(s.Files(ctx, first, ".octopus"))); diff != "" {
		t.Errorf("files, -want +got\n%s", diff)
	}
}

// TestFetch holds that the mirror follows its origin, also where that has been
// rewritten, and asks for nothing while the caller is content.
func TestFetch(t *testing.T) {
	o := newOrigin(t)
	o.commit("gone", "x", map[string]string{"x": "1"})
	ctx := context.Background()
	s := o.open(gitrepo.New(t.TempDir()), password)
	if err := s.Fetch(ctx, 0); err != nil {
		t.Fatal(err)
	}
	moved := o.commit("main", "moved", map[string]string{"x": "2"})
	o.run(o.dir, "branch", "-D", "gone")
	if err := s.Fetch(ctx, time.Hour); err != nil {
		t.Fatal(err)
	}
	if r := must[gitrepo.Reference](t)(s.Resolve(ctx, "main")); r.Commit == moved {
		t.Error("the mirror was fetched although the caller was content")
	}
	if err := s.Fetch(ctx, 0); err != nil {
		t.Fatal(err)
	}
	if r := must[gitrepo.Reference](t)(s.Resolve(ctx, "main")); r.Commit != moved {
		t.Errorf("main is at %s, want %s", r.Commit, moved)
	}
	if _, ok, err := s.Branch(ctx, "gone"); ok || err != nil {
		t.Errorf("the branch that is gone is there: %v", err)
	}
}

func TestApply(t *testing.T) {
	o := newOrigin(t)
	ctx := context.Background()
	s := o.open(gitrepo.New(t.TempDir()), password)
	if err := s.Fetch(ctx, 0); err != nil {
		t.Fatal(err)
	}
	base := must[gitrepo.Reference](t)(s.Resolve(ctx, "main")).Commit
	author := gitrepo.Author{Name: "Ann <Other>", Email: "ann@example.com", When: time.Unix(1700000000, 0)}
	change := gitrepo.Change{Branch: "main", Base: base, Message: "Change a\n\nand b", Author: author,
		Files: map[string][]byte{".octopus/a.ocl": []byte("a = 9"), ".octopus/deep/b.ocl": []byte("b"), "README.md": nil}}
	tip := must[string](t)(s.Apply(ctx, change))
	if got := o.run(o.dir, "log", "-1", "--format=%H|%an|%ae|%at|%cn|%B", "main"); got != tip+"|Ann Other|ann@example.com|1700000000|Ann Other|Change a\n\nand b" {
		t.Errorf("the commit is %q", got)
	}
	if got := o.run(o.dir, "ls-tree", "-r", "--name-only", "main"); got != ".octopus/a.ocl\n.octopus/deep/b.ocl\n.octopus/runbooks/r.ocl" {
		t.Errorf("the files are %q", got)
	}
	if r := must[gitrepo.Reference](t)(s.Resolve(ctx, "main")); r.Commit != tip {
		t.Errorf("the mirror is at %s, not at what was pushed", r.Commit)
	}
	again := gitrepo.Change{Branch: "main", Base: tip, Message: "nothing", Author: author, Files: map[string][]byte{".octopus/a.ocl": []byte("a = 9")}}
	if same := must[string](t)(s.Apply(ctx, again)); same != tip {
		t.Errorf("a change of nothing made the commit %s", same)
	}
	made := must[string](t)(s.Apply(ctx, gitrepo.Change{Branch: "new", Parent: base, Message: "m", Author: author, Files: map[string][]byte{"x": []byte("1")}}))
	if got := o.run(o.dir, "log", "--format=%H", "new"); got != made+"\n"+base {
		t.Errorf("the new branch has %q", got)
	}
}

// TestApplyLate holds that nothing is committed over what somebody else has
// committed in the meantime.
func TestApplyLate(t *testing.T) {
	o := newOrigin(t)
	ctx := context.Background()
	s := o.open(gitrepo.New(t.TempDir()), password)
	if err := s.Fetch(ctx, 0); err != nil {
		t.Fatal(err)
	}
	base := must[gitrepo.Reference](t)(s.Resolve(ctx, "main")).Commit
	theirs := o.commit("main", "theirs", map[string]string{"x": "1"})
	author := gitrepo.Author{Name: "A", Email: "a@example.com", When: time.Unix(1, 0)}
	for name, change := range map[string]gitrepo.Change{
		"moved":    {Branch: "main", Base: base, Message: "m", Author: author, Files: map[string][]byte{"x": []byte("2")}},
		"existing": {Branch: "main", Parent: base, Message: "m", Author: author, Files: map[string][]byte{"x": []byte("2")}},
	} {
		if tip, err := s.Apply(ctx, change); !fault.Is(err, fault.Conflict) {
			t.Errorf("%s: applied as %s, %v", name, tip, err)
		}
	}
	if got := o.run(o.dir, "rev-parse", "main"); got != theirs {
		t.Errorf("main is at %s, want %s", got, theirs)
	}
	if err := s.CreateBranch(ctx, "main", base); !fault.Is(err, fault.Conflict) {
		t.Errorf("made a branch that is there: %v", err)
	}
}

func TestEmptyRepository(t *testing.T) {
	o := newOrigin(t)
	o.run(o.dir, "update-ref", "-d", "refs/heads/main")
	ctx := context.Background()
	s := o.open(gitrepo.New(t.TempDir()), password)
	if err := s.Fetch(ctx, 0); err != nil {
		t.Fatal(err)
	}
	tip := must[string](t)(s.Apply(ctx, gitrepo.Change{Branch: "main", Message: "m", Author: gitrepo.Author{Name: "A", Email: "a@example.com", When: time.Unix(1, 0)}, Files: map[string][]byte{"x/y": []byte("1")}}))
	if got := o.run(o.dir, "log", "--format=%H", "main"); got != tip {
		t.Errorf("main has %q, want %s", got, tip)
	}
}

// TestCredentials holds that a password reaches the server and nothing else:
// no file of the mirror, no error, no address.
func TestCredentials(t *testing.T) {
	o := newOrigin(t)
	ctx := context.Background()
	folder := t.TempDir()
	s := o.open(gitrepo.New(folder), password)
	if err := s.Check(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.Fetch(ctx, 0); err != nil {
		t.Fatal(err)
	}
	const wrong = "not-the-password"
	err := o.open(gitrepo.New(t.TempDir()), wrong).Check(ctx)
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "does not admit these credentials") {
		t.Errorf("the wrong password gave %v", err)
	}
	if text := fmt.Sprintf("%+v", err); strings.Contains(text, wrong) {
		t.Errorf("the error tells the password: %s", text)
	}
	for _, request := range o.log.requests {
		if strings.Contains(request, password) {
			t.Errorf("the address %s tells the password", request)
		}
	}
	err = filepath.WalkDir(folder, func(file string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := os.ReadFile(file)
		if strings.Contains(string(content), password) {
			t.Errorf("%s tells the password", file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAway(t *testing.T) {
	o := newOrigin(t)
	ctx := context.Background()
	cache := gitrepo.New(t.TempDir())
	o.open(cache, password)
	for url, want := range map[string]fault.Code{o.url + "x": fault.Invalid, "https://127.0.0.1:1/it.git": fault.Unavailable, "file:///nowhere/it.git": fault.Invalid} {
		s := cache.Repository(gitrepo.Remote{URL: url, Username: user, Password: password})
		if err := s.Check(ctx); !fault.Is(err, want) {
			t.Errorf("%s: %v, want code %v", url, err, want)
		}
		s.Close()
	}
}

func TestTooLarge(t *testing.T) {
	o := newOrigin(t)
	cache := gitrepo.New(t.TempDir())
	cache.MostBytes = 100
	s := o.open(cache, password)
	if err := s.Fetch(context.Background(), 0); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "too large") {
		t.Fatalf("fetched: %v", err)
	}
	cache.MostBytes = 1 << 30
	if err := s.Fetch(context.Background(), 0); err != nil {
		t.Errorf("the mirror does not recover: %v", err)
	}
}

func TestTidy(t *testing.T) {
	o := newOrigin(t)
	folder := t.TempDir()
	cache := gitrepo.New(folder)
	cache.Certificates, cache.Most = o.ca, 1
	for _, owner := range []string{"a", "b", "c"} {
		s := cache.Repository(gitrepo.Remote{Owner: owner, URL: o.url, Username: user, Password: password})
		if err := s.Fetch(context.Background(), 0); err != nil {
			t.Fatal(err)
		}
		s.Close()
	}
	if left := must[[]os.DirEntry](t)(os.ReadDir(folder)); len(left) != 1 {
		t.Errorf("%d mirrors are left, want 1", len(left))
	}
}

func TestBranchName(t *testing.T) {
	o := newOrigin(t)
	s := o.open(gitrepo.New(t.TempDir()), password)
	for name, good := range map[string]bool{"main": true, "feature/x.y-1": true, "a..b": false, "x.lock": false, "": false, "-x": false, "a b": false, "a~1": false} {
		if err := s.CheckBranchName(context.Background(), name); (err == nil) != good {
			t.Errorf("%q: %v", name, err)
		}
	}
}
