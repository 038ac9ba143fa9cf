package journey

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/takodeploy/tako/internal/mask"
)

// vault knows every secret that a story plants, by the place that holds it.
type vault map[string]string

// alphabet has letters and digits only, so that the secrets of most places are
// written alike in scripts, JSON and addresses.
const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"

// window is how much of a secret gives it away.
const window = 12

// forms are the ways in which a secret may be written, by the name of the way.
// In base64 a text looks different at each of three offsets, and its ends
// depend on what stands beside it.
func forms(secret string) map[string][]byte {
	all := map[string][]byte{
		"plain": []byte(secret), "hex": []byte(hex.EncodeToString([]byte(secret))), "upper-case hex": []byte(strings.ToUpper(hex.EncodeToString([]byte(secret)))),
		"query": []byte(url.QueryEscape(secret)), "path": []byte(url.PathEscape(secret)),
	}
	// Nor may a large part of it be anywhere.
	for at := 0; at+window <= len(secret); at += 4 {
		all[fmt.Sprintf("from byte %d on", at)] = []byte(secret[at : at+window])
	}
	for offset := range 3 {
		text := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x00", offset) + secret))
		middle := text[(offset*8+5)/6 : (offset+len(secret))*8/6]
		all[fmt.Sprintf("base64 at %d", offset)] = []byte(middle)
		all[fmt.Sprintf("base64url at %d", offset)] = []byte(strings.NewReplacer("+", "-", "/", "_").Replace(middle))
	}
	for name, escape := range map[string]bool{"JSON": false, "JSON for HTML": true} {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(escape)
		if e.Encode(secret) == nil {
			all[name] = bytes.Trim(bytes.TrimSpace(b.Bytes()), `"`)
		}
	}
	return all
}

// scanner looks for all secrets of a vault.
type scanner struct {
	patterns map[string]map[string][]byte
	// excused says why a secret may be at a place.
	excused []excuse
	found   map[string]bool
	scanned int
	any     *mask.Masker // changes what holds any of them; much faster than to look for each
}

// Data is looked at in blocks that overlap by more than a secret is long.
const block, overlap = 64 << 10, 1 << 10

// excuse names a secret that a place rightly holds.
type excuse struct{ secret, place, why string }

func newScanner(v vault, excused []excuse) *scanner {
	s := &scanner{patterns: map[string]map[string][]byte{}, excused: excused, found: map[string]bool{}}
	var all []string
	for name, secret := range v {
		s.patterns[name] = forms(secret)
		for _, pattern := range s.patterns[name] {
			all = append(all, string(pattern))
		}
	}
	s.any = mask.New(all)
	return s
}

// scan notes every secret in data, and in what is packed in it.
func (s *scanner) scan(place string, data []byte) {
	s.scanned += len(data)
	for at := 0; at < len(data); at += block {
		part := data[at:min(len(data), at+block+overlap)]
		if text := string(part); s.any.Feed(text)+s.any.Flush() != text {
			s.name(place, part)
		}
	}
	for kind, plain := range unpacked(data) {
		s.scan(place+" ("+kind+")", plain)
	}
}

// name says which secrets are in data.
func (s *scanner) name(place string, data []byte) {
	for name, ways := range s.patterns {
		for _, way := range slices.Sorted(maps.Keys(ways)) {
			pattern := ways[way]
			if at := bytes.Index(data, pattern); at >= 0 && !s.mayBe(name, place) {
				s.found[fmt.Sprintf("%s holds %s, %s: …%q", place, name, way, data[max(0, at-60):min(len(data), at+len(pattern)+20)])] = true
				break
			}
		}
	}
}

func (s *scanner) mayBe(secret, place string) bool {
	return slices.ContainsFunc(s.excused, func(e excuse) bool {
		return e.secret == secret && regexp.MustCompile(e.place).MatchString(place)
	})
}

var frame = []byte{0x28, 0xb5, 0x2f, 0xfd} // how what zstd has packed begins

// unpacked gives what compressed data holds: archives, and frames of zstd
// anywhere in chunks of logs and the like.
func unpacked(data []byte) map[string][]byte {
	all := map[string][]byte{}
	for from := bytes.Index(data, frame); from >= 0; {
		end := len(data)
		if next := bytes.Index(data[from+1:], frame); next >= 0 {
			end = from + 1 + next
		}
		// What can be read is looked at; what follows a frame cannot.
		if r, err := zstd.NewReader(bytes.NewReader(data[from:end]), zstd.WithDecoderConcurrency(1)); err == nil {
			if plain, _ := io.ReadAll(r); len(plain) > 0 {
				all[fmt.Sprintf("zstd at %d", from)] = plain
			}
			r.Close()
		}
		if from = end; from == len(data) {
			break
		}
	}
	if bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		if r, err := gzip.NewReader(bytes.NewReader(data)); err == nil {
			all["gzip"], _ = io.ReadAll(r)
		}
	}
	if z, err := zip.NewReader(bytes.NewReader(data), int64(len(data))); err == nil {
		for _, f := range z.File {
			if r, err := f.Open(); err == nil {
				all["zip "+f.Name], _ = io.ReadAll(r)
				r.Close()
			}
		}
	}
	return all
}

// tree scans every file below a folder, and its name. What ends meanwhile is
// no matter.
func (s *scanner) tree(name, dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		place := name + strings.TrimPrefix(path, dir)
		if err != nil || d.Type()&(fs.ModeSocket|fs.ModeNamedPipe|fs.ModeSymlink) != 0 {
			return nil
		}
		s.scan("the name "+place, []byte(place))
		if d.IsDir() || strings.HasPrefix(d.Name(), "tako-agent") {
			return nil
		}
		data, err := os.ReadFile(path)
		if err == nil {
			s.scan(place, data)
		}
		return nil
	})
}

// database scans every value of every table.
func (s *scanner) database(driver, address, tables string) error {
	db, err := sql.Open(driver, address)
	if err != nil {
		return err
	}
	defer db.Close()
	names, err := db.Query(tables)
	if err != nil {
		return fmt.Errorf("listing the tables: %w", err)
	}
	var all []string
	for names.Next() {
		var name string
		if err := names.Scan(&name); err != nil {
			return err
		}
		all = append(all, name)
	}
	if len(all) < 10 {
		return fmt.Errorf("there are only the tables %v", all)
	}
	for _, name := range all {
		if err := s.table(db, name); err != nil {
			return fmt.Errorf("reading the table %s: %w", name, err)
		}
	}
	return names.Err()
}

func (s *scanner) table(db *sql.DB, name string) error {
	rows, err := db.Query(`select * from "` + name + `"`)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for i, v := range values {
			place := fmt.Sprintf("the database, %s.%s of %v", name, columns[i], values[0])
			if b, ok := v.([]byte); ok {
				s.scan(place, b)
			} else {
				s.scan(place, fmt.Append(nil, v))
			}
		}
	}
	return rows.Err()
}

func (s *scanner) all() []string { return slices.Sorted(maps.Keys(s.found)) }

// answer is one answer of the server.
type answer struct {
	request string // method and path
	status  int
	header  http.Header
	body    []byte
}

// recorder keeps every answer of a server.
type recorder struct {
	mu      sync.Mutex
	answers []answer
	asked   map[string]bool
}

// RoundTrip asks, and keeps what was answered.
func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers = append(r.answers, answer{req.Method + " " + req.URL.Path, resp.StatusCode, resp.Header.Clone(), body})
	r.asked[req.URL.RequestURI()] = true
	return resp, nil
}

func (r *recorder) scan(s *scanner) {
	for _, a := range r.answers {
		s.scan(fmt.Sprintf("the answer %d to %s", a.status, a.request), a.body)
		for name, values := range a.header {
			s.scan(fmt.Sprintf("the header %s of the answer to %s", name, a.request), []byte(strings.Join(values, "\n")))
		}
	}
}

var templatePart = regexp.MustCompile(`\{[^}]*\}`)

// links gives the addresses that a JSON value links to, without their
// parameters.
func links(v any) (all []string) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			all = append(all, links(e)...)
		}
	case object:
		for name, e := range v {
			text, plain := e.(string)
			if plain && strings.HasPrefix(text, "/api") {
				all = append(all, templatePart.ReplaceAllString(text, ""))
			}
			if name != "" && !plain {
				all = append(all, links(e)...)
			}
		}
	}
	return all
}

// crawl follows every link from some addresses on, and asks for all of each
// list. It gives how many addresses there were.
func (r *recorder) crawl(w *world, from ...string) int {
	w.Helper()
	seen := map[string]bool{}
	for queue := from; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		if seen[at] || len(seen) > 4000 {
			continue
		}
		seen[at] = true
		_, body := w.request("GET", at, "", "")
		var v any
		if json.Unmarshal([]byte(body), &v) != nil {
			continue
		}
		if list, ok := v.(object); ok && list["ItemType"] != nil && !strings.Contains(at, "?") {
			queue = append(queue, at+"?take=2000")
		}
		next := links(v)
		slices.Sort(next)
		queue = append(queue, next...)
	}
	return len(seen)
}
