package server

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/takodeploy/tako/internal/store"
)

// volume is a disk of its own, which can be made full and roomy again.
type volume struct {
	*testing.T
	dir string
}

func newVolume(t *testing.T) *volume {
	t.Helper()
	v := &volume{t, t.TempDir()}
	if err := syscall.Mount("tako", v.dir, "tmpfs", 0, "size=300m"); err != nil {
		t.Skip("only root can have a disk for a test:", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(v.dir, syscall.MNT_DETACH) })
	return v
}

// size gives the disk another size, in bytes.
func (v *volume) size(n int64) {
	v.Helper()
	if err := syscall.Mount("tako", v.dir, "tmpfs", syscall.MS_REMOUNT, fmt.Sprintf("size=%d", n)); err != nil {
		v.Fatal(err)
	}
}

// fill leaves nothing free.
func (v *volume) fill() {
	v.Helper()
	var disk syscall.Statfs_t
	if err := syscall.Statfs(v.dir, &disk); err != nil {
		v.Fatal(err)
	}
	v.size(int64(disk.Blocks-disk.Bfree) * disk.Bsize)
}

// on starts a server on the disk, has it asked, and stops it.
func (v *volume) on(ask func(call func(method, path, body string, status int, says string))) {
	v.Helper()
	cfg := local(v.dir)
	cfg.Admin.Username, cfg.Admin.APIKey = "admin", "API-ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	s, err := New(v.Context(), cfg, "1.2.3")
	if err != nil {
		v.Fatal(err)
	}
	ctx, stop := context.WithCancel(v.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	ask(func(method, path, body string, status int, says string) {
		v.Helper()
		q, err := http.NewRequest(method, "http://"+s.Addr().String()+path, strings.NewReader(body))
		if err != nil {
			v.Fatal(err)
		}
		q.Header.Set("X-Octopus-ApiKey", cfg.Admin.APIKey.Reveal())
		a, err := http.DefaultClient.Do(q)
		if err != nil {
			v.Fatal(err)
		}
		defer a.Body.Close()
		text, err := io.ReadAll(a.Body)
		if err != nil || a.StatusCode != status || !strings.Contains(string(text), says) {
			v.Errorf("%s %s: %d, %v, %.300s; want %d with %q", method, path, a.StatusCode, err, text, status, says)
		}
	})
	stop()
	if err := <-ended; err != nil {
		v.Error(err)
	}
}

// TestAFullDiskStopsNoServer starts a server on a disk without any room: it
// answers, and says what is wrong.
func TestAFullDiskStopsNoServer(t *testing.T) {
	v := newVolume(t)
	v.on(func(call func(method, path, body string, status int, says string)) {
		call("GET", "/healthz", "", 200, "ok\n")
		call("POST", "/api/Spaces-1/environments", `{"Name":"Dev"}`, 201, "Dev")
	})
	v.fill()
	v.on(func(call func(method, path, body string, status int, says string)) {
		call("GET", "/healthz", "", 200, "ok\nOnly ")
		call("GET", "/api/serverstatus/health", "", 200, `"IsOperatingNormally":false,"Description":"Only `)
		call("GET", "/api/Spaces-1/environments", "", 200, "Dev")
		v.fill()
		call("GET", "/healthz", "", 200, "is full: nothing can be changed until there is room.")
		call("POST", "/api/Spaces-1/libraryvariablesets", `{"Name":"Large","Description":"`+strings.Repeat("x", 90000)+`"}`, 503, "is full, and nothing was changed. Make room on it and try again")
		call("GET", "/api/Spaces-1/environments", "", 200, "Dev")
		v.size(300 << 20)
		call("POST", "/api/Spaces-1/environments", `{"Name":"Test"}`, 201, "Test")
		call("GET", "/healthz", "", 200, "ok\n")
	})
	if spent, err := store.SpendReserve(v.dir); err != nil || spent {
		t.Errorf("room was given back on a disk that has some: %v", err)
	}
}
