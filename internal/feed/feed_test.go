package feed_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/feed"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/store/storetest"
	"github.com/takodeploy/tako/version"
)

const space = "Spaces-1"

// depot is a store of documents and one of files.
type depot struct {
	*testing.T
	feeds *feed.Feeds
	dir   string
}

func newDepot(t *testing.T) *depot {
	t.Helper()
	engine := storetest.SQLite
	if os.Getenv(storetest.Variable) != "" {
		engine = storetest.Postgres
	}
	db := engine(t)
	d := &depot{T: t, dir: t.TempDir()}
	blobs, err := blob.OpenFolder(d.dir)
	if err != nil {
		t.Fatal(err)
	}
	d.feeds = &feed.Feeds{DB: db, Blobs: blobs}
	err = db.Do(t.Context(), func(tx *store.Tx) error {
		_, err := catalog.Seed(tx, catalog.AdminSeed{})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *depot) files() (names []string) {
	d.Helper()
	err := filepath.WalkDir(d.dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		d.Fatal(err)
	}
	return names
}

func (d *depot) push(name string, content io.Reader, mode feed.Overwrite) (*catalog.BuiltInPackage, feed.Outcome, error) {
	return d.feeds.BuiltIn().Push(d.Context(), feed.Upload{Space: space, FileName: name, Content: content, Size: -1, Mode: mode})
}

func zipped(t *testing.T, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i+1 < len(files); i += 2 {
		w, err := z.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, files[i+1])
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarred(t *testing.T, compress bool) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.Writer = &b
	if compress {
		g := gzip.NewWriter(&b)
		defer g.Close()
		w = g
	}
	out := tar.NewWriter(w)
	if err := out.WriteHeader(&tar.Header{Name: "a.txt", Size: 1, Mode: 0o644}); err != nil {
		t.Fatal(err)
	}
	io.WriteString(out, "a")
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	if g, ok := w.(*gzip.Writer); ok {
		g.Close()
	}
	return b.Bytes()
}

func TestFormats(t *testing.T) {
	d := newDepot(t)
	for name, data := range map[string][]byte{
		"A.1.0.0.zip": zipped(t, "x", "y"), "B.1.0.0.jar": zipped(t, "META-INF/MANIFEST.MF", "y"), "C.1.0.0.war": zipped(t, "x", "y"),
		"D.1.0.0.tar": tarred(t, false), "E.1.0.0.tar.gz": tarred(t, true), "F.1.0.0.TGZ": tarred(t, true),
		"G.1.0.0.nupkg": zipped(t, "G.nuspec", `<?xml version="1.0"?><package><metadata><title>Gee</title><releaseNotes>New</releaseNotes><description>About</description></metadata></package>`),
		"H.1.0.0.nupkg": zipped(t, "H.nuspec", "<broken", "lib/x", "y"),
	} {
		p, outcome, err := d.push(name, bytes.NewReader(data), feed.FailIfExists)
		if err != nil || outcome != feed.Stored {
			t.Errorf("%s: %v %v", name, outcome, err)
			continue
		}
		file, open, err := d.feeds.Open(t.Context(), space, "feeds-builtin", p.PackageID, "1")
		if err != nil || file.Size != int64(len(data)) || file.Hash != p.Hash || !strings.HasSuffix(strings.ToLower(name), file.Extension) {
			t.Errorf("%s: %+v %v", name, file, err)
		}
		for range 2 {
			r, err := open()
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("%s: %d bytes, %v", name, len(got), err)
			}
			r.Close()
		}
		if p.PackageID == "G" && (p.Title != "Gee" || p.ReleaseNotes != "New" || p.Description != "About") {
			t.Errorf("%+v", p)
		}
	}
	if has, err := d.feeds.Has(t.Context(), space, "feeds-builtin", "a", "1.0"); err != nil || !has {
		t.Error(has, err)
	}
	if has, err := d.feeds.Has(t.Context(), space, "feeds-builtin", "a", "1.1"); err != nil || has {
		t.Error(has, err)
	}
	if _, _, err := d.feeds.Open(t.Context(), space, "feeds-builtin", "A", "2"); !fault.Is(err, fault.NotFound) {
		t.Error(err)
	}
	if _, _, err := d.feeds.Open(t.Context(), space, "Feeds-9", "A", "1"); !fault.Is(err, fault.NotFound) {
		t.Error(err)
	}
	if _, _, err := d.feeds.Open(t.Context(), "Spaces-2", "feeds-builtin", "A", "1"); !fault.Is(err, fault.NotFound) {
		t.Error("another space's feed:", err)
	}
}

// TestFailingUploads breaks uploads off in several ways; nothing stays.
func TestFailingUploads(t *testing.T) {
	d := newDepot(t)
	data := zipped(t, "x", strings.Repeat("y", 1000))
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, tc := range map[string]struct {
		ctx     context.Context
		content io.Reader
		size    int64
		code    fault.Code
	}{
		"a reader that fails": {t.Context(), io.MultiReader(bytes.NewReader(data[:50]), iotest.ErrReader(errors.New("gone"))), -1, fault.Invalid},
		"too few bytes":       {t.Context(), bytes.NewReader(data[:50]), int64(len(data)), fault.Invalid},
		"too many bytes":      {t.Context(), bytes.NewReader(data), 50, fault.Invalid},
		"half of it":          {t.Context(), bytes.NewReader(data[:len(data)/2]), -1, fault.Invalid},
		"a client that left":  {canceled, bytes.NewReader(data), -1, fault.Internal},
	} {
		_, _, err := d.feeds.BuiltIn().Push(tc.ctx, feed.Upload{Space: space, FileName: "A.1.0.0.zip", Content: tc.content, Size: tc.size})
		if err == nil || fault.CodeOf(err) != tc.code {
			t.Errorf("%s: %v", name, err)
		}
		if left := d.files(); len(left) > 0 {
			t.Errorf("%s: %s stays", name, left)
		}
	}
}

// TestFullDisk stores into a blob store that has no space.
func TestFullDisk(t *testing.T) {
	d := newDepot(t)
	own := &feed.BuiltIn{DB: d.feeds.DB, Blobs: full{d.feeds.Blobs}}
	_, _, err := own.Push(t.Context(), feed.Upload{Space: space, FileName: "A.1.0.0.zip", Content: bytes.NewReader(zipped(t, "x", "y")), Size: -1})
	if !fault.Is(err, fault.Unavailable) {
		t.Error(err)
	}
	if p, err := own.Find(t.Context(), space, "A", "1.0.0"); p != nil || err != nil {
		t.Error(p, err)
	}
}

type full struct{ blob.Store }

func (full) Put(_ context.Context, name string, r io.Reader, _ int64) (blob.Written, error) {
	_, _ = io.Copy(io.Discard, r)
	return blob.Written{}, fault.New(fault.Unavailable, "There is no space left to store %s", name)
}

// elsewhere is a blob store whose blobs are no files, as in a bucket.
type elsewhere struct{ blob.Store }

func TestElsewhere(t *testing.T) {
	d := newDepot(t)
	own := &feed.BuiltIn{DB: d.feeds.DB, Blobs: elsewhere{d.feeds.Blobs}}
	before, _ := filepath.Glob(filepath.Join(os.TempDir(), "package-*"))
	if _, _, err := own.Push(t.Context(), feed.Upload{Space: space, FileName: "A.1.0.0.zip", Content: bytes.NewReader(zipped(t, "x", "y")), Size: -1}); err != nil {
		t.Error(err)
	}
	if _, _, err := own.Push(t.Context(), feed.Upload{Space: space, FileName: "B.1.0.0.zip", Content: strings.NewReader("rubbish"), Size: -1}); !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
	after, _ := filepath.Glob(filepath.Join(os.TempDir(), "package-*"))
	if len(d.files()) != 1 || len(after) > len(before) {
		t.Error(d.files(), after)
	}
}

// TestAtOnce pushes one version many times at once: one upload wins, and the
// files of the others go.
func TestAtOnce(t *testing.T) {
	d := newDepot(t)
	var wins, ignored sync.Map
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			p, outcome, err := d.push("A.1.0.0.zip", bytes.NewReader(zipped(t, "x", fmt.Sprint(i))), feed.IgnoreIfExists)
			switch {
			case err != nil:
				t.Error(err)
			case outcome == feed.Stored:
				wins.Store(p.Hash, true)
			default:
				ignored.Store(i, p.Hash)
			}
		})
	}
	all.Wait()
	count := 0
	wins.Range(func(_, _ any) bool { count++; return true })
	if count != 1 || len(d.files()) != 1 {
		t.Errorf("%d won, %d files", count, len(d.files()))
	}
	ignored.Range(func(_, hash any) bool {
		if _, ok := wins.Load(hash); !ok {
			t.Error("somebody was told of another package")
		}
		return true
	})
}

func TestSweep(t *testing.T) {
	d := newDepot(t)
	own := d.feeds.BuiltIn()
	if _, _, err := d.push("A.1.0.0.zip", bytes.NewReader(zipped(t, "x", "y")), feed.FailIfExists); err != nil {
		t.Fatal(err)
	}
	if _, err := d.feeds.Blobs.Put(t.Context(), "packages/Spaces-1/lost.zip", strings.NewReader("x"), 1); err != nil {
		t.Fatal(err)
	}
	if n, err := own.Sweep(t.Context(), time.Now()); n != 0 || err != nil {
		t.Error(n, err)
	}
	if n, err := own.Sweep(t.Context(), time.Now().Add(49*time.Hour)); n != 1 || err != nil || len(d.files()) != 1 {
		t.Error(n, err, d.files())
	}
	if _, err := d.feeds.Blobs.Put(t.Context(), "feedcache/old.zip", strings.NewReader("x"), 1); err != nil {
		t.Fatal(err)
	}
	if err := d.feeds.Tidy(t.Context(), time.Now()); err != nil || len(d.files()) != 2 {
		t.Error(err, d.files())
	}
	if err := d.feeds.Tidy(t.Context(), time.Now().AddDate(0, 0, 31)); err != nil || len(d.files()) != 1 {
		t.Error(err, d.files())
	}
}

func TestSelection(t *testing.T) {
	var all []feed.Package
	for _, v := range []string{"1.0.0", "1.0.0+b2", "2.0.0-alpha.10", "2.0.0-alpha.9", "1.10", "1.9", "junk!", "3.0.0-rc"} {
		all = append(all, feed.Package{ID: "A", Version: v})
	}
	yes, no := true, false
	for _, tc := range []struct {
		name string
		s    feed.Selection
		want string
	}{
		{"everything", feed.Selection{}, "3.0.0-rc 2.0.0-alpha.10 2.0.0-alpha.9 1.10 1.9 1.0.0+b2 1.0.0 junk!"},
		{"releases", feed.Selection{PreReleases: &no}, "1.10 1.9 1.0.0+b2 1.0.0"},
		{"the newest", feed.Selection{Newest: true}, "1.10 1.9 1.0.0+b2 1.0.0 3.0.0-rc 2.0.0-alpha.10 2.0.0-alpha.9"},
		{"the newest of all", feed.Selection{Newest: true, PreReleases: &yes}, "3.0.0-rc 2.0.0-alpha.10 2.0.0-alpha.9 1.10 1.9 1.0.0+b2 1.0.0"},
		{"with a tag", feed.Selection{Tag: "^alpha"}, "2.0.0-alpha.10 2.0.0-alpha.9"},
		{"in a range", feed.Selection{Range: "(1.0,2.0)"}, "2.0.0-alpha.10 2.0.0-alpha.9 1.10 1.9"},
		{"by text", feed.Selection{Filter: "ALPHA"}, "2.0.0-alpha.10 2.0.0-alpha.9"},
	} {
		got, err := tc.s.From(version.SemVer, all)
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, p := range got {
			texts = append(texts, p.Version)
		}
		if d := cmp.Diff(tc.want, strings.Join(texts, " ")); d != "" {
			t.Errorf("%s: %s", tc.name, d)
		}
	}
	if _, err := (feed.Selection{Range: "[1"}).From(version.SemVer, all); !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
	if _, err := (feed.Selection{Tag: "("}).From(version.SemVer, all); !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
}

func TestReleaseFeed(t *testing.T) {
	d := newDepot(t)
	p := &catalog.Project{}
	err := d.feeds.DB.Do(t.Context(), func(tx *store.Tx) error {
		groups, _, err := catalog.ProjectGroups.List(tx, kind.Query{Space: space})
		if err != nil {
			return err
		}
		lifecycles, _, err := catalog.Lifecycles.List(tx, kind.Query{Space: space})
		if err != nil {
			return err
		}
		p.SpaceID, p.Name, p.ProjectGroupID, p.LifecycleID = space, "Shop", groups[0].ID, lifecycles[0].ID
		return catalog.Projects.Put(tx, p)
	})
	if err != nil {
		t.Fatal(err)
	}
	f, err := d.feeds.At(t.Context(), space, "feeds-octopusproject")
	if err != nil {
		t.Fatal(err)
	}
	found, n, err := f.Search(t.Context(), "sho", 0, 10)
	if err != nil || n != 1 || found[0].ID != p.ID || found[0].Title != "Shop" {
		t.Error(found, n, err)
	}
	if v, err := d.feeds.Versions(t.Context(), space, "feeds-octopusproject", p.ID); err != nil || len(v) != 0 {
		t.Error(v, err)
	}
	if format, err := d.feeds.Format(t.Context(), space, "feeds-octopusproject"); err != nil || format != version.Octopus {
		t.Error(format, err)
	}
}

// TestReplacedAtOnce replaces one version many times at once: every upload
// succeeds, and the file of one of them stays.
func TestReplacedAtOnce(t *testing.T) {
	d := newDepot(t)
	var all sync.WaitGroup
	for i := range 3 {
		all.Go(func() {
			if _, _, err := d.push("A.1.0.0.zip", bytes.NewReader(zipped(t, "x", fmt.Sprint(i))), feed.OverwriteExisting); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	_, open, err := d.feeds.Open(t.Context(), space, "feeds-builtin", "A", "1.0.0")
	if err != nil {
		t.Fatal(err)
	}
	r, err := open()
	if err != nil || len(d.files()) != 1 {
		t.Fatal(err, d.files())
	}
	r.Close()
}
