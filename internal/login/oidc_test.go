package login

import (
	"crypto/tls"
	"testing"
)

func TestSubjectPattern(t *testing.T) {
	for _, c := range []struct {
		pattern, subject string
		want             bool
	}{
		{"repo:acme/web:ref:refs/heads/main", "repo:acme/web:ref:refs/heads/main", true},
		{"repo:acme/web:ref:refs/heads/main", "repo:acme/web:ref:refs/heads/Main", false},
		{"repo:acme/*:ref:refs/heads/main", "repo:acme/web:ref:refs/heads/main", true},
		{"repo:acme/*:ref:refs/heads/main", "repo:acme/web:ref:refs/heads/main2", false},
		{"repo:acme/*:ref:*", "repo:acme/a:ref:b:ref:c", true},
		{"repo:acme/web?:x", "repo:acme/web1:x", true},
		{"repo:acme/web?:x", "repo:acme/web:x", false},
		{"?", "é", true},
		{"*", "", true},
		{"**", "anything", true},
		{"", "", true},
		{"", "x", false},
		{"a*b*c", "a-b-b-c", true},
		{"a*b*c", "a-c-b", false},
		// A full stop is a full stop, and no pattern is a regular expression.
		{"a.c", "abc", false},
		{"[ab]", "a", false},
	} {
		if got := likeSubject(c.pattern, c.subject); got != c.want {
			t.Errorf("%q for %q: %v", c.pattern, c.subject, got)
		}
	}
}

func TestOrigin(t *testing.T) {
	proxies, err := ParseProxies([]string{"10.0.0.0/8"})
	if err != nil {
		t.Fatal(err)
	}
	forwarded := []string{"X-Forwarded-Proto", "https", "X-Forwarded-Host", "deploy.example.com"}
	for name, c := range map[string]struct {
		from    string
		tls     bool
		headers []string
		want    string
	}{
		"directly":                   {"192.0.2.1:5", false, nil, "http://example.com"},
		"over TLS":                   {"192.0.2.1:5", true, nil, "https://example.com"},
		"by a trusted proxy":         {"10.1.1.1:5", false, forwarded, "https://deploy.example.com"},
		"by a stranger":              {"192.0.2.1:5", false, forwarded, "http://example.com"},
		"by a proxy that says trash": {"10.1.1.1:5", false, []string{"X-Forwarded-Proto", "javascript", "X-Forwarded-Host", "a/b"}, "http://example.com"},
	} {
		r := request("GET", c.headers...)
		r.RemoteAddr = c.from
		if c.tls {
			r.TLS = &tls.ConnectionState{}
		}
		if got := proxies.Origin(r); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}
