package blob

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// TestChecked damages a blob in the folder and serves it, whole and in part.
func TestChecked(t *testing.T) {
	text := strings.Repeat("content ", 50_000)
	root := t.TempDir()
	store, err := OpenFolder(root)
	if err != nil {
		t.Fatal(err)
	}
	written, err := store.Put(context.Background(), "a/b", strings.NewReader(text), -1)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		damage, asked string
		whole         bool
		first         bool // all of it is read first
	}{
		"as it was":                  {"", "", true, false},
		"as it was, a part":          {"", "bytes=10-", true, false},
		"as it was, a part of whole": {"", "bytes=10-", true, true},
		"as it was, all read twice":  {"", "", true, true},
		"damaged":                    {"Content", "", false, false},
		"damaged, the head":          {"Content", "bytes=0-99", true, false},
		"damaged, the rest":          {"Content", "bytes=100-", true, false},
		"damaged, a part of whole":   {"Content", "bytes=100-", false, true},
		"damaged, all of it":         {"Content", "bytes=0-", false, false},
		"damaged, empty part":        {"Content", "bytes=99999999-", true, false},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(root+"/a/b", []byte(c.damage+text[len(c.damage):]), 0o600); err != nil {
				t.Fatal(err)
			}
			var told error
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				file, err := store.Open(r.Context(), "a/b")
				if err != nil {
					t.Error(err)
					return
				}
				defer file.Close()
				checked, err := Check(file, written.Size, written.SHA256, "package X")
				if err != nil {
					t.Error(err)
					return
				}
				if c.first {
					if err := checked.Whole(); err != nil {
						told = checked.Err()
						panic(http.ErrAbortHandler)
					}
				}
				w.Header().Set("Content-Type", "application/octet-stream")
				http.ServeContent(w, r, "", time.Time{}, checked)
				told = checked.Err()
			}))
			defer s.Close()
			q, err := http.NewRequest(http.MethodGet, s.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			if c.asked != "" {
				q.Header.Set("Range", c.asked)
			}
			a, err := http.DefaultClient.Do(q)
			if err == nil {
				defer a.Body.Close()
				_, err = io.ReadAll(a.Body)
			}
			if (err == nil) != c.whole {
				t.Errorf("the download ends with %v", err)
			}
			s.Close()
			if (told == nil) != c.whole || told != nil && !strings.Contains(told.Error(), "The stored file of package X is damaged") {
				t.Errorf("told is %v", told)
			}
		})
	}
}

// TestLengthTells refuses a blob that was cut short or grew before any of it is
// read.
func TestLengthTells(t *testing.T) {
	for _, text := range []string{"", "conten", "content and more"} {
		store, err := OpenFolder(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.Put(t.Context(), "a/b", strings.NewReader(text), -1); err != nil {
			t.Fatal(err)
		}
		file, err := store.Open(t.Context(), "a/b")
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if _, err := Check(file, 7, "sum", "package X"); err == nil || !strings.Contains(err.Error(), "The stored file of package X is damaged: it has") {
			t.Errorf("of %q: %v", text, err)
		}
	}
}
