// Command pack builds the agent for every platform that SSH targets can have
// and packs it for embedding: pack DIR VERSION.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/takodeploy/tako/internal/target/agentbin"
)

func main() {
	for _, platform := range agentbin.Platforms {
		if err := pack(os.Args[1], os.Args[2], platform); err != nil {
			fmt.Fprintln(os.Stderr, "pack:", err)
			os.Exit(1)
		}
	}
}

func pack(dir, version, platform string) error {
	goos, arch, _ := strings.Cut(platform, "/")
	name := filepath.Join(dir, fmt.Sprintf("tako-agent-%s-%s", goos, arch))
	defer os.Remove(name)
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w -X github.com/takodeploy/tako/internal/runner/host.Version="+version, "-o", name, "./cmd/tako-agent")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+arch)
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("building the agent for %s: %w", platform, err)
	}
	program, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("reading the agent: %w", err)
	}
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return fmt.Errorf("packing: %w", err)
	}
	packed := encoder.EncodeAll(program, nil)
	if old, err := os.ReadFile(name + ".zst"); err == nil && string(old) == string(packed) {
		return nil // the same file keeps the server's build cached
	}
	if err := os.WriteFile(name+".zst", packed, 0o644); err != nil {
		return fmt.Errorf("writing the packed agent: %w", err)
	}
	return nil
}
