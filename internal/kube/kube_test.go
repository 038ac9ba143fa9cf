package kube

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// api is a small API server: one pod, which a test changes, and programs in it.
func api(t *testing.T, handler http.HandlerFunc) *Cluster {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return &Cluster{Address: server.URL, Namespace: "ns", Token: func() (string, error) { return "secret", nil }}
}

func TestRefusalsAreTold(t *testing.T) {
	c := api(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" {
			t.Errorf("the token is %q", r.Header.Get("Authorization"))
		}
		switch r.Method {
		case http.MethodGet:
			w.WriteHeader(http.StatusNotFound)
		case http.MethodPost:
			w.WriteHeader(http.StatusConflict)
			fmt.Fprint(w, `{"kind":"Status","reason":"AlreadyExists","message":"pods \"a\" already exists"}`)
		default:
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, "no etcd\n")
		}
	})
	if pod, err := c.Get(t.Context(), "a"); pod != nil || err != nil {
		t.Errorf("a pod that is not there is %v, %v", pod, err)
	}
	_, err := c.Create(t.Context(), map[string]any{})
	var refused *Error
	if !errors.As(err, &refused) || refused.Reason != "AlreadyExists" || refused.Temporary() || err.Error() != `pods "a" already exists` {
		t.Errorf("%v", err)
	}
	if err := c.Delete(t.Context(), "a", "uid", 1); !errors.As(err, &refused) || !refused.Temporary() || err.Error() != "no etcd" {
		t.Errorf("%v", err)
	}
}

// TestAwait sees a pod through two watches, of which the first breaks.
func TestAwait(t *testing.T) {
	phases := [][]string{{Pending, Pending}, {Running, ""}}
	c := api(t, func(w http.ResponseWriter, r *http.Request) {
		event := func(kind, phase string) {
			text, _ := json.Marshal(map[string]any{"type": kind, "object": map[string]any{"status": map[string]string{"phase": phase}}})
			w.Write(append(text, '\n'))
		}
		if got := r.URL.Query().Get("fieldSelector"); got != "metadata.name=a" {
			t.Errorf("selected %q", got)
		}
		if r.URL.Query().Get("watch") == "" {
			fmt.Fprintf(w, `{"metadata":{"resourceVersion":"7"},"items":[{"status":{"phase":%q}}]}`, phases[0][0])
			return
		}
		if r.URL.Query().Get("resourceVersion") != "7" {
			t.Errorf("watched from %q", r.URL.Query().Get("resourceVersion"))
		}
		if last := phases[0][1]; last != "" {
			event("MODIFIED", last)
		} else {
			event("DELETED", "")
		}
		phases = phases[1:]
	})
	var seen []string
	err := c.Await(t.Context(), "a", func(p *Pod) (bool, error) {
		if p == nil {
			seen = append(seen, "gone")
			return true, nil
		}
		seen = append(seen, p.Status.Phase)
		return false, nil
	})
	if got := strings.Join(seen, " "); err != nil || got != "Pending Pending Running gone" {
		t.Errorf("saw %s, %v", got, err)
	}
}

// program is the server's side of a session: it is given what comes on standard
// input and says what it likes.
func program(t *testing.T, run func(in io.Reader, say func(frame ...byte))) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if got := r.URL.Query()["command"]; strings.Join(got, " ") != "cat -" {
			t.Errorf("the command is %q", got)
		}
		conn, buf, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
		fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\nSec-WebSocket-Protocol: v5.channel.k8s.io\r\n\r\n",
			base64.StdEncoding.EncodeToString(sum[:]))
		run(&unmask{r: buf.Reader, conn: conn}, func(frame ...byte) { conn.Write(frame) })
	}
}

// unmask reads what a client sends on standard input.
type unmask struct {
	r    *bufio.Reader
	conn net.Conn
	left []byte
}

func (u *unmask) Read(p []byte) (int, error) {
	for len(u.left) == 0 {
		var head [2]byte
		if _, err := io.ReadFull(u.r, head[:]); err != nil {
			return 0, err
		}
		size := int(head[1] & 0x7f)
		if size == 126 {
			var more [2]byte
			if _, err := io.ReadFull(u.r, more[:]); err != nil {
				return 0, err
			}
			size = int(binary.BigEndian.Uint16(more[:]))
		}
		data := make([]byte, 4+size)
		if _, err := io.ReadFull(u.r, data); err != nil {
			return 0, err
		}
		for i := range data[4:] {
			data[4+i] ^= data[i%4]
		}
		if head[1]&0x80 == 0 || head[0] != 0x80|opBinary || data[4] != stdin {
			return 0, fmt.Errorf("frame %v is not of standard input", head)
		}
		u.left = data[5:]
	}
	n := copy(p, u.left)
	u.left = u.left[n:]
	return n, nil
}

func TestSession(t *testing.T) {
	big := bytes.Repeat([]byte("0123456789abcdef"), 5000)
	c := api(t, program(t, func(in io.Reader, say func(frame ...byte)) {
		say(0x80|opBinary, 1, stdout)           // an empty message opens a channel
		say(0x80|opPing, 2, 'h', 'i')           // between messages
		say(opBinary, 3, stdout, 'a', 'b')      // a message in two frames
		say(0x80, 1, 'c')                       //
		say(0x80|opBinary, 4, 2, 'o', 'h', ' ') // standard error
		got := make([]byte, len(big))
		u := in.(*unmask)
		var head [2]byte
		if _, err := io.ReadFull(u.r, head[:]); err != nil || head[0] != 0x80|opPong {
			t.Errorf("the ping was answered by %v, %v", head, err)
		}
		io.CopyN(io.Discard, u.r, 4+2)
		if _, err := io.ReadFull(in, got); err != nil || !bytes.Equal(got, big) {
			t.Errorf("standard input came as %d bytes, %v", len(got), err)
		}
		text := `{"status":"Failure","message":"command terminated with exit code 3"}`
		say(append([]byte{0x80 | opBinary, byte(1 + len(text)), status}, text...)...)
		say(0x80|opClose, 2, 3, 0xe8)
	}))
	s, err := c.Exec(context.Background(), "a", "c", "cat", "-")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	three := make([]byte, 3)
	if _, err := io.ReadFull(s, three); err != nil || string(three) != "abc" {
		t.Fatalf("%q, %v", three, err)
	}
	if n, err := s.Write(big); n != len(big) || err != nil {
		t.Fatalf("wrote %d, %v", n, err)
	}
	rest, err := io.ReadAll(s)
	if len(rest) != 0 || err == nil || !strings.Contains(err.Error(), "exit code 3") || s.Said() != "oh" {
		t.Errorf("it ended with %q, %v, and said %q", rest, err, s.Said())
	}
}

func TestSessionRefused(t *testing.T) {
	c := api(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"kind":"Status","message":"no exec for you"}`)
	})
	if _, err := c.Exec(t.Context(), "a", "c", "cat"); !Is(err, http.StatusForbidden) || err.Error() != "no exec for you" {
		t.Errorf("%v", err)
	}
}

func TestInCluster(t *testing.T) {
	if _, err := inCluster("", "", t.TempDir()); !errors.Is(err, ErrOutside) {
		t.Errorf("outside: %v", err)
	}
	dir := t.TempDir()
	if _, err := inCluster("10.0.0.1", "443", dir); !errors.Is(err, ErrOutside) {
		t.Errorf("without an account: %v", err)
	}
	for name, text := range map[string]string{"namespace": "here\n", "token": "first\n", "ca.crt": "nothing"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := inCluster("10.0.0.1", "443", dir); err == nil || !strings.Contains(err.Error(), "no certificate") {
		t.Errorf("without an authority: %v", err)
	}
}
