package host

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/takodeploy/tako/internal/runner"
)

// What a power cut, a bad disk or a person has changed in a kept package is not
// deployed: it counts as missing, and is brought again.
func TestDamagedPackageIsMissing(t *testing.T) {
	c, err := newCache(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	content := bytes.Repeat([]byte("tako"), 50_000)
	sum := sha256.Sum256(content)
	pkg := &runner.Package{ID: "App", Version: "1.0", Extension: ".tar", Size: int64(len(content)), Hash: hex.EncodeToString(sum[:])}
	name, err := pkg.FileName()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(c.dir, name)
	has := func(want bool) {
		t.Helper()
		if got, err := c.has(pkg); err != nil || got != want {
			t.Errorf("there: %v, %v", got, err)
		}
	}
	bring := func() {
		t.Helper()
		if err := c.take(pkg, bytes.NewReader(content)); err != nil {
			t.Fatal(err)
		}
		has(true)
	}
	has(false)
	bring()
	for what, damaged := range map[string][]byte{
		"another byte": append([]byte("T"), content[1:]...),
		"zeros":        make([]byte, len(content)),
		"a lost tail":  content[:len(content)-1],
		"nothing":      nil,
	} {
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		t.Log(what)
		has(false)
		// What comes damaged comes so from where it is kept: nothing of it is taken.
		if err := c.take(pkg, bytes.NewReader(damaged)); err == nil ||
			!strings.HasPrefix(err.Error(), "Package App 1.0 is damaged where the server keeps it: ") || !strings.Contains(err.Error(), "Push it again") {
			t.Errorf("%s was sent: %v", what, err)
		}
		has(false)
		bring()
	}
}
