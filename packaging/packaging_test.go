package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// made packs a program of the test, which is the test itself.
func made(t *testing.T, what string) string {
	t.Helper()
	out := t.TempDir()
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	if err := run([]string{what, "-version", "1.2.3", "-binary", os.Args[0], "-out", out}); err != nil {
		t.Fatal(err)
	}
	name := map[string]string{"deb": "tako_1.2.3_amd64.deb", "image": "tako-1.2.3.tar", "operator": "tako-operator-1.2.3.tar"}[what]
	return filepath.Join(out, name)
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// entries unpacks a tar.
func entries(t *testing.T, r io.Reader) (heads map[string]*tar.Header, data map[string][]byte) {
	t.Helper()
	heads, data = map[string]*tar.Header{}, map[string][]byte{}
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return heads, data
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}
		heads[h.Name], data[h.Name] = h, text
	}
}

func TestTheSameSourceGivesTheSameBytes(t *testing.T) {
	for _, what := range []string{"deb", "image", "operator"} {
		if first, second := read(t, made(t, what)), read(t, made(t, what)); !bytes.Equal(first, second) {
			t.Errorf("two builds of the %s differ", what)
		}
	}
}

func TestImage(t *testing.T) {
	heads := testImage(t, "image", "tako")
	if h := heads["data/"]; h == nil || h.Uid != nobody || h.Mode != 0o700 {
		t.Errorf("the folder for data is %+v", h)
	}
}

func TestOperatorImage(t *testing.T) { testImage(t, "operator", "tako-operator") }

// testImage follows an image from its index to the files, checking each digest.
func testImage(t *testing.T, what, name string) map[string]*tar.Header {
	_, parts := entries(t, bytes.NewReader(read(t, made(t, what))))
	follow := func(d described, into any) []byte {
		t.Helper()
		data := parts["blobs/"+strings.Replace(d.Digest, ":", "/", 1)]
		if digest(data) != d.Digest || len(data) != d.Size {
			t.Fatalf("%s is not what it says", d.Digest)
		}
		if into != nil {
			if err := json.Unmarshal(data, into); err != nil {
				t.Fatal(err)
			}
		}
		return data
	}
	var index struct{ Manifests []described }
	var manifest struct {
		Config described
		Layers []described
	}
	var config struct {
		Config struct {
			User       string
			Entrypoint []string
			Volumes    map[string]any
		}
		RootFS struct {
			DiffIDs []string `json:"diff_ids"`
		}
	}
	if err := json.Unmarshal(parts["index.json"], &index); err != nil {
		t.Fatal(err)
	}
	follow(index.Manifests[0], &manifest)
	follow(manifest.Config, &config)
	layer, err := gzip.NewReader(bytes.NewReader(follow(manifest.Layers[0], nil)))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(layer)
	if err != nil {
		t.Fatal(err)
	}
	if config.RootFS.DiffIDs[0] != digest(plain) || config.Config.User != "65532:65532" || config.Config.Entrypoint[0] != "/"+name {
		t.Errorf("%+v", config)
	}
	heads, files := entries(t, bytes.NewReader(plain))
	if !bytes.Equal(files[name], read(t, os.Args[0])) || heads[name].Mode != 0o755 {
		t.Error("the program is not in the image")
	}
	var docker []struct{ Config string }
	if err := json.Unmarshal(parts["manifest.json"], &docker); err != nil || parts[docker[0].Config] == nil {
		t.Errorf("what Docker reads leads nowhere: %v", err)
	}
	if !strings.Contains(string(files["usr/share/doc/"+name+"/sbom.cdx.json"]), `"CycloneDX"`) {
		t.Error("the image does not say what is in it")
	}
	return heads
}

// TestWorkerImage is made of a Debian package, which is the one of the test.
func TestWorkerImage(t *testing.T) {
	if _, err := exec.LookPath("dpkg-deb"); err != nil {
		t.Skip(err)
	}
	debs, out := filepath.Dir(made(t, "deb")), t.TempDir()
	for range 2 {
		before, _ := os.ReadFile(filepath.Join(out, "tako-worker-1.2.3.tar"))
		if err := run([]string{"worker", "-version", "1.2.3", "-binary", os.Args[0], "-debs", debs, "-out", out}); err != nil {
			t.Fatal(err)
		}
		if after := read(t, filepath.Join(out, "tako-worker-1.2.3.tar")); before != nil && !bytes.Equal(before, after) {
			t.Error("two builds of the worker's image differ")
		}
	}
	_, parts := entries(t, bytes.NewReader(read(t, filepath.Join(out, "tako-worker-1.2.3.tar"))))
	var docker []struct{ Layers, RepoTags []string }
	if err := json.Unmarshal(parts["manifest.json"], &docker); err != nil || docker[0].RepoTags[0] != "tako-worker:1.2.3" {
		t.Fatalf("%v %v", docker, err)
	}
	layer, err := gzip.NewReader(bytes.NewReader(parts[docker[0].Layers[0]]))
	if err != nil {
		t.Fatal(err)
	}
	heads, files := entries(t, layer)
	for name, link := range map[string]string{"bin": "usr/bin", "lib64": "usr/lib64", "usr/bin/sh": "bash"} {
		if h := heads[name]; h == nil || h.Typeflag != tar.TypeSymlink || h.Linkname != link {
			t.Errorf("%s is %+v", name, h)
		}
	}
	if h := heads["work/"]; h == nil || h.Uid != nobody {
		t.Errorf("the folder for work is %+v", h)
	}
	if !bytes.Equal(files["usr/local/bin/tako-agent"], read(t, os.Args[0])) || files["usr/lib/systemd/system/tako.service"] == nil || files["usr/share/doc/tako/copyright"] == nil {
		t.Error("files are missing, or not where programs look for them")
	}
	if !strings.Contains(string(read(t, filepath.Join(out, "tako-worker-1.2.3.sbom.cdx.json"))), "pkg:deb/debian/tako@1.2.3?arch=amd64") {
		t.Error("the list of parts does not name the package")
	}
}

// TestDebIsReadByDebiansTools where they are.
func TestDebIsReadByDebiansTools(t *testing.T) {
	if _, err := exec.LookPath("dpkg-deb"); err != nil {
		t.Skip(err)
	}
	deb := made(t, "deb")
	fields, err := exec.Command("dpkg-deb", "--field", deb).CombinedOutput()
	if err != nil || !strings.Contains(string(fields), "Version: 1.2.3") {
		t.Errorf("%s: %v", fields, err)
	}
	dir := t.TempDir()
	for _, how := range []string{"--extract", "--control"} {
		if text, err := exec.Command("dpkg-deb", how, deb, dir).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	if !bytes.Equal(read(t, filepath.Join(dir, "usr/bin/tako")), read(t, os.Args[0])) {
		t.Error("the program is not in the package")
	}
	for line := range strings.Lines(string(read(t, filepath.Join(dir, "md5sums")))) {
		if text, err := checkSum(dir, strings.TrimSpace(line)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, script := range []string{"postinst", "prerm", "postrm"} {
		if text, err := exec.Command("sh", "-n", filepath.Join(dir, script)).CombinedOutput(); err != nil {
			t.Errorf("%s: %s", script, text)
		}
	}
}

// checkSum checks one line of sums.
func checkSum(dir, line string) (string, error) {
	cmd := exec.Command("md5sum", "-c")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(line+"\n")
	text, err := cmd.CombinedOutput()
	return string(text), err
}

// TestTheUnitIsHardened by the judgement of systemd itself.
func TestTheUnitIsHardened(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip(err)
	}
	text, err := exec.Command("systemd-analyze", "security", "--offline=true", "--no-pager", "files/tako.service").CombinedOutput()
	found := regexp.MustCompile(`exposure level for tako.service: ([0-9.]+)`).FindSubmatch(text)
	if found == nil {
		t.Skipf("systemd-analyze says %q, %v", text, err)
	}
	if level, err := strconv.ParseFloat(string(found[1]), 64); err != nil || level >= 2.5 {
		t.Errorf("the exposure is %s", found[1])
	}
}

// TestTheSettingsFileIsOfPlainLines as the program wants them.
func TestTheSettingsFileIsOfPlainLines(t *testing.T) {
	for n, line := range strings.Split(string(own("tako.yaml")), "\n") {
		if line != "" && !strings.HasPrefix(line, "#") && !regexp.MustCompile(`^[a-z-]+: \S`).MatchString(line) {
			t.Errorf("line %d: %q", n+1, line)
		}
	}
}
