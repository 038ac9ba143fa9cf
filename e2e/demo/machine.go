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

	release, project string
	environments     map[string]string
}

// clear ends what an earlier demo left running, however that ended, and begins
// with an empty folder.
func (d *demo) clear() error {
	for _, pid := range d.running() {
		d.end(pid)
	}
	if err := os.RemoveAll(d.dir); err != nil {
		return fmt.Errorf("clearing the folder of the demo: %w", err)
	}
	return nil
}

// end ends a process of the demo, and waits for that.
func (d *demo) end(pid int) {
	if syscall.Kill(pid, syscall.SIGTERM) != nil {
		return
	}
	for deadline := time.Now().Add(10 * time.Second); d.ours(pid) && time.Now().Before(deadline); {
		time.Sleep(50 * time.Millisecond)
	}
}

// running finds the demo's servers and machines, and their agents, which outlive
// them for a while. Nothing is written down when one starts: who is interrupted
// there would leave it for good.
func (d *demo) running() (pids []int) {
	all, _ := filepath.Glob("/proc/[0-9]*/exe")
	for _, link := range all {
		program, err := os.Readlink(link)
		if err != nil {
			continue // somebody else's, or gone
		}
		switch filepath.Base(strings.TrimSuffix(program, " (deleted)")) {
		case "tako", "tako-agent", "sshd":
			if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(link))); err == nil && d.ours(pid) {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// ours reports whether a process belongs to the demo: its folder is among the
// arguments.
func (d *demo) ours(pid int) bool {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return err == nil && strings.Contains(string(line), d.dir+"/")
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
		fmt.Printf("   %s: ssh://%s@%s, home %s\n", name, s.User, s.Address(), s.Home)
	}
	return nil
}
