package gitrepo_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/gitrepo"
	"github.com/takodeploy/tako/internal/gitrepo/gittest"
)

func open(t *testing.T, o *gittest.Origin, cache *gitrepo.Cache, word string) *gitrepo.Session {
	t.Helper()
	cache.Certificates = o.CA
	s := cache.Repository(gitrepo.Remote{Owner: "Projects-1", URL: o.URL, Username: gittest.User, Password: word})
	t.Cleanup(s.Close)
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
	o := gittest.New(t)
	first := o.Run(o.Dir, "rev-parse", "main")
	second := o.Commit("feature/x", "second", map[string]string{".octopus/a.ocl": "a = 2"})
	o.Run(o.Dir, "-c", "user.name=P", "-c", "user.email=p@example.com", "tag", "-a", "v1", "-m", "one", first)
	ctx := context.Background()
	s := open(t, o, gitrepo.New(t.TempDir()), gittest.Password)
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
	o := gittest.New(t)
	o.Commit("gone", "x", map[string]string{"x": "1"})
	ctx := context.Background()
	s := open(t, o, gitrepo.New(t.TempDir()), gittest.Password)
	if err := s.Fetch(ctx, 0); err != nil {
		t.Fatal(err)
	}
	moved := o.Commit("main", "moved", map[string]string{"x": "2"})
	o.Run(o.Dir, "branch", "-D", "gone")
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
	o := gittest.New(t)
	ctx := context.Background()
	s := open(t, o, gitrepo.New(t.TempDir()), gittest.Password)
	if err := s.Fetch(ctx, 0); err != nil {
		t.Fatal(err)
	}
	base := must[gitrepo.Reference](t)(s.Resolve(ctx, "main")).Commit
	author := gitrepo.Author{Name: "Ann <Other>", Email: "ann@example.com", When: time.Unix(1700000000, 0)}
	change := gitrepo.Change{Branch: "main", Base: base, Message: "Change a\n\nand b", Author: author,
		Files: map[string][]byte{".octopus/a.ocl": []byte("a = 9"), ".octopus/deep/b.ocl": []byte("b"), "README.md": nil}}
	tip := must[string](t)(s.Apply(ctx, change))
	if got := o.Run(o.Dir, "log", "-1", "--format=%H|%an|%ae|%at|%cn|%B", "main"); got != tip+"|Ann Other|ann@example.com|1700000000|Ann Other|Change a\n\nand b" {
		t.Errorf("the commit is %q", got)
	}
	if got := o.Run(o.Dir, "ls-tree", "-r", "--name-only", "main"); got != ".octopus/a.ocl\n.octopus/deep/b.ocl\n.octopus/runbooks/r.ocl" {
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
	if got := o.Run(o.Dir, "log", "--format=%H", "new"); got != made+"\n"+base {
		t.Errorf("the new branch has %q", got)
	}
}

// TestApplyLate holds that nothing is committed over what somebody else has
// committed in the meantime.
func TestApplyLate(t *testing.T) {
	o := gittest.New(t)
	ctx := context.Background()
	s := open(t, o, gitrepo.New(t.TempDir()), gittest.Password)
	if err := s.Fetch(ctx, 0); err != nil {
		t.Fatal(err)
	}
	base := must[gitrepo.Reference](t)(s.Resolve(ctx, "main")).Commit
	theirs := o.Commit("main", "theirs", map[string]string{"x": "1"})
	if err := s.Fetch(ctx, 0); err != nil {
		t.Fatal(err)
	}
	author := gitrepo.Author{Name: "A", Email: "a@example.com", When: time.Unix(1, 0)}
	for name, change := range map[string]gitrepo.Change{
		"moved":    {Branch: "main", Base: base, Message: "m", Author: author, Files: map[string][]byte{"x": []byte("2")}},
		"existing": {Branch: "main", Parent: base, Message: "m", Author: author, Files: map[string][]byte{"x": []byte("2")}},
	} {
		if tip, err := s.Apply(ctx, change); !fault.Is(err, fault.Conflict) {
			t.Errorf("%s: applied as %s, %v", name, tip, err)
		}
	}
	if got := o.Run(o.Dir, "rev-parse", "main"); got != theirs {
		t.Errorf("main is at %s, want %s", got, theirs)
	}
	for _, commit := range []string{base, theirs} {
		if err := s.CreateBranch(ctx, "main", commit); !fault.Is(err, fault.Conflict) {
			t.Errorf("made a branch that is there: %v", err)
		}
	}
}

func TestEmptyRepository(t *testing.T) {
	o := gittest.New(t)
	o.Run(o.Dir, "update-ref", "-d", "refs/heads/main")
	ctx := context.Background()
	s := open(t, o, gitrepo.New(t.TempDir()), gittest.Password)
	if err := s.Fetch(ctx, 0); err != nil {
		t.Fatal(err)
	}
	tip := must[string](t)(s.Apply(ctx, gitrepo.Change{Branch: "main", Message: "m", Author: gitrepo.Author{Name: "A", Email: "a@example.com", When: time.Unix(1, 0)}, Files: map[string][]byte{"x/y": []byte("1")}}))
	if got := o.Run(o.Dir, "log", "--format=%H", "main"); got != tip {
		t.Errorf("main has %q, want %s", got, tip)
	}
}

// TestCredentials holds that a password reaches the server and nothing else:
// no file of the mirror, no error, no address.
func TestCredentials(t *testing.T) {
	o := gittest.New(t)
	ctx := context.Background()
	folder := t.TempDir()
	s := open(t, o, gitrepo.New(folder), gittest.Password)
	if err := s.Check(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.Fetch(ctx, 0); err != nil {
		t.Fatal(err)
	}
	const wrong = "not-the-password"
	err := open(t, o, gitrepo.New(t.TempDir()), wrong).Check(ctx)
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "does not admit these credentials") {
		t.Errorf("the wrong password gave %v", err)
	}
	if text := fmt.Sprintf("%+v", err); strings.Contains(text, wrong) {
		t.Errorf("the error tells the password: %s", text)
	}
	for _, request := range o.Requests() {
		if strings.Contains(request, gittest.Password) {
			t.Errorf("the address %s tells the password", request)
		}
	}
	err = filepath.WalkDir(folder, func(file string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := os.ReadFile(file)
		if strings.Contains(string(content), gittest.Password) {
			t.Errorf("%s tells the password", file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestRedirect holds that a password does not follow a server that sends git
// elsewhere.
func TestRedirect(t *testing.T) {
	asked := make(chan string, 10)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Header.Get("Authorization")
		w.WriteHeader(http.StatusNotFound)
	}))
	defer elsewhere.Close()
	first := httptest.NewServer(http.RedirectHandler(elsewhere.URL+"/it.git/info/refs?service=git-upload-pack", http.StatusFound))
	defer first.Close()
	s := gitrepo.New(t.TempDir()).Repository(gitrepo.Remote{URL: first.URL + "/it.git", Username: gittest.User, Password: gittest.Password})
	defer s.Close()
	if err := s.Check(context.Background()); !fault.Is(err, fault.Invalid) {
		t.Errorf("checked: %v", err)
	}
	if len(asked) == 0 {
		t.Fatal("git has not gone where it was sent")
	}
	for range len(asked) {
		if header := <-asked; header != "" {
			t.Errorf("the other server was told %q", header)
		}
	}
}

func TestAway(t *testing.T) {
	o := gittest.New(t)
	ctx := context.Background()
	cache := gitrepo.New(t.TempDir())
	open(t, o, cache, gittest.Password)
	for url, want := range map[string]fault.Code{o.URL + "x": fault.Invalid, "https://127.0.0.1:1/it.git": fault.Unavailable, "file:///nowhere/it.git": fault.Invalid} {
		s := cache.Repository(gitrepo.Remote{URL: url, Username: gittest.User, Password: gittest.Password})
		if err := s.Check(ctx); !fault.Is(err, want) {
			t.Errorf("%s: %v, want code %v", url, err, want)
		}
		s.Close()
	}
}

func TestTooLarge(t *testing.T) {
	o := gittest.New(t)
	cache := gitrepo.New(t.TempDir())
	cache.MostBytes = 100
	s := open(t, o, cache, gittest.Password)
	if err := s.Fetch(context.Background(), 0); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "too large") {
		t.Fatalf("fetched: %v", err)
	}
	cache.MostBytes = 1 << 30
	if err := s.Fetch(context.Background(), 0); err != nil {
		t.Errorf("the mirror does not recover: %v", err)
	}
}

// TestFoldersOfThisMachine holds that no address leads to what lies where the
// server runs, such as the mirrors of other projects.
func TestFoldersOfThisMachine(t *testing.T) {
	o := gittest.New(t)
	cache := gitrepo.New(t.TempDir())
	for _, address := range []string{o.Dir, "file://" + o.Dir, "ext::sh -c date", "--upload-pack=date", "ssh://127.0.0.1" + o.Dir, "../" + filepath.Base(o.Dir), "https:" + o.Dir} {
		s := cache.Repository(gitrepo.Remote{URL: address})
		if err := s.Fetch(context.Background(), 0); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "is no address") {
			t.Errorf("%s: %v", address, err)
		}
		s.Close()
	}
}

// TestLargeFile holds that a file is refused by its length before it has filled
// the memory: a few kilobytes at the server may be gigabytes here.
func TestLargeFile(t *testing.T) {
	o := gittest.New(t)
	tip := o.Commit("main", "large", map[string]string{"zeros.ocl": strings.Repeat("\x00", 100<<20), "fits.ocl": strings.Repeat("\x00", 10<<20)})
	s := open(t, o, gitrepo.New(t.TempDir()), gittest.Password)
	ctx := context.Background()
	if err := s.Fetch(ctx, 0); err != nil {
		t.Fatal(err)
	}
	if got, ok, err := s.Read(ctx, tip, "fits.ocl"); len(got) != 10<<20 || !ok || err != nil {
		t.Errorf("read %d bytes, %v, %v", len(got), ok, err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, _, err := s.Read(ctx, tip, "zeros.ocl"); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "larger than 10 MB") {
		t.Errorf("read: %v", err)
	}
	if runtime.ReadMemStats(&after); after.TotalAlloc-before.TotalAlloc > 80<<20 {
		t.Errorf("it took %d MB of memory", (after.TotalAlloc-before.TotalAlloc)>>20)
	}
}

func TestTidy(t *testing.T) {
	o := gittest.New(t)
	folder := t.TempDir()
	cache := gitrepo.New(folder)
	cache.Certificates, cache.Most = o.CA, 1
	for _, owner := range []string{"a", "b", "c"} {
		s := cache.Repository(gitrepo.Remote{Owner: owner, URL: o.URL, Username: gittest.User, Password: gittest.Password})
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
	o := gittest.New(t)
	s := open(t, o, gitrepo.New(t.TempDir()), gittest.Password)
	for name, good := range map[string]bool{"main": true, "feature/x.y-1": true, "a..b": false, "x.lock": false, "": false, "-x": false, "a b": false, "a~1": false} {
		if err := s.CheckBranchName(context.Background(), name); (err == nil) != good {
			t.Errorf("%q: %v", name, err)
		}
	}
}
