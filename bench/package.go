package main

import (
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// script is what the fleet's package does where it is unpacked.
const script = "set -e\nls lib | wc -l > count\nsha256sum lib/mod0.bin | cut -d' ' -f1 > sum\n"

// fleetPackages makes two versions of a package of 5 MiB: what does not
// compress for the most part, and many small files of text. It gives the
// SHA-256 of the file that the script looks at as well.
func (b *bench) fleetPackages() (versions map[string][]byte, want string, err error) {
	dir := filepath.Join(b.dir, "tree")
	if _, err := os.Stat(dir); err != nil {
		if err := fill(dir); err != nil {
			return nil, "", fmt.Errorf("making the package's files: %w", err)
		}
	}
	versions = map[string][]byte{}
	for _, version := range []string{"1.0.0", "2.0.0"} {
		file := filepath.Join(b.dir, version+".tar.gz")
		if _, err := os.Stat(file); err != nil {
			if err := os.WriteFile(filepath.Join(dir, "version"), []byte(version), 0o644); err != nil {
				return nil, "", err
			}
			if out, err := exec.Command("tar", "czf", file, "-C", dir, ".").CombinedOutput(); err != nil {
				return nil, "", fmt.Errorf("packing: %w: %s", err, out)
			}
		}
		if versions[version], err = os.ReadFile(file); err != nil {
			return nil, "", err
		}
	}
	out, err := exec.Command("sha256sum", filepath.Join(dir, "lib", "mod0.bin")).Output()
	if err != nil {
		return nil, "", err
	}
	return versions, strings.Fields(string(out))[0], nil
}

func fill(dir string) error {
	if err := os.MkdirAll(filepath.Join(dir, "lib"), 0o755); err != nil {
		return err
	}
	const modules = 20
	noise := make([]byte, 5<<20/modules-6000)
	for i := range modules {
		_, _ = rand.Read(noise)
		if err := os.WriteFile(filepath.Join(dir, "lib", fmt.Sprintf("mod%d.bin", i)), noise, 0o644); err != nil {
			return err
		}
	}
	for i := range 200 {
		text := strings.Repeat(fmt.Sprintf("line %d of a config file\n", i), 200)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("f%d.txt", i)), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "Deploy.sh"), []byte(script), 0o755)
}
