package main

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/takodeploy/tako/e2e/process"
)

// TestAnswersAreAsDescribed is a small trial of one seed: each operation a few
// times, however long that takes. go run ./e2e/fuzz is the whole one.
func TestAnswersAreAsDescribed(t *testing.T) {
	t.Parallel()
	program, err := process.Built("TAKO_BINARY", "tako")
	if err != nil {
		process.Absent(t, err)
	}
	listen, err := process.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	dir, key := t.TempDir(), "API-"+rand.Text()
	s := &process.Server{Program: program, Data: filepath.Join(dir, "data"), Log: filepath.Join(dir, "server.log"), Listen: listen, Env: []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TAKO_AGENT=" + os.Getenv("TAKO_AGENT"), "TAKO_URL=http://" + listen,
		"TAKO_ADMIN_USERNAME=admin", "TAKO_ADMIN_PASSWORD=Pass-" + rand.Text(), "TAKO_ADMIN_API_KEY=" + key}}
	t.Cleanup(func() {
		if err := s.Stop(time.Minute); err != nil {
			t.Error(err)
		}
		if err := process.EndAll(dir); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log(s.Tail(3000))
		}
	})
	if err := s.Start(2 * time.Minute); err != nil {
		t.Fatal(err)
	}
	found, err := run(t.Context(), options{server: s.URL(), key: key, rounds: 15, workers: 1, seed: 1, patience: 5 * time.Minute, say: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range found {
		t.Error(fault)
	}
}
