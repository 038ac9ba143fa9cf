package main

import (
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/takodeploy/tako/e2e/process"
	"github.com/takodeploy/tako/e2e/rest"
	"github.com/takodeploy/tako/internal/target/sshdtest"
)

// demo is what the stages share.
type demo struct {
	dir, program     string
	url, key, secret string
	c                *rest.Client
	machines         []*sshdtest.Server
	pids             []int

	release, project string
	environments     map[string]string
}

// clear ends what an earlier demo left running and begins with an empty folder.
func (d *demo) clear() error {
	text, err := os.ReadFile(filepath.Join(d.dir, "pids"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("looking for an earlier demo: %w", err)
	}
	for _, line := range strings.Fields(string(text)) {
		if pid, err := strconv.Atoi(line); err == nil {
			d.end(pid)
		}
	}
	// Agents outlive servers and sessions, for a while.
	for _, pid := range agents() {
		d.end(pid)
	}
	if err := os.RemoveAll(d.dir); err != nil {
		return fmt.Errorf("clearing the folder of the demo: %w", err)
	}
	return nil
}

// end ends a process if it is the demo's, and waits for that.
func (d *demo) end(pid int) {
	if !d.ours(pid) || syscall.Kill(pid, syscall.SIGTERM) != nil {
		return
	}
	for deadline := time.Now().Add(10 * time.Second); d.ours(pid) && time.Now().Before(deadline); {
		time.Sleep(50 * time.Millisecond)
	}
}

// agents are the processes of the machine that are agents.
func agents() (pids []int) {
	all, _ := filepath.Glob("/proc/[0-9]*/exe")
	for _, link := range all {
		program, err := os.Readlink(link)
		if err != nil || filepath.Base(strings.TrimSuffix(program, " (deleted)")) != "tako-agent" {
			continue // somebody else's, or none
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(link))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// ours reports whether a process belongs to the demo: numbers are used again.
func (d *demo) ours(pid int) bool {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return err == nil && strings.Contains(string(line), d.dir)
}

// note keeps the number of a process for the next demo to end.
func (d *demo) note(pid int) error {
	f, err := os.OpenFile(filepath.Join(d.dir, "pids"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = fmt.Fprintln(f, pid)
	return err
}

func random(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b)
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b)
}

// address takes 127.0.0.1:8080, or another port when somebody has that.
func address() (string, error) {
	for _, at := range []string{"127.0.0.1:8080", "127.0.0.1:0"} {
		l, err := net.Listen("tcp", at)
		if err == nil {
			defer l.Close()
			return l.Addr().String(), nil
		}
	}
	return "", errors.New("no port is free")
}

func (d *demo) startServer() error {
	at, err := address()
	if err != nil {
		return err
	}
	d.url, d.key, d.secret = "http://"+at, "API-"+random(20), random(10)
	server := &process.Server{Program: d.program, Data: filepath.Join(d.dir, "data"), Log: filepath.Join(d.dir, "server.log"), Listen: at,
		Env:   append(os.Environ(), "ADMIN_USERNAME=admin", "ADMIN_PASSWORD="+d.secret, "ADMIN_API_KEY="+d.key, "ADMIN_EMAIL=admin@example.com", "TAKO_URL="+d.url),
		Alone: true}
	if err := server.Launch(); err != nil {
		return err
	}
	if err := d.note(server.Pid()); err != nil {
		return err
	}
	if err := server.Ready(30 * time.Second); err != nil {
		return err
	}
	d.c = &rest.Client{URL: d.url, APIKey: d.key}
	fmt.Println("   the server answers at", d.url)
	return nil
}

func (d *demo) startMachines() error {
	if err := sshdtest.Available(); err != nil {
		return fmt.Errorf("no SSH server can be started here: %w", err)
	}
	for _, name := range []string{"web-1", "web-2", "web-3"} {
		s, err := sshdtest.Start(sshdtest.Options{Dir: filepath.Join(d.dir, "machines", name)})
		if err != nil {
			return err
		}
		d.machines = append(d.machines, s)
		if err := d.note(s.Pid()); err != nil {
			return err
		}
		fmt.Printf("   %s: ssh://%s@%s, home %s\n", name, s.User, s.Address(), s.Home)
	}
	return nil
}
