package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// worker makes the image that steps run in where Kubernetes runs them: a shell
// and the usual tools out of Debian packages, and the agent. Nothing of the
// packages is run, so the same packages give the same bytes.
func (p product) worker() (string, error) {
	agent, err := os.ReadFile(p.Binary)
	if err != nil {
		return "", err
	}
	debs, err := filepath.Glob(filepath.Join(p.Debs, "*.deb"))
	if err != nil || len(debs) == 0 {
		return "", fmt.Errorf("there are no Debian packages in %q", p.Debs)
	}
	root := rootfs{}
	var beside []component
	for _, deb := range debs {
		part, err := root.unpack(deb)
		if err != nil {
			return "", fmt.Errorf("unpacking %s: %w", deb, err)
		}
		beside = append(beside, part)
	}
	bom, err := sbom(p, "tako-worker", agent, beside)
	if err != nil {
		return "", err
	}
	root.furnish(agent, bom)
	return p.write("tako-worker", bom, root.list(), map[string]any{
		"WorkingDir": "/work", "Entrypoint": []string{"tako-agent"}, "Cmd": []string{"host", "--home", "/work"},
		"Env":     []string{"PATH=/usr/local/bin:/usr/bin:/usr/sbin", "HOME=/work", "LANG=C.UTF-8"},
		"Volumes": map[string]any{"/work": struct{}{}, "/tmp": struct{}{}},
	})
}

// rootfs are the files of an image by their names.
type rootfs map[string]file

// merged are the folders that are links into usr.
var merged = []string{"bin", "lib", "lib32", "lib64", "libx32", "sbin"}

// useless is what no script reads.
var useless = []string{"usr/share/man/", "usr/share/info/", "usr/share/locale/", "usr/share/lintian/", "usr/share/bash-completion/", "usr/share/doc-base/", "usr/share/bug/", "var/cache/", "var/lib/", "var/log/"}

// place is where a file of a package lies in the image; empty for nowhere.
func place(name string) string {
	name = strings.TrimPrefix(path.Clean(name), "./")
	top, rest, below := strings.Cut(name, "/")
	if slices.Contains(merged, top) {
		if !below {
			return ""
		}
		name = "usr/" + top + "/" + rest
	}
	for _, folder := range useless {
		if strings.HasPrefix(name+"/", folder) {
			return ""
		}
	}
	if strings.HasPrefix(name, "usr/share/doc/") && path.Base(name) != "copyright" || name == "." {
		return ""
	}
	return name
}

// unpack puts the files of a package into the root, and says what it was.
func (r rootfs) unpack(deb string) (component, error) {
	fields, err := exec.Command("dpkg-deb", "--show", "--showformat", "${Package}\n${Version}\n${Architecture}", deb).Output()
	if err != nil {
		return component{}, err
	}
	of := strings.Split(string(fields), "\n")
	if len(of) != 3 {
		return component{}, fmt.Errorf("the package does not say what it is: %q", fields)
	}
	files, err := exec.Command("dpkg-deb", "--fsys-tarfile", deb).Output()
	if err != nil {
		return component{}, err
	}
	part := component{Type: "library", Name: of[0], Version: of[1], PURL: "pkg:deb/debian/" + of[0] + "@" + strings.ReplaceAll(of[1], "+", "%2B") + "?arch=" + of[2]}
	for in := tar.NewReader(bytes.NewReader(files)); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return part, nil
		}
		if err != nil {
			return part, err
		}
		if err := r.take(h, in); err != nil {
			return part, err
		}
	}
}

// take puts one entry of a package into the root.
func (r rootfs) take(h *tar.Header, in io.Reader) error {
	name := place(h.Name)
	if name == "" {
		return nil
	}
	// Nobody gains rights in a worker.
	f := file{name: name, mode: h.Mode & 0o1777}
	switch h.Typeflag {
	case tar.TypeDir:
		return nil // those that hold something are made anyway
	case tar.TypeReg:
		data, err := io.ReadAll(in)
		if err != nil {
			return err
		}
		f.data = data
	case tar.TypeSymlink:
		f.link = h.Linkname
	case tar.TypeLink:
		// A copy, since the order of the names is not that of the links.
		same, there := r[place(h.Linkname)]
		if !there {
			return fmt.Errorf("%s is a link to %s, which the image does not have", h.Name, h.Linkname)
		}
		f.data, f.mode = same.data, same.mode
	default:
		return nil
	}
	r[name] = f
	return nil
}

// furnish adds what packages make when they are installed, the account, the
// agent and the list of parts.
func (r rootfs) furnish(agent, bom []byte) {
	var authorities bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(r)) {
		if strings.HasPrefix(name, "usr/share/ca-certificates/") {
			authorities.Write(r[name].data)
		}
	}
	add := func(f file) {
		if _, there := r[f.name]; !there {
			r[f.name] = f
		}
	}
	for _, folder := range merged {
		add(file{name: folder, mode: 0o777, link: "usr/" + folder})
		add(file{name: "usr/" + folder + "/", mode: 0o755})
	}
	add(file{name: "usr/bin/sh", mode: 0o777, link: "bash"})
	add(file{name: "usr/bin/awk", mode: 0o777, link: "mawk"})
	r["etc/group"] = file{name: "etc/group", mode: 0o644, data: group()}
	r["etc/passwd"] = file{name: "etc/passwd", mode: 0o644, data: passwd("/work", "/bin/bash")}
	r["etc/ssl/certs/ca-certificates.crt"] = file{name: "etc/ssl/certs/ca-certificates.crt", mode: 0o644, data: authorities.Bytes()}
	add(file{name: "usr/local/bin/tako-agent", mode: 0o755, data: agent})
	add(file{name: "usr/share/doc/tako/sbom.cdx.json", mode: 0o644, data: bom})
	add(file{name: "tmp/", mode: 0o1777})
	add(file{name: "work/", mode: 0o700, uid: nobody})
}

// list gives the files in the order of their names.
func (r rootfs) list() []file {
	var all []file
	for _, name := range slices.Sorted(maps.Keys(r)) {
		all = append(all, r[name])
	}
	return all
}
