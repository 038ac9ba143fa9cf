package archive

import (
	"archive/tar"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/fault"
)

func TestExtract(t *testing.T) {
	common := []file{
		{name: "bin/", mode: fs.ModeDir | 0o755},
		{name: "bin/run.sh", body: "#!/bin/sh\n", mode: 0o755},
		{name: "etc/deep/app.json", body: "{}", mode: 0o640},
		{name: "bin/current", link: "../etc"},
		{name: "empty", mode: 0o444},
	}
	want := []string{
		"bin/", "bin/current -> ../etc", `bin/run.sh 755 "#!/bin/sh\n"`,
		`empty 444 ""`, "etc/", "etc/deep/", `etc/deep/app.json 640 "{}"`,
	}
	cases := []struct {
		name string
		file string
		want []string
	}{
		{"zip", makeZip(t, "a.1.0.0.zip", common...), want},
		{"jar by another name", makeZip(t, "a.jar", common...), want},
		{"tar", makeTar(t, "a.tar", common...), want},
		{"tar.gz", makeTar(t, "a.tar.gz", common...), want},
		{"tar.zst", makeTar(t, "a.tar.zst", common...), want},
		{"tgz that is called zip", makeTar(t, "a.tgz", common...), want},
		{"tar.bz2", save(t, "a.tar.bz2", bzip2Sample(t)), []string{`hello.txt 644 "hello\n"`}},
		{"empty zip", makeZip(t, "e.zip"), nil},
		{"empty tar", makeTar(t, "e.tar"), nil},
		{
			"backslashes in a zip",
			makeZip(t, "w.zip", file{name: `dir\`}, file{name: `dir\sub\f.txt`, body: "x"}),
			[]string{"dir/", "dir/sub/", `dir/sub/f.txt 644 "x"`},
		},
		{
			"old code page",
			makeZip(t, "cp.zip", file{name: "caf\x82.txt", body: "x"}),
			[]string{`café.txt 644 "x"`},
		},
		{
			"the later of two wins",
			makeZip(t, "d.zip", file{name: "f", body: "old"}, file{name: "f", body: "new"}),
			[]string{`f 644 "new"`},
		},
		{
			"nupkg without its metadata",
			makeZip(t, "Acme.1.0.0.nupkg", file{name: "_rels/.rels"}, file{name: "[Content_Types].xml"},
				file{name: "package/services/metadata/core-properties/1.psmdcp"}, file{name: "Acme.nuspec"},
				file{name: "package/mine.txt", body: "m"}, file{name: "lib/a%20b.txt", body: "x"}),
			[]string{"lib/", `lib/a b.txt 644 "x"`, "package/", `package/mine.txt 644 "m"`},
		},
		{
			"hard link",
			makeTar(t, "h.tar", file{name: "a", body: "x", mode: 0o644}, file{name: "b/c", hard: "a"}),
			[]string{`a 644 "x"`, "b/", `b/c 644 "x"`},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			must(t, Check(t.Context(), c.file))
			dir := filepath.Join(t.TempDir(), "apps", "1.0")
			result, err := Extract(context.Background(), c.file, dir, Options{})
			must(t, err)
			got := tree(t, dir)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("unpacked tree differs (-want +got):\n%s", diff)
			}
			files := 0
			for _, line := range got {
				if !strings.HasSuffix(line, "/") {
					files++
				}
			}
			if result.Files != files {
				t.Errorf("counted %d files, want %d", result.Files, files)
			}
			alone(t, dir)
		})
	}
}

// alone checks that nothing lies beside dir.
func alone(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(dir))
	must(t, err)
	for _, e := range entries {
		if e.Name() != filepath.Base(dir) {
			t.Errorf("%s was left beside the folder", e.Name())
		}
	}
}

func TestExtractRefuses(t *testing.T) {
	ok := file{name: "ok.txt", body: "fine", mode: 0o644}
	whole := makeTar(t, "whole.tar.gz", ok, file{name: "big", body: strings.Repeat("0123456789", 5000)})
	cases := []struct {
		name  string
		file  string
		names string // what the message must name
		late  bool   // Check cannot see it
	}{
		{name: "zip slip", file: makeZip(t, "a.zip", ok, file{name: "../evil", body: "x"}), names: `"../evil"`},
		{name: "zip slip with backslashes", file: makeZip(t, "a.zip", ok, file{name: `a\..\..\evil`}), names: `evil`},
		{name: "absolute", file: makeTar(t, "a.tar", ok, file{name: "/etc/evil"}), names: `"/etc/evil"`},
		{name: "drive", file: makeZip(t, "a.zip", ok, file{name: `C:\evil`}), names: `evil`},
		{name: "tar slip", file: makeTar(t, "a.tgz", ok, file{name: "a/../../evil"}), names: `"a/../../evil"`},
		{name: "escaped NuGet name", file: makeZip(t, "a.nupkg", ok, file{name: "%2e%2e/evil"}), names: "evil"},
		{name: "link out", file: makeTar(t, "a.tar", ok, file{name: "l", link: "../.."}), names: `"l"`},
		{name: "absolute link", file: makeZip(t, "a.zip", ok, file{name: "l", link: "/etc"}), names: `"l"`},
		{name: "hard link out", file: makeTar(t, "a.tar", ok, file{name: "l", hard: "../../etc/passwd"}), names: `"l"`},
		{name: "hard link to nothing", file: makeTar(t, "a.tar", ok, file{name: "l", hard: "no"}), names: `"l"`, late: true},
		{
			name:  "through a link",
			file:  makeTar(t, "a.tar", ok, file{name: "l", link: "."}, file{name: "l/x", body: "x"}),
			names: `"l"`, late: true,
		},
		{
			name:  "links that lead out together",
			file:  makeTar(t, "a.tar", file{name: "a/b/up", link: "../.."}, file{name: "out", link: "a/b/up/.."}),
			names: `"out"`, late: true,
		},
		{name: "device", file: makeTar(t, "a.tar", ok, file{name: "p", mode: fs.ModeNamedPipe}), names: `"p"`},
		{name: "folder over file", file: makeZip(t, "a.zip", ok, file{name: "ok.txt/x"}), names: `"ok.txt/x"`, late: true},
		{name: "truncated zip", file: truncated(t, makeZip(t, "a.zip", ok), 10), names: "a.zip"},
		{name: "truncated tar.gz", file: truncated(t, whole, 20), names: "damaged"},
		{name: "tar.gz without its checksum", file: truncated(t, whole, 4), names: "damaged"},
		{name: "truncated tar", file: truncated(t, makeTar(t, "a.tar", ok), 1533), names: "damaged"},
		{name: "not an archive", file: save(t, "a.zip", []byte("hello")), names: "not a zip or tar"},
		{name: "empty file", file: save(t, "a.zip", nil), names: "not a zip or tar"},
		{name: "gzip of no tar", file: save(t, "a.gz", gzipped(t, []byte(strings.Repeat("text ", 300)))), names: "damaged"},
		{name: "zip bomb", file: bomb(t), names: "allowed"},
		{name: "flipped bit", file: flipped(t), names: `"data"`},
		{name: "flipped bit in a tar.gz", file: spoiled(t, whole), names: "it is damaged or incomplete"},
		{name: "flipped bit in a tar.bz2", file: spoiled(t, save(t, "a.tar.bz2", bzip2Sample(t))), names: "is damaged or incomplete"},
		{name: "shared data", file: overlapping(t), names: "shares its data"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "here", "app")
			must(t, os.Mkdir(filepath.Dir(dir), 0o755))
			_, err := Extract(context.Background(), c.file, dir, Options{})
			if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), c.names) {
				t.Fatalf("error %v, want an Invalid one that names %s", err, c.names)
			}
			if left := tree(t, filepath.Dir(filepath.Dir(dir))); len(left) != 1 {
				t.Errorf("left behind: %q", left)
			}
			if err := Check(t.Context(), c.file); (err == nil) != c.late {
				t.Errorf("Check says %v", err)
			}
		})
	}
}

func TestExtractTakesFoldersAsTheyAre(t *testing.T) {
	a := makeZip(t, "a.zip", file{name: "f", body: "x"})
	dir := filepath.Join(t.TempDir(), "app")
	must(t, os.Mkdir(dir, 0o755))
	_, err := Extract(context.Background(), a, dir, Options{})
	must(t, err)
	_, err = Extract(context.Background(), a, dir, Options{})
	if !fault.Is(err, fault.Conflict) {
		t.Fatalf("error %v, want a conflict", err)
	}
	if diff := cmp.Diff([]string{`f 644 "x"`}, tree(t, dir)); diff != "" {
		t.Error(diff)
	}
	alone(t, dir)
}

func TestExtractInto(t *testing.T) {
	dir := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(dir, "d", "own"), 0o755))
	must(t, os.WriteFile(filepath.Join(dir, "f"), []byte("old"), 0o644))
	must(t, os.WriteFile(filepath.Join(dir, "kept"), []byte("k"), 0o644))
	a := makeZip(t, "a.zip", file{name: "f", body: "new"}, file{name: "d/g", body: "g"}, file{name: "l", link: "f"})
	result, err := ExtractInto(context.Background(), a, dir, Options{})
	must(t, err)
	want := []string{"d/", `d/g 644 "g"`, "d/own/", `f 644 "new"`, `kept 644 "k"`, "l -> f"}
	if diff := cmp.Diff(want, tree(t, dir)); diff != "" || result.Files != 3 {
		t.Errorf("%d files (-want +got):\n%s", result.Files, diff)
	}
	bad := makeZip(t, "b.zip", file{name: "f", body: "bad"}, file{name: "../x"})
	if _, err := ExtractInto(context.Background(), bad, dir, Options{}); !fault.Is(err, fault.Invalid) {
		t.Errorf("error %v", err)
	}
	if diff := cmp.Diff(want, tree(t, dir)); diff != "" {
		t.Errorf("after a refusal (-want +got):\n%s", diff)
	}
}

func TestExtractStopsWhenCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	dir := filepath.Join(t.TempDir(), "x", "app")
	_, err := Extract(ctx, makeZip(t, "a.zip", file{name: "f", body: "x"}), dir, Options{})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want canceled", err)
	}
	if left := tree(t, filepath.Dir(dir)); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestExtractLimits(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "app")
	a := makeTar(t, "a.tar.gz", file{name: "f", body: "0123456789"}, file{name: "g", body: "0123456789"})
	for _, o := range []Options{{MaxBytes: 15}, {MaxEntries: 1}} {
		if _, err := Extract(context.Background(), a, dir, o); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v gave %v, want a refusal", o, err)
		}
	}
	if _, err := Extract(context.Background(), a, dir, Options{MaxBytes: 20, MaxEntries: 2}); err != nil {
		t.Error(err)
	}
}

func TestExtractWithoutSpace(t *testing.T) {
	src, err := open(makeZip(t, "a.zip", file{name: "f", body: "0123456789"}))
	must(t, err)
	defer src.Close()
	b, err := newBudget(src, t.TempDir(), Options{})
	must(t, err)
	b.free = 5
	_, err = unpack(context.Background(), src, t.TempDir(), b)
	if err = explain("a.zip", err); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "disk space") {
		t.Errorf("error %v, want one about disk space", err)
	}
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full on this system to fail a write with")
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	must(t, err)
	defer full.Close()
	u := &unpacker{ctx: context.Background(), buffer: make([]byte, 10)}
	_, err = u.copy(full, &item{name: "f", size: 1, body: strings.NewReader("x")})
	if err = explain("a.zip", err); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "disk space") {
		t.Errorf("error %v, want one about disk space", err)
	}
}

func TestList(t *testing.T) {
	got, err := List(makeTar(t, "a.tar.gz", file{name: "d/", mode: fs.ModeDir | 0o755}, file{name: "d/f", body: "abc", mode: 0o600}))
	must(t, err)
	for i := range got {
		got[i].ModTime = got[i].ModTime.Round(0)
	}
	want := []Entry{{Path: "d", Mode: fs.ModeDir | 0o755}, {Path: "d/f", Size: 3, Mode: 0o600}}
	ignore := cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "ModTime" }, cmp.Ignore())
	if diff := cmp.Diff(want, got, ignore); diff != "" {
		t.Error(diff)
	}
}

func TestExtractBigInFlatMemory(t *testing.T) {
	const size = 500 << 20
	dir := t.TempDir()
	name := filepath.Join(dir, "big.tar")
	f, err := os.Create(name)
	must(t, err)
	w := tar.NewWriter(f)
	must(t, w.WriteHeader(&tar.Header{Name: "big", Mode: 0o644, Size: size}))
	// A hole instead of content, and another for the end mark.
	must(t, f.Truncate(512+size+1024))
	must(t, f.Close())

	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	must(t, Check(t.Context(), name))
	result, err := Extract(context.Background(), name, filepath.Join(dir, "out"), Options{})
	must(t, err)
	runtime.ReadMemStats(&after)
	if result.Bytes != size {
		t.Errorf("wrote %d bytes, want %d", result.Bytes, size)
	}
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 4<<20 {
		t.Errorf("allocated %d bytes in all", grown)
	}
}
