package login

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// Proxies are the networks of proxies whose word on a client's address is
// believed.
type Proxies []netip.Prefix

// ParseProxies reads networks such as 10.0.0.0/8 and single addresses.
func ParseProxies(texts []string) (Proxies, error) {
	var proxies Proxies
	for _, text := range texts {
		if p, err := netip.ParsePrefix(text); err == nil {
			proxies = append(proxies, p.Masked())
			continue
		}
		a, err := netip.ParseAddr(text)
		if err != nil {
			return nil, fmt.Errorf("%q is neither a network nor an address", text)
		}
		proxies = append(proxies, netip.PrefixFrom(a, a.BitLen()))
	}
	return proxies, nil
}

func (p Proxies) has(a netip.Addr) bool {
	for _, network := range p {
		if network.Contains(a) {
			return true
		}
	}
	return false
}

// ClientIP gives the address that a request comes from. If a trusted proxy
// passed it on, that is the right-most address of X-Forwarded-For that is no
// trusted proxy itself: what stands further left anybody can have written.
func (p Proxies) ClientIP(r *http.Request) string {
	peer, ok := address(r.RemoteAddr)
	if !ok {
		return r.RemoteAddr
	}
	if !p.has(peer) {
		return peer.String()
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, ok := address(strings.TrimSpace(hops[i]))
		if !ok {
			break
		}
		peer = hop
		if !p.has(hop) {
			break
		}
	}
	return peer.String()
}

// Origin is how the sender of a request names the server, such as
// https://deploy.example.com. What a trusted proxy says of it is believed.
func (p Proxies) Origin(r *http.Request) string {
	scheme, host := "http", r.Host
	if r.TLS != nil {
		scheme = "https"
	}
	if peer, ok := address(r.RemoteAddr); ok && p.has(peer) {
		if s := r.Header.Get("X-Forwarded-Proto"); s == "http" || s == "https" {
			scheme = s
		}
		if h := r.Header.Get("X-Forwarded-Host"); h != "" && !strings.ContainsAny(h, " ,/\\@") {
			host = h
		}
	}
	return scheme + "://" + host
}

// address reads an address with or without a port.
func address(text string) (netip.Addr, bool) {
	if ap, err := netip.ParseAddrPort(text); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	a, err := netip.ParseAddr(strings.Trim(text, "[]"))
	return a.Unmap().WithZone(""), err == nil
}

// neighbourhood gives the network that counts as one sender: whoever has one
// IPv6 address has a whole /64 of them.
func neighbourhood(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil || a.Is4() {
		return ip
	}
	network, _ := a.Prefix(64)
	return network.String()
}
