package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// file is an entry of an archive that a test makes.
type file struct {
	name string
	body string
	mode fs.FileMode
	link string
	hard string
}

func makeZip(t *testing.T, name string, files ...file) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		h := &zip.FileHeader{Name: f.name, Method: zip.Deflate}
		if f.mode != 0 {
			h.SetMode(f.mode)
		}
		if f.link != "" {
			h.SetMode(fs.ModeSymlink | 0o777)
			f.body = f.link
		}
		out, err := w.CreateHeader(h)
		must(t, err)
		_, err = io.WriteString(out, f.body)
		must(t, err)
	}
	must(t, w.Close())
	return save(t, name, b.Bytes())
}

func tarBytes(t *testing.T, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		h := &tar.Header{Name: f.name, Mode: int64(f.mode.Perm()), Size: int64(len(f.body)), Typeflag: tar.TypeReg}
		switch {
		case f.link != "":
			h.Typeflag, h.Linkname, h.Size = tar.TypeSymlink, f.link, 0
		case f.hard != "":
			h.Typeflag, h.Linkname, h.Size = tar.TypeLink, f.hard, 0
		case f.mode.IsDir():
			h.Typeflag = tar.TypeDir
		case f.mode&fs.ModeNamedPipe != 0:
			h.Typeflag = tar.TypeFifo
		}
		must(t, w.WriteHeader(h))
		_, err := io.WriteString(w, f.body)
		must(t, err)
	}
	must(t, w.Close())
	return b.Bytes()
}

func makeTar(t *testing.T, name string, files ...file) string {
	t.Helper()
	content := tarBytes(t, files...)
	switch {
	case strings.HasSuffix(name, "gz"):
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, err := w.Write(content)
		must(t, err)
		must(t, w.Close())
		content = b.Bytes()
	case strings.HasSuffix(name, "zst"):
		w, err := zstd.NewWriter(nil)
		must(t, err)
		content = w.EncodeAll(content, nil)
	}
	return save(t, name, content)
}

func save(t *testing.T, name string, content []byte) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), name)
	must(t, os.WriteFile(p, content, 0o644))
	return p
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// bzip2Sample is a tar of one file hello.txt, made once with tar and bzip2: Go
// has no bzip2 writer.
func bzip2Sample(t *testing.T) []byte {
	t.Helper()
	content, err := base64.StdEncoding.DecodeString("QlpoOTFBWSZTWQgRnlgAAH17kMkQAERAAX+AAIBiRJ5ABAAACCAAdBoptIAeo9T1A02oJJTIAyAD1Ac+a6MEIKqUhI" +
		"wjNh5521oEMh6AbGAg2RTK5LGN5DAxI5vpNEZLVMN4I59FAHDinC1QRFYXYiID8XckU4UJAIEZ5YA=")
	must(t, err)
	return content
}

// tree describes what lies below a folder, one line per entry.
func tree(t *testing.T, dir string) []string {
	t.Helper()
	var lines []string
	must(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == dir {
			return err
		}
		rel, _ := filepath.Rel(dir, p)
		info, err := d.Info()
		must(t, err)
		switch {
		case d.IsDir():
			lines = append(lines, rel+"/")
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(p)
			must(t, err)
			lines = append(lines, rel+" -> "+target)
		default:
			body, err := os.ReadFile(p)
			must(t, err)
			lines = append(lines, fmt.Sprintf("%s %o %q", rel, info.Mode().Perm(), body))
		}
		return nil
	}))
	return lines
}

func truncated(t *testing.T, file string, by int) string {
	t.Helper()
	content, err := os.ReadFile(file)
	must(t, err)
	return save(t, filepath.Base(file), content[:len(content)-by])
}

func gzipped(t *testing.T, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(content)
	must(t, err)
	must(t, w.Close())
	return b.Bytes()
}

// bomb is a zip of a few hundred kilobytes that unpacks to 300 MB.
func bomb(t *testing.T) string {
	t.Helper()
	zeros := make([]byte, 10<<20)
	var packed bytes.Buffer
	deflate, err := flate.NewWriter(&packed, flate.BestSpeed)
	must(t, err)
	_, err = deflate.Write(zeros)
	must(t, err)
	must(t, deflate.Close())
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := range 30 {
		out, err := w.CreateRaw(&zip.FileHeader{
			Name: fmt.Sprintf("zeros%d", i), Method: zip.Deflate, CRC32: crc32.ChecksumIEEE(zeros),
			CompressedSize64: uint64(packed.Len()), UncompressedSize64: uint64(len(zeros)),
		})
		must(t, err)
		_, err = out.Write(packed.Bytes())
		must(t, err)
	}
	must(t, w.Close())
	return save(t, "bomb.zip", b.Bytes())
}

func flipped(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	out, err := w.CreateHeader(&zip.FileHeader{Name: "data", Method: zip.Store})
	must(t, err)
	_, err = io.WriteString(out, "precious content")
	must(t, err)
	must(t, w.Close())
	content := bytes.Replace(b.Bytes(), []byte("precious"), []byte("previous"), 1)
	return save(t, "flipped.zip", content)
}

// overlapping is a zip whose two directory entries point at the same data.
func overlapping(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range []string{"a", "b"} {
		out, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		must(t, err)
		_, err = io.WriteString(out, strings.Repeat(name, 4000))
		must(t, err)
	}
	must(t, w.Close())
	content := b.Bytes()
	// Cut the second file out and let its directory entry point at the first.
	second := bytes.Index(content[4:], []byte("PK\x03\x04")) + 4
	directory := bytes.Index(content, []byte("PK\x01\x02"))
	cut := append(bytes.Clone(content[:second]), content[directory:]...)
	at := second + bytes.LastIndex(cut[second:], []byte("PK\x01\x02"))
	copy(cut[at+42:at+46], []byte{0, 0, 0, 0})
	end := bytes.LastIndex(cut, []byte("PK\x05\x06"))
	for i, v := range []int{second, second >> 8, second >> 16, second >> 24} {
		cut[end+16+i] = byte(v)
	}
	return save(t, "overlap.zip", cut)
}

// spoiled is a copy of a file whose middle byte is another.
func spoiled(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	must(t, err)
	content[len(content)/2] ^= 0x10
	return save(t, filepath.Base(file), content)
}
