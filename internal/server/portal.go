package server

import (
	"net"
	"net/url"
)

// portalURL is where people open the portal: the address that they reach the
// server by where it is known, else this machine's.
func portalURL(known string, listening net.Addr, encrypted bool) string {
	if at, err := url.Parse(known); err == nil && at.Host != "" {
		return at.JoinPath("app").String()
	}
	at := url.URL{Scheme: "http", Host: listening.String(), Path: "/app"}
	if encrypted {
		at.Scheme = "https"
	}
	if tcp, ok := listening.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		_, port, err := net.SplitHostPort(listening.String())
		if err == nil {
			at.Host = net.JoinHostPort("localhost", port)
		}
	}
	return at.String()
}
