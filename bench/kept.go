package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// keptSpace is a large space that another run has made: the server's folder
// lies beside it, and new databases on PostgreSQL are copied from its own.
type keptSpace struct {
	Key, Database                             string
	Environments, Projects, Tenants, Releases []string
}

// grown gives a server that does not run and has a large space: a copy of what
// is in the folder of -space, where it is made first if it is missing.
func (b *bench) grown(name, at string, l large) (*tako, *spaceIDs, error) {
	if b.space == "" {
		return b.grow(name, at, l)
	}
	kept := filepath.Join(b.space, fmt.Sprintf("%s-%d", strings.ToLower(name), l.projects))
	t, s, err := b.copied(kept, name, at)
	if !errors.Is(err, fs.ErrNotExist) {
		return t, s, err
	}
	if t, s, err = b.grow(name, at, l); err != nil {
		return nil, nil, err
	}
	if err := copyFolder(t.data, kept); err != nil {
		return nil, nil, err
	}
	k := keptSpace{Key: t.key, Environments: s.environments, Projects: s.projects, Tenants: s.tenants, Releases: s.releases}
	if at != "" {
		u, err := url.Parse(t.database)
		if err != nil {
			return nil, nil, err
		}
		made, _, err := database(at, name, strings.TrimPrefix(u.Path, "/"))
		if err != nil {
			return nil, nil, err
		}
		k.Database = made
	}
	text, err := json.Marshal(k)
	if err != nil {
		return nil, nil, err
	}
	return t, s, os.WriteFile(kept+".json", text, 0o600)
}

// copied copies what an earlier run has kept.
func (b *bench) copied(kept, name, at string) (*tako, *spaceIDs, error) {
	text, err := os.ReadFile(kept + ".json")
	if err != nil {
		return nil, nil, err
	}
	var k keptSpace
	if err := json.Unmarshal(text, &k); err != nil {
		return nil, nil, err
	}
	t := &tako{data: filepath.Join(b.dir, "scale-"+name), bin: b.bin, key: k.Key}
	if at != "" {
		u, err := url.Parse(k.Database)
		if err != nil {
			return nil, nil, err
		}
		made, drop, err := database(at, name, strings.TrimPrefix(u.Path, "/"))
		if err != nil {
			return nil, nil, err
		}
		b.later(drop)
		t.database = made
	}
	b.later(func() {
		if t.process != nil {
			t.stop()
		}
	})
	return t, &spaceIDs{environments: k.Environments, projects: k.Projects, tenants: k.Tenants, releases: k.Releases}, copyFolder(kept, t.data)
}

// copyFolder copies a server's folder, with the sockets in it.
func copyFolder(from, to string) error {
	if said, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		return fmt.Errorf("copying %s: %w: %s", from, err, said)
	}
	return nil
}

// grow makes a large space.
func (b *bench) grow(name, at string, l large) (*tako, *spaceIDs, error) {
	made := ""
	if at != "" {
		var drop func()
		var err error
		if made, drop, err = database(at, name, "template1"); err != nil {
			return nil, nil, err
		}
		b.later(drop)
	}
	t, err := b.newTakoOn("scale-"+name, made)
	if err != nil {
		return nil, nil, err
	}
	began := time.Now()
	s, err := t.furnish(l)
	if err != nil {
		return nil, nil, err
	}
	furnished := time.Since(began)
	t.stop()
	if err := b.multiply(t, l, &s); err != nil {
		return nil, nil, err
	}
	fmt.Fprintf(os.Stderr, "%s: furnished in %s, multiplied in %s\n", name, furnished.Round(time.Second), (time.Since(began) - furnished).Round(time.Second))
	return t, &s, nil
}
