package dotnet

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// URI is an address taken apart. Of a relative one nothing but Absolute is set.
type URI struct {
	Absolute bool
	Scheme   string
	UserInfo string
	Host     string // IPv6 addresses in brackets
	HostType string // Dns, IPv4, IPv6, Basic or Unknown
	Port     int    // -1 when there is none and the scheme has no default
	Path     string // escaped
	Query    string // with its question mark
	Fragment string // with its number sign

	slashes bool
}

// defaultPorts are the ports that need not be written.
var defaultPorts = map[string]int{
	"http": 80, "https": 443, "ftp": 21, "ws": 80, "wss": 443, "gopher": 70,
	"nntp": 119, "telnet": 23, "ldap": 389, "mailto": 25, "net.tcp": 808,
}

// hierarchical are the schemes whose URIs always have a host and a path.
var hierarchical = map[string]bool{"http": true, "https": true, "ftp": true, "ws": true, "wss": true, "net.tcp": true, "net.pipe": true, "gopher": true}

// ParseURI reads an absolute or relative URI; it reports false for what is
// neither.
func ParseURI(text string) (URI, bool) {
	text = strings.TrimSpace(text)
	if rest, ok := strings.CutPrefix(text, `\\`); ok && rest != "" {
		return ParseURI("file://" + strings.ReplaceAll(rest, `\`, "/"))
	}
	if len(text) > 2 && isLetter(text[0]) && text[1] == ':' && (text[2] == '\\' || text[2] == '/') {
		return ParseURI("file:///" + strings.ReplaceAll(text, `\`, "/"))
	}
	scheme, rest, ok := strings.Cut(text, ":")
	if !ok || !isScheme(scheme) {
		return URI{}, true
	}
	u := URI{Absolute: true, Scheme: strings.ToLower(scheme), Port: -1, HostType: "Unknown"}
	if rest, u.Fragment, ok = strings.Cut(rest, "#"); ok {
		u.Fragment = escapeURI("#" + u.Fragment)
	}
	if u.Fragment == "#" {
		u.Fragment = ""
	}
	if rest, u.Query, ok = strings.Cut(rest, "?"); ok {
		u.Query = escapeURI("?" + u.Query)
	}
	if u.Query == "?" {
		u.Query = ""
	}
	return u.readRest(rest)
}

// readRest reads what stands between scheme and query.
func (u URI) readRest(rest string) (URI, bool) {
	if hierarchical[u.Scheme] {
		rest = strings.ReplaceAll(rest, `\`, "/")
	}
	if port, ok := defaultPorts[u.Scheme]; ok {
		u.Port = port
	}
	after, slashes := strings.CutPrefix(rest, "//")
	switch {
	case slashes:
		u.slashes = true
		authority, path := after, ""
		if n := strings.IndexByte(after, '/'); n >= 0 {
			authority, path = after[:n], after[n:]
		}
		if !u.readAuthority(authority) {
			return URI{}, false
		}
		u.Path = escapeURI(path)
	case hierarchical[u.Scheme]:
		return URI{}, false
	case u.Scheme == "mailto":
		return u.readMail(rest)
	default:
		u.Path = escapeURI(rest)
	}
	if u.slashes && (hierarchical[u.Scheme] || u.Scheme == "file") {
		u.Path = withoutDots(u.Path)
	}
	return u, true
}

func (u URI) readMail(address string) (URI, bool) {
	user, host, ok := strings.Cut(address, "@")
	if ok && !u.readAuthority(host) {
		return URI{}, false
	}
	u.UserInfo = escapeURI(user)
	return u, true
}

// readAuthority reads user, host and port.
func (u *URI) readAuthority(text string) bool {
	if at := strings.LastIndexByte(text, '@'); at >= 0 {
		u.UserInfo, text = escapeURI(text[:at]), text[at+1:]
	}
	host, port := text, ""
	if colon := strings.LastIndexByte(text, ':'); colon >= 0 && colon > strings.LastIndexByte(text, ']') {
		host, port = text[:colon], text[colon+1:]
	}
	if port != "" {
		number, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return false
		}
		u.Port = int(number)
	}
	if host == "" {
		if u.Scheme == "file" {
			u.HostType = "Basic"
		}
		return !hierarchical[u.Scheme]
	}
	u.Host = strings.ToLower(host)
	u.HostType = hostType(u.Host)
	return u.HostType != "Unknown"
}

// hostType says what sort of name a host has.
func hostType(host string) string {
	if inner, ok := strings.CutPrefix(host, "["); ok {
		address, err := netip.ParseAddr(strings.TrimSuffix(inner, "]"))
		if err != nil || !address.Is6() || !strings.HasSuffix(host, "]") {
			return "Unknown"
		}
		return "IPv6"
	}
	if address, err := netip.ParseAddr(host); err == nil && address.Is4() {
		return "IPv4"
	}
	for _, label := range strings.Split(strings.TrimSuffix(host, "."), ".") {
		if label == "" || len(label) > 63 {
			return "Unknown"
		}
	}
	for _, r := range host {
		if strings.ContainsRune(" <>\"\\^`{|}%:[]", r) || r < ' ' {
			return "Unknown"
		}
	}
	return "Dns"
}

// isScheme says whether a text can stand before the colon.
func isScheme(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !isLetter(c) && (i == 0 || !isDigit(c) && c != '+' && c != '-' && c != '.') {
			return false
		}
	}
	return len(s) > 1
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// escapeURI escapes what may not stand in a URI, keeping existing escapes.
func escapeURI(s string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		escaped := c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2])
		if escaped || isLetter(c) || isDigit(c) || strings.IndexByte("-._~:/?#[]@!$&'()*+,;=", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	return b.String()
}

func isHex(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }

// withoutDots resolves . and .. and makes an empty path the root.
func withoutDots(path string) string {
	if path == "" {
		return "/"
	}
	var kept []string
	parts := strings.Split(path[1:], "/")
	for i, part := range parts {
		last := i == len(parts)-1
		switch part {
		case ".", "..":
			if part == ".." && len(kept) > 0 {
				kept = kept[:len(kept)-1]
			}
			if last {
				kept = append(kept, "")
			}
		default:
			kept = append(kept, part)
		}
	}
	return "/" + strings.Join(kept, "/")
}

// String gives the whole URI, escaped and normalised.
func (u URI) String() string {
	var b strings.Builder
	b.WriteString(u.Scheme + ":")
	if u.slashes {
		b.WriteString("//")
	}
	if u.UserInfo != "" {
		b.WriteString(u.UserInfo + "@")
	}
	b.WriteString(u.Authority() + u.Path + u.Query + u.Fragment)
	return b.String()
}

// IsDefaultPort says whether the port is the one the scheme has anyway.
func (u URI) IsDefaultPort() bool {
	port, ok := defaultPorts[u.Scheme]
	return !ok && u.Port == -1 || ok && u.Port == port
}

// Authority gives host and port, the port unless it is the default.
func (u URI) Authority() string {
	if u.IsDefaultPort() {
		return u.Host
	}
	return u.HostAndPort()
}

// HostAndPort gives host and port, even a default one.
func (u URI) HostAndPort() string {
	if u.Port < 0 {
		return u.Host
	}
	return u.Host + ":" + strconv.Itoa(u.Port)
}

// DNSSafeHost gives the host without an IPv6 address's brackets.
func (u URI) DNSSafeHost() string { return strings.Trim(u.Host, "[]") }

// IsLoopback says whether the URI leads to the machine itself.
func (u URI) IsLoopback() bool {
	address, err := netip.ParseAddr(u.DNSSafeHost())
	return err == nil && address.IsLoopback() || u.Host == "localhost" || u.Host == "loopback" || u.Scheme == "file" && u.Host == ""
}

// IsUNC says whether the URI is a path on another machine.
func (u URI) IsUNC() bool { return u.Scheme == "file" && u.Host != "" }

// LocalPath gives the path unescaped, a file's as its system writes it.
func (u URI) LocalPath() string {
	path, err := url.PathUnescape(u.Path)
	if err != nil {
		path = u.Path
	}
	switch {
	case u.IsUNC():
		return `\\` + u.Host + strings.ReplaceAll(path, "/", `\`)
	case u.Scheme == "file" && len(path) > 2 && path[2] == ':':
		return strings.ReplaceAll(path[1:], "/", `\`)
	}
	return path
}
