// Package webui serves the portal that web/ builds. The built files lie in the
// binary; without them, as in a fresh clone without Node, the page says how the
// portal is built.
package webui

import (
	"crypto/rand"
	"embed"
	"encoding/base64"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

// Built by scripts/portal into dist/portal; dist/.keep lets the package compile
// without it.
//
//go:embed all:dist
var embedded embed.FS

// Portal answers requests for the portal's page and files. It is safe for
// concurrent use.
type Portal struct {
	files fs.FS
	page  string // with placeholder where the nonce goes; "" if the portal is not built
}

// placeholder is what the build writes where the nonce of a response goes.
const placeholder = "TAKO_CSP_NONCE"

// New makes the portal of the files in the binary.
func New() *Portal {
	files, err := fs.Sub(embedded, "dist/portal")
	if err != nil {
		panic(err) // the path is a constant
	}
	return of(files)
}

func of(files fs.FS) *Portal {
	p := &Portal{files: files}
	if page, err := fs.ReadFile(files, "index.html"); err == nil {
		p.page = string(page)
	}
	return p
}

// Built reports whether the portal is there.
func (p *Portal) Built() bool { return p.page != "" }

// Serve answers a request if it is one for the portal. The page's fragment
// never reaches the server, so one page stands for all screens; its files are
// also found below it, for those who write the address with a slash at its end.
func (p *Portal) Serve(w http.ResponseWriter, r *http.Request) bool {
	name, isAsset := strings.CutPrefix(strings.TrimPrefix(r.URL.Path, "/app"), "/assets/")
	isPage := r.URL.Path == "/app" || r.URL.Path == "/app/"
	isIcon := r.URL.Path == "/favicon.ico" // what browsers ask for beside anything that is not the page
	if !isAsset && !isPage && !isIcon && r.URL.Path != "/" {
		return false
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "The portal's pages can only be read.", http.StatusMethodNotAllowed)
		return true
	}
	switch {
	case isPage:
		p.servePage(w)
	case isAsset:
		p.serveAsset(w, r, name)
	case isIcon:
		h := w.Header()
		h.Set("Content-Type", "image/svg+xml")
		h.Set("Cache-Control", "public, max-age=86400")
		h.Set("X-Content-Type-Options", "nosniff")
		w.Write([]byte(icon)) // a client that is gone needs no answer
	default:
		// Relative, so that it is right behind a proxy that serves a folder.
		w.Header().Set("Location", "./app")
		w.WriteHeader(http.StatusFound)
	}
	return true
}

// icon is the one that web/index.html has in its head.
const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><rect width="24" height="24" rx="6" fill="#1d5fd1"/><path d="M6 7.5h12M12 7.5v10" stroke="#fff" stroke-width="2.6" stroke-linecap="round"/></svg>`

const unbuilt = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Tako</title>
<h1>The portal is not part of this build</h1>
<p>The server works, and so do its API and the command line. To have the portal, install Node 20 or newer and run <code>make build</code>.</p>
</html>
`

func (p *Portal) servePage(w http.ResponseWriter) {
	nonce := newNonce()
	page := strings.ReplaceAll(p.page, placeholder, nonce)
	if !p.Built() {
		page = unbuilt
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", policy(nonce))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	w.Write([]byte(page)) // a client that is gone needs no answer
}

// policy lets the page use nothing but this server. Style elements are made by
// the component kit at run time and carry the nonce.
func policy(nonce string) string {
	return strings.Join([]string{
		"default-src 'none'", "script-src 'self'", "style-src 'self' 'nonce-" + nonce + "'", "img-src 'self' data:", "font-src 'self'",
		"connect-src 'self'", "worker-src 'self'", "manifest-src 'self'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'",
	}, "; ")
}

func newNonce() string {
	b := make([]byte, 16)
	rand.Read(b) // never fails
	return base64.StdEncoding.EncodeToString(b)
}

// encodings are the compressed twins that the build leaves, best first.
var encodings = []struct{ name, suffix string }{{"br", ".br"}, {"gzip", ".gz"}}

// serveAsset answers with a built file. Its name changes with its content, so
// nobody needs to ask for it twice.
func (p *Portal) serveAsset(w http.ResponseWriter, r *http.Request, name string) {
	kind := mime.TypeByExtension(path.Ext(name))
	data, err := fs.ReadFile(p.files, "assets/"+name)
	if err != nil || kind == "" {
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "There is no such file; a newer version of the portal may be here. Reload the page.", http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Vary", "Accept-Encoding")
	for _, e := range encodings {
		if !accepts(r.Header.Get("Accept-Encoding"), e.name) {
			continue
		}
		if small, err := fs.ReadFile(p.files, "assets/"+name+e.suffix); err == nil {
			h.Set("Content-Encoding", e.name)
			data = small
			break
		}
	}
	w.Write(data) // a client that is gone needs no answer
}

// accepts reports whether a client takes an encoding.
func accepts(header, encoding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(strings.ReplaceAll(part, " ", ""), ";")
		if strings.EqualFold(name, encoding) {
			return strings.Trim(strings.TrimPrefix(weight, "q="), "0.") != "" || weight == ""
		}
	}
	return false
}
