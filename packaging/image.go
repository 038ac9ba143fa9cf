package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// nobody is the account that the image runs as.
const nobody = 65532

// The kinds of what an image consists of, as registries name them.
const (
	indexType    = "application/vnd.oci.image.index.v1+json"
	manifestType = "application/vnd.oci.image.manifest.v1+json"
	configType   = "application/vnd.oci.image.config.v1+json"
	layerType    = "application/vnd.oci.image.layer.v1.tar+gzip"
)

// described points to a part of an image.
type described struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int               `json:"size"`
	Annotations map[string]string `json:"annotations,omitempty"`
	Platform    map[string]string `json:"platform,omitempty"`
}

// image makes a container image of the program and next to nothing else: no
// shell, no package manager, no libraries. It is an OCI layout that Docker's
// load understands as well.
func (p product) image() (string, error) {
	return p.alone("tako", "/data", []file{{name: "data/", mode: 0o700, uid: nobody}}, map[string]any{
		"Cmd":          []string{"server"},
		"Env":          []string{"PATH=/", "HOME=/data", "TAKO_DATA=/data"},
		"ExposedPorts": map[string]any{"8080/tcp": struct{}{}, "10943/tcp": struct{}{}},
		"Volumes":      map[string]any{"/data": struct{}{}, "/tmp": struct{}{}},
	})
}

// operator makes the image of the operator and the gateway.
func (p product) operator() (string, error) {
	return p.alone("tako-operator", "/", nil, map[string]any{
		"Cmd":          []string{"operate"},
		"Env":          []string{"PATH=/"},
		"ExposedPorts": map[string]any{"8080/tcp": struct{}{}},
	})
}

// alone makes an image of one static program with that name, which starts in a
// folder of its own.
func (p product) alone(name, home string, files []file, run map[string]any) (string, error) {
	program, err := os.ReadFile(p.Binary)
	if err != nil {
		return "", err
	}
	bom, err := sbom(p, name, program, nil)
	if err != nil {
		return "", err
	}
	run["Entrypoint"], run["WorkingDir"] = []string{"/" + name}, home
	return p.write(name, bom, append(files,
		file{name: "etc/group", mode: 0o644, data: group()},
		file{name: "etc/passwd", mode: 0o644, data: passwd(home, "/none")},
		file{name: name, mode: 0o755, data: program},
		file{name: "tmp/", mode: 0o1777},
		file{name: "usr/share/doc/" + name + "/sbom.cdx.json", mode: 0o644, data: bom},
	), run)
}

// group and passwd are the accounts of an image.
func group() []byte { return fmt.Appendf(nil, "root:x:0:\ntako:x:%d:\n", nobody) }

func passwd(home, shell string) []byte {
	return fmt.Appendf(nil, "root:x:0:0:root:/:%s\ntako:x:%d:%d:tako:%s:%s\n", shell, nobody, nobody, home, shell)
}

// write makes the archive of an image, and the list of its parts beside it.
func (p product) write(name string, bom []byte, files []file, run map[string]any) (string, error) {
	layer, plain, err := tree("", p.Made, files)
	if err != nil {
		return "", err
	}
	config, err := p.config(name, plain, run)
	if err != nil {
		return "", err
	}
	path := filepath.Join(p.Out, name+"-"+p.Version+p.suffix()+".tar")
	if err := os.WriteFile(strings.TrimSuffix(path, ".tar")+".sbom.cdx.json", bom, 0o644); err != nil {
		return "", err
	}
	archive, err := p.layout(name, layer, config)
	if err != nil {
		return "", err
	}
	return path, os.WriteFile(path, archive, 0o644)
}

// suffix keeps the archives of other architectures apart.
func (p product) suffix() string {
	if p.Arch == "amd64" {
		return ""
	}
	return "-" + p.Arch
}

func (p product) config(name string, plain []byte, run map[string]any) ([]byte, error) {
	run["User"], run["StopSignal"] = fmt.Sprintf("%d:%d", nobody, nobody), "SIGTERM"
	run["Labels"] = map[string]string{"org.opencontainers.image.title": name, "org.opencontainers.image.version": p.Version,
		"org.opencontainers.image.licenses": "Apache-2.0", "org.opencontainers.image.source": "https://github.com/takodeploy/tako"}
	return json.Marshal(map[string]any{
		"architecture": p.Arch, "os": "linux", "created": p.Made.Format(time.RFC3339),
		"config":  run,
		"rootfs":  map[string]any{"type": "layers", "diff_ids": []string{digest(plain)}},
		"history": []map[string]string{{"created": p.Made.Format(time.RFC3339), "created_by": "packaging"}},
	})
}

func digest(data []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(data)) }

func part(kind string, data []byte) described {
	return described{MediaType: kind, Digest: digest(data), Size: len(data)}
}

// blobName is where an image's layout keeps a part.
func blobName(data []byte) string { return "blobs/" + strings.Replace(digest(data), ":", "/", 1) }

func (p product) layout(name string, layer, config []byte) ([]byte, error) {
	manifest, err := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": manifestType, "config": part(configType, config), "layers": []described{part(layerType, layer)},
	})
	if err != nil {
		return nil, err
	}
	entry := part(manifestType, manifest)
	entry.Annotations = map[string]string{"org.opencontainers.image.ref.name": p.Version, "io.containerd.image.name": "docker.io/library/" + name + ":" + p.Version}
	entry.Platform = map[string]string{"architecture": p.Arch, "os": "linux"}
	index, err := json.Marshal(map[string]any{"schemaVersion": 2, "mediaType": indexType, "manifests": []described{entry}})
	if err != nil {
		return nil, err
	}
	docker, err := json.Marshal([]map[string]any{{"Config": blobName(config), "RepoTags": []string{name + ":" + p.Version}, "Layers": []string{blobName(layer)}}})
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range []file{
		{name: "oci-layout", mode: 0o644, data: []byte(`{"imageLayoutVersion":"1.0.0"}`)},
		{name: "index.json", mode: 0o644, data: index},
		{name: "manifest.json", mode: 0o644, data: docker},
		{name: "blobs/", mode: 0o755},
		{name: "blobs/sha256/", mode: 0o755},
		{name: blobName(manifest), mode: 0o644, data: manifest},
		{name: blobName(config), mode: 0o644, data: config},
		{name: blobName(layer), mode: 0o644, data: layer},
	} {
		if err := put(w, "", p.Made, f); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
