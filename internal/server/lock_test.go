package server

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/takodeploy/tako/internal/config"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store/storetest"
)

// local gives the settings of a server of a test.
func local(dir string) *config.Server {
	cfg := config.Default()
	cfg.DataDir, cfg.Blob.Store, cfg.Web.Listen = dir, filepath.Join(dir, "blobs"), "127.0.0.1:0"
	cfg.Log.Level = "error"
	return cfg
}

func TestTwoServersOnOneFolderAreRefused(t *testing.T) {
	dir := t.TempDir()
	first, err := New(t.Context(), local(dir), "1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	_, err = New(t.Context(), local(dir), "1.2.3")
	if err == nil {
		t.Fatal("a second server took the folder of the first")
	}
	host, _ := os.Hostname()
	for _, want := range []string{dir, "process " + strconv.Itoa(os.Getpid()), host, "data"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the refusal does not say %q: %v", want, err)
		}
	}
	if !fault.Is(err, fault.Conflict) {
		t.Errorf("not a conflict: %v", err)
	}
	first.close()
	again, err := New(t.Context(), local(dir), "1.2.3")
	if err != nil {
		t.Fatalf("the folder is not free after its server has stopped: %v", err)
	}
	again.close()
}

// TestADeadServerLeavesTheFolderFree kills a process that has a server on the
// folder, and starts another.
func TestADeadServerLeavesTheFolderFree(t *testing.T) {
	if dir := os.Getenv("TAKO_TEST_HOLD"); dir != "" {
		if _, err := New(t.Context(), local(dir), "1.2.3"); err != nil {
			t.Fatal(err)
		}
		os.Stdout.WriteString("holding\n")
		select {}
	}
	dir := t.TempDir()
	child := exec.Command(os.Args[0], "-test.run=^TestADeadServerLeavesTheFolderFree$")
	child.Env = append(os.Environ(), "TAKO_TEST_HOLD="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan() && lines.Text() != "holding"; {
	}
	_, err = New(t.Context(), local(dir), "1.2.3")
	if err == nil || !strings.Contains(err.Error(), "process "+strconv.Itoa(child.Process.Pid)) {
		t.Errorf("the folder of process %d was refused with %v", child.Process.Pid, err)
	}
	child.Process.Kill()
	child.Wait()
	s, err := New(t.Context(), local(dir), "1.2.3")
	if err != nil {
		t.Fatalf("what a dead server left is in the way: %v", err)
	}
	s.close()
}

// TestNodesOfAClusterMayShareAFolder: their database is elsewhere.
func TestNodesOfAClusterMayShareAFolder(t *testing.T) {
	url := secret.Text(storetest.PostgresURL(t))
	dir := t.TempDir()
	for _, name := range []string{"one", "two"} {
		cfg := local(dir)
		cfg.DatabaseURL, cfg.NodeName = url, name
		s, err := New(t.Context(), cfg, "1.2.3")
		if err != nil {
			t.Fatal(err)
		}
		defer s.close()
	}
}
