package admin_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/takodeploy/tako/internal/admin"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/config"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/feed"
	"github.com/takodeploy/tako/internal/parcel"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/store/storetest"
)

// housed are the settings of an installation that a server has made, which runs no
// more.
func housed(t *testing.T, cfg *config.Server) *config.Server {
	t.Helper()
	_, stop := run(t, cfg)
	stop()
	return cfg
}

func ownFeed(t *testing.T, cfg *config.Server) *feed.BuiltIn {
	t.Helper()
	blobs, err := admin.Blobs(t.Context(), cfg.Blob)
	if err != nil {
		t.Fatal(err)
	}
	return &feed.BuiltIn{DB: noted(t, cfg), Blobs: blobs}
}

func pushed(t *testing.T, own *feed.BuiltIn, name, text string) {
	t.Helper()
	var content bytes.Buffer
	z := zip.NewWriter(&content)
	w, err := z.Create("hello.txt")
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err == nil {
		err = z.Close()
	}
	if err == nil {
		_, _, err = own.Push(t.Context(), feed.Upload{Space: "Spaces-1", FileName: name, Content: &content, Size: -1, Mode: feed.FailIfExists})
	}
	if err != nil {
		t.Fatal(err)
	}
}

func textOf(t *testing.T, own *feed.BuiltIn, id, version string) string {
	t.Helper()
	p, err := own.Get(t.Context(), "Spaces-1", id, version)
	if err != nil {
		t.Fatal(err)
	}
	r, err := own.Open(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := z.Open("hello.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer text.Close()
	all, err := io.ReadAll(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}

// TestPackagesGoAlong from SQLite to both databases, again and again.
func TestPackagesGoAlong(t *testing.T) {
	for name, open := range map[string]func(*testing.T, *config.Server){
		"to SQLite":     func(*testing.T, *config.Server) {},
		"to PostgreSQL": func(t *testing.T, cfg *config.Server) { cfg.DatabaseURL = secret.Text(storetest.EmptyURL(t)) },
	} {
		t.Run(name, func(t *testing.T) {
			from, to := housed(t, settings(t.TempDir())), settings(t.TempDir())
			open(t, to)
			housed(t, to)
			source, target := ownFeed(t, from), ownFeed(t, to)
			pushed(t, source, "Acme.Web.1.0.0.zip", "one")
			pushed(t, source, "Acme.Web.1.1.0-beta+5.zip", "beta")
			pushed(t, source, "Other.2.0.zip", "two")
			pushed(t, target, "Other.2.0.zip", "two of here")
			file, folder := filepath.Join(t.TempDir(), "all.json"), filepath.Join(t.TempDir(), "packages")
			p, err := admin.Export(t.Context(), from.Storage, file, folder, parcel.Ask{Space: "Default", Version: "2026.4.0"}, nil)
			if err != nil || len(p.Packages) != 3 || p.Form != 2 {
				t.Fatalf("%+v %v", p, err)
			}
			take := func(ask admin.Arrival) parcel.Taken {
				t.Helper()
				ask.Space, ask.Packages = "Default", folder
				taken, err := admin.Import(t.Context(), to.Storage, file, ask, nil)
				if err != nil {
					t.Fatal(err)
				}
				return taken
			}
			if taken := take(admin.Arrival{Arrival: parcel.Arrival{Trial: true}}); !slices.Contains(taken.Made, "package Acme.Web 1.0.0") {
				t.Errorf("a trial says %+v", taken)
			}
			if p, err := target.Find(t.Context(), "Spaces-1", "Acme.Web", "1.0.0"); p != nil || err != nil {
				t.Error("a trial brought a package in", err)
			}
			taken := take(admin.Arrival{})
			if !slices.Contains(taken.Made, "package Acme.Web 1.1.0-beta+5") || !slices.Contains(taken.Left, "package Other 2.0") {
				t.Errorf("%+v", taken)
			}
			if textOf(t, target, "Acme.Web", "1.0.0") != "one" || textOf(t, target, "Acme.Web", "1.1.0-beta+5") != "beta" || textOf(t, target, "Other", "2.0") != "two of here" {
				t.Error("not what was exported")
			}
			if taken := take(admin.Arrival{Arrival: parcel.Arrival{Overwrite: true}}); !slices.Contains(taken.Alike, "package Acme.Web 1.0.0") || !slices.Contains(taken.Changed, "package Other 2.0") {
				t.Errorf("%+v", taken)
			}
			if textOf(t, target, "Other", "2.0") != "two" {
				t.Error("it was not replaced")
			}
		})
	}
}

// TestPackagesThatAreNotThose of the export are refused before anything is taken in.
func TestPackagesThatAreNotThose(t *testing.T) {
	from, to := housed(t, settings(t.TempDir())), housed(t, settings(t.TempDir()))
	pushed(t, ownFeed(t, from), "Acme.Web.1.0.0.zip", "one")
	dir := t.TempDir()
	file, folder := filepath.Join(dir, "all.json"), filepath.Join(dir, "packages")
	if _, err := admin.Export(t.Context(), from.Storage, file, folder, parcel.Ask{Space: "Default"}, nil); err != nil {
		t.Fatal(err)
	}
	_, err := admin.Export(t.Context(), from.Storage, filepath.Join(dir, "again.json"), folder, parcel.Ask{Space: "Default"}, nil)
	if err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Error(err)
	}
	path := filepath.Join(folder, "Acme.Web.1.0.0.zip")
	for _, c := range []struct {
		says  string
		spoil func() error
	}{
		{"is not as it was exported", func() error { return os.WriteFile(path, []byte("else"), 0o600) }},
		{"is not there", func() error { return os.Remove(path) }},
		{"is no name of a package", func() error {
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			return os.WriteFile(file, bytes.ReplaceAll(text, []byte(`"Acme.Web.1.0.0.zip"`), []byte(`"../Acme.Web.1.0.0.zip"`)), 0o600)
		}},
	} {
		if err := c.spoil(); err != nil {
			t.Fatal(err)
		}
		_, err := admin.Import(t.Context(), to.Storage, file, admin.Arrival{Packages: folder, Arrival: parcel.Arrival{Space: "Fresh"}}, nil)
		var f *fault.Error
		if !errors.As(err, &f) || !strings.Contains(fmt.Sprint(f.Message, f.Details), c.says) {
			t.Errorf("%v, want %q", err, c.says)
		}
	}
	err = noted(t, to).View(t.Context(), func(tx *store.Tx) error {
		_, err := catalog.Spaces.Find(tx, "", "Fresh")
		return err
	})
	if !fault.Is(err, fault.NotFound) {
		t.Error("something was taken in:", err)
	}
}
