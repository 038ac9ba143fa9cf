package gitrepo

import (
	"fmt"
	"io"
	"net"
	"testing"
)

// TestTunnelServesNobodyElse holds that the port that git is led to is of no use
// to who was not told the token.
func TestTunnelServesNobodyElse(t *testing.T) {
	dialed := make(chan struct{}, 10)
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	go func() {
		for {
			conn, err := server.Accept()
			if err != nil {
				return
			}
			dialed <- struct{}{}
			conn.Close()
		}
	}()
	d, err := dig(t.Context(), &SSH{Address: server.Addr().String(), Path: "/x"})
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"git-upload-pack /", "git-upload-pack /x", "git-upload-archive /" + d.token, "git-upload-pack /" + d.token[:len(d.token)-1], "sh -c x /" + d.token} {
		conn, err := net.Dial("tcp", d.listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "%04x%s\x00host=127.0.0.1\x00", len(line)+4+len("\x00host=127.0.0.1\x00"), line)
		if got, err := io.ReadAll(conn); err == nil && len(got) > 0 {
			t.Errorf("%q was answered %q", line, got)
		}
		conn.Close()
	}
	if said, err := d.close(); said != "" || err != nil {
		t.Errorf("the tunnel says %q, %v", said, err)
	}
	if len(dialed) > 0 {
		t.Error("the server was spoken to for a stranger")
	}
}
