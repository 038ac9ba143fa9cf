package webui

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

var built = fstest.MapFS{
	"index.html":        {Data: []byte(`<meta property="csp-nonce" nonce="TAKO_CSP_NONCE"><script type="module" src="./assets/a-1.js"></script>`)},
	"assets/a-1.js":     {Data: []byte("plain")},
	"assets/a-1.js.gz":  {Data: []byte("zipped")},
	"assets/a-1.js.br":  {Data: []byte("smaller")},
	"assets/b-2.css":    {Data: []byte("b{}")},
	"assets/secret.qqq": {Data: []byte("of no known type")},
}

func ask(t *testing.T, p *Portal, method, path, encodings string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest(method, path, nil)
	r.Header.Set("Accept-Encoding", encodings)
	if !p.Serve(w, r) {
		w.Code = 0
	}
	return w
}

func TestServe(t *testing.T) {
	p := of(built)
	for _, c := range []struct {
		method, path, accept string
		code                 int
		cache, encoding      string
		body                 string
	}{
		{"GET", "/", "", http.StatusFound, "", "", ""},
		{"GET", "/app", "", 200, "no-store", "", "a-1.js"},
		{"GET", "/app/", "", 200, "no-store", "", "a-1.js"},
		{"GET", "/assets/a-1.js", "", 200, "public, max-age=31536000, immutable", "", "plain"},
		{"GET", "/app/assets/a-1.js", "", 200, "public, max-age=31536000, immutable", "", "plain"},
		{"GET", "/assets/a-1.js", "gzip, br", 200, "public, max-age=31536000, immutable", "br", "smaller"},
		{"GET", "/assets/a-1.js", "gzip", 200, "public, max-age=31536000, immutable", "gzip", "zipped"},
		{"GET", "/assets/a-1.js", "br;q=0, gzip;q=0.5", 200, "public, max-age=31536000, immutable", "gzip", "zipped"},
		{"GET", "/assets/b-2.css", "gzip, br", 200, "public, max-age=31536000, immutable", "", "b{}"},
		{"GET", "/favicon.ico", "", 200, "public, max-age=86400", "", "<svg "},
		{"GET", "/assets/gone-3.js", "", 404, "no-store", "", "newer version"},
		{"GET", "/assets/../index.html", "", 404, "no-store", "", "no such file"},
		{"GET", "/assets/secret.qqq", "", 404, "no-store", "", "no such file"},
		{"POST", "/app", "", http.StatusMethodNotAllowed, "", "", ""},
		{"GET", "/application", "", 0, "", "", ""},
		{"GET", "/apis", "", 0, "", "", ""},
	} {
		t.Run(c.method+" "+c.path+" "+c.accept, func(t *testing.T) {
			w := ask(t, p, c.method, c.path, c.accept)
			if w.Code != c.code || w.Header().Get("Cache-Control") != c.cache || w.Header().Get("Content-Encoding") != c.encoding || !strings.Contains(w.Body.String(), c.body) {
				t.Errorf("got %d %v %q", w.Code, w.Header(), w.Body)
			}
		})
	}
}

func TestRedirectIsRelative(t *testing.T) {
	if at := ask(t, of(built), "GET", "/", "").Header().Get("Location"); at != "./app" {
		t.Errorf("the front page leads to %q, which is wrong behind a proxy that serves a folder", at)
	}
}

func TestEveryPageHasItsNonce(t *testing.T) {
	p := of(built)
	nonces := map[string]bool{}
	for range 2 {
		w := ask(t, p, "GET", "/app", "")
		policy := w.Header().Get("Content-Security-Policy")
		nonce := regexp.MustCompile(`'nonce-([^']+)'`).FindStringSubmatch(policy)
		if nonce == nil || !strings.Contains(w.Body.String(), `nonce="`+nonce[1]+`"`) || strings.Contains(w.Body.String(), placeholder) {
			t.Fatalf("the page and its policy %q do not agree: %s", policy, w.Body)
		}
		if strings.Contains(policy, "unsafe") {
			t.Errorf("the policy is %q", policy)
		}
		nonces[nonce[1]] = true
	}
	if len(nonces) != 2 {
		t.Error("a nonce was used twice")
	}
}

func TestWithoutABuild(t *testing.T) {
	p := of(fstest.MapFS{})
	if w := ask(t, p, "GET", "/app", ""); w.Code != 200 || !strings.Contains(w.Body.String(), "make build") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if New() == nil {
		t.Error("the portal of the binary cannot be made")
	}
}
