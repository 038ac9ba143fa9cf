package gitrepo

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/takodeploy/tako/internal/fault"
)

// git runs git in the mirror. What it says on failing is a *gitError.
func (s *Session) git(ctx context.Context, input []byte, args ...string) ([]byte, error) {
	return s.gitWith(ctx, nil, input, args...)
}

func (s *Session) gitWith(ctx context.Context, environment []string, input []byte, args ...string) ([]byte, error) {
	return s.run(ctx, append(s.environment(), environment...), input, args...)
}

func (s *Session) run(ctx context.Context, environment []string, input []byte, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = s.dir
	cmd.Env = environment
	cmd.Stdin = bytes.NewReader(input)
	var said bytes.Buffer
	out := bounded{most: mostSaid}
	if slices.Contains(args, "cat-file") {
		out.most = largestFile
	}
	cmd.Stdout, cmd.Stderr = &out, &said
	// On SIGTERM git ends its own children and removes what is half written.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	err := cmd.Run()
	if err == nil {
		return out.kept.Bytes(), nil
	}
	if errors.Is(err, exec.ErrNotFound) {
		return nil, fault.New(fault.Unavailable, "This server has no git program, which it needs for projects in Git. Install git where the server runs.")
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if out.full {
		return nil, fault.Wrap(fault.Invalid, errTooLong, "The Git repository %s has more than %d MB to say to git %s", s.url, out.most>>20, args[0])
	}
	if args[0] == "push" {
		said.Write(out.kept.Bytes()) // what became of each branch
	}
	return out.kept.Bytes(), &gitError{command: args[0], said: said.String(), cause: err}
}

// mostSaid bounds what git says: the names of the files of a very large change.
const mostSaid = 64 << 20

// bounded keeps what git says up to a length, and then takes no more, on which
// git ends: what a repository holds must not fill this process's memory.
type bounded struct {
	kept bytes.Buffer // not embedded: it would be read into past the bound
	most int
	full bool
}

var errTooLong = errors.New("git says too much")

// Write implements io.Writer.
func (b *bounded) Write(p []byte) (int, error) {
	n, _ := b.kept.Write(p[:min(len(p), b.most-b.kept.Len())])
	if n < len(p) {
		b.full = true
		return n, errTooLong
	}
	return n, nil
}

type gitError struct {
	command string
	said    string
	cause   error
}

func (e *gitError) Error() string {
	return fmt.Sprintf("git %s: %v: %s", e.command, e.cause, plainMessage(e.said))
}

func (e *gitError) Unwrap() error { return e.cause }

// environment is all that git knows of this process: neither the settings of
// the user that runs it nor any variable that changes what git does.
func (s *Session) environment(more ...[2]string) []string {
	env := []string{
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=", "SSH_ASKPASS=",
		"GIT_DIR=" + s.dir, "HOME=" + s.dir, "LC_ALL=C", "GIT_NO_REPLACE_OBJECTS=1", "GIT_ALLOW_PROTOCOL=" + s.allowed(),
	}
	for _, name := range []string{"PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	settings := [][2]string{{"credential.helper", ""}, {"http.lowSpeedLimit", "1"}, {"http.lowSpeedTime", "60"}}
	if s.remote.Username+s.remote.Password != "" {
		// For this server alone: git follows a redirect of the first request.
		header := "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(s.remote.Username+":"+s.remote.Password))
		settings = append(settings, [2]string{"http." + origin(s.url) + ".extraHeader", header})
	}
	if s.cache.Certificates != "" {
		settings = append(settings, [2]string{"http.sslCAInfo", s.cache.Certificates})
	}
	settings = append(settings, more...)
	env = append(env, fmt.Sprintf("GIT_CONFIG_COUNT=%d", len(settings)))
	for i, pair := range settings {
		env = append(env, fmt.Sprintf("GIT_CONFIG_KEY_%d=%s", i, pair[0]), fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", i, pair[1]))
	}
	return env
}

// allowed names the ways in which git may reach this repository, so that no
// address within it leads anywhere else; "" when there is none. Folders of this
// machine are not among them: there lie the mirrors of others.
func (s *Session) allowed() string {
	if s.remote.SSH != nil {
		return "git" // to the tunnel
	}
	if u, err := url.Parse(s.url); err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http") {
		return "https:http"
	}
	return ""
}

func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Scheme + "://" + u.Host + "/"
}

// remotely runs git for an exchange with the repository's server, and turns
// what goes wrong there into words for who has given its address.
func (s *Session) remotely(ctx context.Context, args ...string) ([]byte, error) {
	limited, cancel := context.WithTimeoutCause(ctx, s.cache.Patience, fault.New(fault.Unavailable, "The Git repository %s did not answer within %s.", s.url, s.cache.Patience))
	defer cancel()
	out, err := s.exchange(limited, args...)
	var failed *gitError
	if !errors.As(err, &failed) {
		return out, err
	}
	said := strings.ToLower(failed.said)
	has := func(any ...string) bool {
		for _, part := range any {
			if strings.Contains(said, part) {
				return true
			}
		}
		return false
	}
	switch {
	case has("authentication failed", "could not read username", "could not read password", "terminal prompts disabled", "error: 401", "error: 403"):
		return out, fault.Wrap(fault.Invalid, err, "The Git repository %s does not admit these credentials. Check the user name and the password or token.", s.url)
	case has("not found", "could not be found", "does not appear to be a git repository", "does not exist", "error: 404"):
		return out, fault.Wrap(fault.Invalid, err, "There is no Git repository at %s, or it is not shown to these credentials.", s.url)
	case has("could not resolve host", "failed to connect", "couldn't connect", "connection refused", "connection timed out", "ssl", "certificate", "unable to access", "error: 5", "hung up"):
		return out, fault.Wrap(fault.Unavailable, err, "The Git repository %s could not be reached: %s", s.url, plainMessage(failed.said))
	}
	return out, err
}

// exchange runs git so that it can reach the repository's server.
func (s *Session) exchange(ctx context.Context, args ...string) ([]byte, error) {
	if s.remote.SSH == nil {
		return s.git(ctx, nil, args...)
	}
	t, err := dig(ctx, s.remote.SSH)
	if err != nil {
		return nil, err
	}
	out, err := s.run(ctx, s.environment(t.setting(s.url)), nil, args...)
	said, wrong := t.close()
	var failed *gitError
	if errors.As(err, &failed) {
		if wrong != nil {
			return out, wrong
		}
		failed.said = said + "\n" + strings.ReplaceAll(failed.said, t.listener.Addr().String()+"/"+t.token, s.remote.SSH.Address)
	}
	return out, err
}
