package main

import (
	"bytes"
	"crypto/md5"
	"embed"
	"fmt"
	"os"
	"path/filepath"
)

//go:embed files
var files embed.FS

// own reads one of this folder's files.
func own(name string) []byte {
	data, err := files.ReadFile("files/" + name)
	if err != nil {
		panic(err) // unreachable: they are embedded
	}
	return data
}

const configFile = "etc/tako/tako.yaml"

// deb makes a Debian package.
func (p product) deb() (string, error) {
	program, err := os.ReadFile(p.Binary)
	if err != nil {
		return "", err
	}
	bom, err := sbom(p, "tako", program, nil)
	if err != nil {
		return "", err
	}
	content := []file{
		{name: configFile, mode: 0o640, data: own("tako.yaml")},
		{name: "lib/systemd/system/tako.service", mode: 0o644, data: own("tako.service")},
		{name: "usr/bin/tako", mode: 0o755, data: program},
		{name: "usr/share/doc/tako/copyright", mode: 0o644, data: []byte("Tako is under the Apache License, version 2.0: /usr/share/common-licenses/Apache-2.0\nThe libraries in it are listed in sbom.cdx.json.\n")},
		{name: "usr/share/doc/tako/sbom.cdx.json", mode: 0o644, data: bom},
	}
	data, _, err := tree("./", p.Made, content)
	if err != nil {
		return "", err
	}
	control, _, err := tree("./", p.Made, []file{
		{name: "control", mode: 0o644, data: p.control(content)},
		{name: "conffiles", mode: 0o644, data: []byte("/" + configFile + "\n")},
		{name: "md5sums", mode: 0o644, data: sums(content)},
		{name: "postinst", mode: 0o755, data: own("postinst")},
		{name: "prerm", mode: 0o755, data: own("prerm")},
		{name: "postrm", mode: 0o755, data: own("postrm")},
	})
	if err != nil {
		return "", err
	}
	path := filepath.Join(p.Out, fmt.Sprintf("tako_%s_%s.deb", p.Version, p.Arch))
	return path, os.WriteFile(path, p.ar(control, data), 0o644)
}

func (p product) control(content []file) []byte {
	size := 0
	for _, f := range content {
		size += (len(f.data) + 1023) / 1024
	}
	return fmt.Appendf(nil, `Package: tako
Version: %s
Architecture: %s
Maintainer: Tako maintainers <maintainers@takodeploy.example>
Installed-Size: %d
Depends: passwd
Recommends: bash, ca-certificates, git
Section: admin
Priority: optional
Homepage: https://github.com/takodeploy/tako
Description: deployment automation server
 Push packages, make releases of projects, and deploy them through
 environments to machines, with approvals, variables, an exact log and an
 audit trail. One program with its database inside; it speaks the REST API
 of Octopus Deploy's server.
`, p.Version, p.Arch, size)
}

func sums(content []file) []byte {
	var out bytes.Buffer
	for _, f := range content {
		if f.name != configFile {
			fmt.Fprintf(&out, "%x  %s\n", md5.Sum(f.data), f.name)
		}
	}
	return out.Bytes()
}

// ar joins the parts of a package in the old archive format.
func (p product) ar(control, data []byte) []byte {
	var out bytes.Buffer
	out.WriteString("!<arch>\n")
	for _, part := range []file{{name: "debian-binary", data: []byte("2.0\n")}, {name: "control.tar.gz", data: control}, {name: "data.tar.gz", data: data}} {
		fmt.Fprintf(&out, "%-16s%-12d%-6d%-6d%-8s%-10d`\n", part.name, p.Made.Unix(), 0, 0, "100644", len(part.data))
		out.Write(part.data)
		if len(part.data)%2 == 1 {
			out.WriteByte('\n')
		}
	}
	return out.Bytes()
}
