package main

import (
	"fmt"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// origin serves an empty Git repository that everybody may write to; without a
// git program there is none, and address is "".
func origin() (address string, end func(), err error) {
	where, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		return "", func() {}, nil
	}
	dir, err := os.MkdirTemp("", "fuzz-git-")
	if err != nil {
		return "", nil, err
	}
	for _, args := range [][]string{{"init", "--quiet", "--bare", "--initial-branch=main", "it.git"}, {"-C", "it.git", "config", "http.receivepack", "true"}, {"-C", "it.git", "config", "uploadpack.allowFilter", "true"}} {
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			os.RemoveAll(dir)
			return "", nil, fmt.Errorf("making a Git repository: %w: %s", err, out)
		}
	}
	backend := &cgi.Handler{Path: filepath.Join(strings.TrimSpace(string(where)), "git-http-backend"), Env: []string{"GIT_PROJECT_ROOT=" + dir, "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=fuzz"}, InheritEnv: []string{"PATH"}}
	server := httptest.NewServer(http.Handler(backend))
	return server.URL + "/it.git", func() {
		server.Close()
		os.RemoveAll(dir)
	}, nil
}
