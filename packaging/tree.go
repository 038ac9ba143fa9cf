package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"path"
	"strings"
	"time"
)

// file is one entry of a tree; a folder if its name ends in a slash, a link if
// it leads somewhere.
type file struct {
	name string
	mode int64
	uid  int
	data []byte
	link string
}

// tree writes files as a compressed tar. Folders above the files are added,
// each once. The names get a start, which Debian wants to be "./".
func tree(start string, made time.Time, files []file) (compressed, plain []byte, err error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	seen := map[string]bool{}
	for _, f := range files {
		for _, above := range folders(f.name) {
			if seen[above] {
				continue
			}
			seen[above] = true
			if err := put(w, start, made, file{name: above, mode: 0o755}); err != nil {
				return nil, nil, err
			}
		}
		if seen[f.name] {
			return nil, nil, fmt.Errorf("%s is packed twice, or after what is in it", f.name)
		}
		seen[f.name] = true
		if err := put(w, start, made, f); err != nil {
			return nil, nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, nil, err
	}
	packed, err := squeeze(out.Bytes())
	return packed, out.Bytes(), err
}

// folders gives the folders above a file, from the top.
func folders(name string) []string {
	var above []string
	for dir := path.Dir(strings.TrimSuffix(name, "/")); dir != "."; dir = path.Dir(dir) {
		above = append([]string{dir + "/"}, above...)
	}
	return above
}

func put(w *tar.Writer, start string, made time.Time, f file) error {
	h := &tar.Header{Name: start + f.name, Mode: f.mode, Uid: f.uid, Gid: f.uid, ModTime: made, Size: int64(len(f.data)), Typeflag: tar.TypeReg, Format: tar.FormatGNU}
	switch {
	case strings.HasSuffix(f.name, "/"):
		h.Typeflag = tar.TypeDir
	case f.link != "":
		h.Typeflag, h.Linkname = tar.TypeSymlink, f.link
	}
	if err := w.WriteHeader(h); err != nil {
		return err
	}
	_, err := w.Write(f.data)
	return err
}

// squeeze compresses, without a time or name in the result.
func squeeze(data []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
