package server

import (
	"net"
	"testing"
)

func TestPortalURL(t *testing.T) {
	for _, c := range []struct {
		known     string
		listening net.TCPAddr
		encrypted bool
		want      string
	}{
		{"", net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}, false, "http://127.0.0.1:8080/app"},
		{"", net.TCPAddr{IP: net.IPv6unspecified, Port: 8080}, false, "http://localhost:8080/app"},
		{"", net.TCPAddr{IP: net.IPv4zero, Port: 443}, true, "https://localhost:443/app"},
		{"https://deploy.example.com/tako/", net.TCPAddr{IP: net.IPv4zero, Port: 80}, false, "https://deploy.example.com/tako/app"},
		{"no address", net.TCPAddr{IP: net.IPv6loopback, Port: 1}, false, "http://[::1]:1/app"},
	} {
		if got := portalURL(c.known, &c.listening, c.encrypted); got != c.want {
			t.Errorf("portalURL(%q, %v) = %q, want %q", c.known, &c.listening, got, c.want)
		}
	}
}
