// Package agentbin holds the agent's programs, so that one server binary can
// bring them to any machine it can reach.
package agentbin

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"
)

//go:embed *
var files embed.FS

// Binary is one agent program.
type Binary struct {
	OS, Arch string
	Hash     string // SHA-256 of the program in hex
	Size     int64
	Path     string // the program as a file here, "" when it is embedded

	read   func() ([]byte, error)
	stored func() ([]byte, error) // as it is embedded, in zstd; nil for a file

	mu     sync.Mutex
	packed map[string][]byte // kept for a while since targets come in numbers
}

// Platforms are the systems that agents are built for.
var Platforms = []string{"linux/amd64", "linux/arm64"}

var cache sync.Map // key to *Binary

// Find gives the agent for a platform.
func Find(goos, arch string) (*Binary, error) {
	if path := os.Getenv("TAKO_AGENT"); path != "" && own(goos, arch) {
		return fromFile(goos, arch, path)
	}
	name := fmt.Sprintf("tako-agent-%s-%s.zst", goos, arch)
	if _, err := files.Open(name); err == nil {
		return load("embedded "+name, &Binary{OS: goos, Arch: arch,
			read:   func() ([]byte, error) { return unpack(name) },
			stored: func() ([]byte, error) { return files.ReadFile(name) },
		})
	}
	if program, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(program), "tako-agent-"+goos+"-"+arch)
		if _, err := os.Stat(beside); err == nil {
			return fromFile(goos, arch, beside)
		}
		beside = filepath.Join(filepath.Dir(program), "tako-agent")
		if _, err := os.Stat(beside); err == nil && own(goos, arch) {
			return fromFile(goos, arch, beside)
		}
	}
	return nil, fmt.Errorf("this server has no agent for %s on %s: it was built without, TAKO_AGENT is not set and no tako-agent lies beside it", goos, arch)
}

func own(goos, arch string) bool { return goos == runtime.GOOS && arch == runtime.GOARCH }

func fromFile(goos, arch, path string) (*Binary, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("agent program: %w", err)
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	key := fmt.Sprintf("%s %d %d", path, info.Size(), info.ModTime().UnixNano())
	return load(key, &Binary{OS: goos, Arch: arch, Path: path, read: func() ([]byte, error) { return os.ReadFile(path) }})
}

func load(key string, b *Binary) (*Binary, error) {
	if known, ok := cache.Load(key); ok {
		return known.(*Binary), nil
	}
	data, err := b.read()
	if err != nil {
		return nil, fmt.Errorf("reading the agent for %s on %s: %w", b.OS, b.Arch, err)
	}
	sum := sha256.Sum256(data)
	b.Hash, b.Size = hex.EncodeToString(sum[:]), int64(len(data))
	known, _ := cache.LoadOrStore(key, b)
	return known.(*Binary), nil
}

func unpack(name string) ([]byte, error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	return io.ReadAll(z)
}

// Bytes is the program.
func (b *Binary) Bytes() ([]byte, error) { return b.read() }

// packedFor is how long the packed program is kept after it was asked for.
const packedFor = 2 * time.Minute

// Packed is the program as a target can unpack it: with "zstd", with "gzip", or
// with "" for one that can do neither.
func (b *Binary) Packed(with string) ([]byte, error) {
	switch {
	case with == "":
		return b.read()
	case with == "zstd" && b.stored != nil:
		return b.stored()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if data := b.packed[with]; data != nil {
		return data, nil
	}
	data, err := b.read()
	if err != nil {
		return nil, err
	}
	if data, err = pack(with, data); err != nil {
		return nil, err
	}
	if b.packed == nil {
		b.packed = map[string][]byte{}
	}
	b.packed[with] = data
	time.AfterFunc(packedFor, func() {
		b.mu.Lock()
		delete(b.packed, with)
		b.mu.Unlock()
	})
	return data, nil
}

func pack(with string, data []byte) ([]byte, error) {
	var buf bytes.Buffer
	var z io.WriteCloser
	var err error
	if with == "zstd" {
		z, err = zstd.NewWriter(&buf, zstd.WithEncoderConcurrency(1))
	} else {
		z, err = gzip.NewWriterLevel(&buf, gzip.BestSpeed)
	}
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(data); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}
