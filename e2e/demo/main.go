// Command demo shows what Tako is for: it starts a server and three machines,
// pushes a package, and deploys it through two environments with a person's
// approval in between. The server and the machines stay up when it ends.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run() error {
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	d := &demo{dir: filepath.Join(root, "tmp", "demo"), program: filepath.Join(root, "bin", "tako")}
	if err := d.clear(); err != nil || len(os.Args) > 1 && os.Args[1] == "stop" {
		return err
	}
	if err := os.MkdirAll(d.dir, 0o755); err != nil {
		return err
	}
	for _, stage := range []struct {
		title string
		run   func() error
	}{
		{"Starting a server on SQLite", d.startServer},
		{"Starting three machines with SSH", d.startMachines},
		{"Describing environments, machines and the project", d.describe},
		{"Pushing a package", d.push},
		{"Releasing and deploying to Development", func() error { return d.deploy("Development") }},
		{"Deploying to Production", func() error { return d.deploy("Production") }},
		{"What is installed where", d.installed},
	} {
		fmt.Printf("\n== %s\n", stage.title)
		if err := stage.run(); err != nil {
			return fmt.Errorf("%s: %w", stage.title, err)
		}
	}
	d.farewell()
	return nil
}
