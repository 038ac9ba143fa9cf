package main

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"
)

func TestOnlyAMachineWithoutCertificatesIsGivenOurs(t *testing.T) {
	dir := t.TempDir()
	full, empty := filepath.Join(dir, "full"), filepath.Join(dir, "empty")
	for file, text := range map[string]string{full: "-----BEGIN CERTIFICATE-----", empty: ""} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		files         []string
		file, folders string // as the environment says
		has           bool
	}{
		"a file":              {files: []string{filepath.Join(dir, "none"), full}, has: true},
		"no file":             {files: []string{filepath.Join(dir, "none")}},
		"an empty file":       {files: []string{empty}},
		"another file said":   {files: []string{full}, file: empty},
		"another folder said": {files: []string{full}, folders: dir},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("SSL_CERT_FILE", c.file)
			t.Setenv("SSL_CERT_DIR", c.folders)
			if has := hasRoots(c.files); has != c.has {
				t.Errorf("certificates are there: %v", has)
			}
		})
	}
}

// TestOursAreUsedWhereThereAreNone asks the standard library for the system's
// certificates on what looks to it like a machine without.
func TestOursAreUsedWhereThereAreNone(t *testing.T) {
	t.Setenv("SSL_CERT_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("SSL_CERT_DIR", t.TempDir())
	if err := offerRoots(); err != nil {
		t.Fatal(err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil || pool.Equal(x509.NewCertPool()) {
		t.Errorf("the certificates are empty, %v", err)
	}
}
