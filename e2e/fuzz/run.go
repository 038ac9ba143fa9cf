package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/takodeploy/tako/e2e/rest"
)

// options are what is tried, and how hard.
type options struct {
	server, key string
	length      time.Duration
	rounds      int // that each worker makes through all operations, however long they take
	workers     int
	seed        uint64
	patience    time.Duration // for one answer
	say         func(format string, args ...any)
}

// asked is one request.
type asked struct {
	*operation
	target string // path and query
	kind   string // of the body
	body   []byte
}

// fuzzer tries what it can think of.
type fuzzer struct {
	options
	*world
	serial atomic.Int64
	http   *http.Client

	mu       sync.Mutex
	statuses map[int]int
	good     map[string]bool // operations that have answered with a success
	found    map[string]bool
	refusals map[string]map[string]int // by operation, how often it was refused with what
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// run tries for as long as the options say, and gives what was found wrong.
func run(ctx context.Context, o options) ([]string, error) {
	client := &rest.Client{URL: strings.TrimSuffix(o.server, "/"), APIKey: o.key}
	var raw string
	if err := client.Do("GET", "/api/openapi.json", nil, &raw); err != nil {
		return nil, err
	}
	d, err := read([]byte(raw))
	if err != nil {
		return nil, err
	}
	w := &world{description: d, client: client, documents: map[string][]object{}, seeded: map[string]bool{"Spaces-1": true}, needed: map[string]bool{"Spaces-1": true}, named: map[string]string{}}
	for _, at := range []string{"users", "teams", "userroles", "scopeduserroles"} {
		page, err := client.Get("/api/" + at + "?take=1000")
		if err != nil {
			return nil, err
		}
		items, _ := page["Items"].([]any)
		for _, item := range items {
			if item, ok := item.(object); ok {
				w.needed[fmt.Sprint(item["Id"])] = true
			}
		}
	}
	f := &fuzzer{options: o, world: w, http: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		statuses: map[int]int{}, good: map[string]bool{}, found: map[string]bool{}, refusals: map[string]map[string]int{}}
	o.say("seed %d, %d operations", o.seed, len(d.operations))
	repository, end, err := origin()
	if err != nil {
		return nil, err
	}
	defer end()
	if err := w.furnish(f.maker(0), repository); err != nil {
		return nil, err
	}
	f.all(ctx)
	for _, status := range slices.Sorted(maps.Keys(f.statuses)) {
		o.say("%6d answers of status %d", f.statuses[status], status)
	}
	f.sayWhy()
	o.say("%d of %d operations have succeeded, %d faults", len(f.good), len(d.operations), len(f.found))
	if err := ctx.Err(); err != nil {
		return sorted(f.found), err
	}
	if 2*len(f.good) < len(d.operations) {
		return sorted(f.found), fmt.Errorf("only %d of %d operations have succeeded: so many refusals prove little", len(f.good), len(d.operations))
	}
	return sorted(f.found), nil
}

func (f *fuzzer) maker(worker uint64) *maker {
	return &maker{rand.New(rand.NewPCG(f.seed, worker)), f.world, func() int { return int(f.serial.Add(1)) }}
}

// all asks, first the reads so that something is known, then whatever.
func (f *fuzzer) all(ctx context.Context) {
	until := time.Now().Add(f.length)
	first := f.maker(0)
	for _, o := range f.operations {
		if o.method == "GET" {
			f.try(ctx, first, o, true)
		}
	}
	var each sync.WaitGroup
	for n := range f.workers {
		each.Go(func() {
			m := f.maker(uint64(n) + 1)
			order := slices.Clone(f.operations)
			for round := 0; round < f.rounds || time.Now().Before(until); round++ {
				m.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
				for _, o := range order {
					if ctx.Err() != nil || round >= f.rounds && time.Now().After(until) {
						return
					}
					f.try(ctx, m, o, false)
				}
			}
		})
	}
	each.Wait()
}

// try asks once and judges the answer.
func (f *fuzzer) try(ctx context.Context, m *maker, o *operation, plain bool) {
	q := f.request(m, o, plain)
	a, err := f.send(ctx, q)
	if ctx.Err() != nil {
		return
	}
	fault := ""
	if err != nil {
		fault = "no answer: " + err.Error()
	} else {
		fault = f.wrong(o, a)
		if a.status/100 == 2 {
			f.note(m, q, a)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.statuses[a.status]++
	if a.status/100 == 2 {
		f.good[o.String()] = true
	} else {
		f.refused(o, a)
	}
	if fault == "" {
		return
	}
	if key := o.String() + ": " + strings.SplitN(fault, "\n", 2)[0]; !f.found[key] {
		f.found[key] = true
		f.say("%s: %s\n  %s %s %.1500s\n  answered %.600s", o, fault, o.method, q.target, q.body, a.body)
	}
}

// note learns from a success.
func (f *fuzzer) note(m *maker, q asked, a answer) {
	var value any
	if json.Unmarshal(a.body, &value) == nil {
		f.learn(m, q.path, value)
	}
	if q.method == "DELETE" {
		id, _, _ := strings.Cut(q.target[strings.LastIndexByte(q.target, '/')+1:], "?")
		f.forget(id)
	}
}

// request makes up one, with no harm in it when it is to be plain.
func (f *fuzzer) request(m *maker, o *operation, plain bool) asked {
	target := f.path(m, o, plain)
	query := url.Values{}
	if m.IntN(2) == 0 {
		query = f.ask(m, o)
	}
	for _, name := range o.queries {
		if !plain && m.IntN(4) == 0 {
			query.Set(name, pick(m, []string{m.text(name), pick(m, hostile), "1", f.some(m, "")}))
		}
	}
	if !plain && m.IntN(10) == 0 {
		query.Set(pick(m, []string{"skip", "take", "ids", "partialName", "name", "regarding", "from", "to", "spaces", "projectId", "overwriteMode", "replace", "highestVersionFirst", "packageId", "gitRef", "excludeDifference"}), pick(m, hostile))
	}
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	q := asked{operation: o, target: target}
	if o.method != "GET" && o.method != "DELETE" {
		q.kind, q.body = f.body(m, o, target)
	}
	return q
}

// path fills the parameters of an operation's path.
func (f *fuzzer) path(m *maker, o *operation, plain bool) string {
	var b strings.Builder
	done := 0
	for _, at := range parameter.FindAllStringSubmatchIndex(o.path, -1) {
		b.WriteString(o.path[done:at[0]])
		done = at[1]
		b.WriteString(url.PathEscape(f.segment(m, o, o.path[at[2]:at[3]], collection(o.path, at[0]), plain)))
	}
	return b.String() + o.path[done:]
}

func (f *fuzzer) segment(m *maker, o *operation, name, within string, plain bool) string {
	if name == "spaceId" {
		if plain || m.IntN(20) > 0 {
			return "Spaces-1"
		}
		return pick(m, []string{"Spaces-2", "Spaces-999999", "spaces-1"})
	}
	if !plain && m.IntN(8) == 0 {
		if text := pick(m, hostile); strings.Trim(text, "./") != "" && !strings.EqualFold(text, "all") {
			return text
		}
	}
	if versioned := strings.Contains(o.path, "/git/") || strings.Contains(o.path, "{gitRef}"); versioned && f.named["git"] != "" && m.IntN(4) > 0 {
		switch name {
		case "id":
			return f.named["git"]
		case "runbook":
			return "book"
		}
	}
	id := f.some(m, strings.TrimPrefix(place(within), "/api/"))
	if id == "" || name != "id" && m.IntN(3) > 0 {
		if other := f.some(m, pick(m, []string{name + "s", "runbook" + name + "s", name + "es"})); other != "" {
			id = other
		}
	}
	switch {
	case name == "gitRef" || name == "hash":
		return pick(m, []string{"refs/heads/main", "main", "refs/heads/feature"})
	case id == "" || strings.Contains(strings.ToLower(name), "version") || name == "base":
		id = pick(m, []string{"1.0.0", "0", "1", "main", "server", "app"})
	case o.method == "DELETE" && f.stays(id), o.method != "GET" && f.needed[id]:
		id = name + "-0"
	}
	return id
}

// body makes up what is sent along.
func (f *fuzzer) body(m *maker, o *operation, target string) (kind string, data []byte) {
	switch n := m.IntN(40); {
	case n == 0:
		return "application/json", []byte(pick(m, append([]string{"{", "[", "nul", `{"Name":`, `{"a":1}{"b":2}`, strings.Repeat("[", 20000), "\xff\xfe{}", `{"Name":"\ud800"}`}, hostile...)))
	case n == 1 || o.body == nil && n < 16:
		return f.form(m)
	}
	if hint := f.hint(m, o); hint != nil {
		data, err := json.Marshal(m.spoil(hint))
		if err == nil {
			return "application/json", data
		}
	}
	value := any(f.known(m, o, target))
	if value.(object) == nil || m.IntN(5) == 0 {
		value = pick(m, strange)
		if o.body != nil {
			value = m.of(o.body, "", 4)
		}
	} else {
		value = m.spoil(value)
	}
	if made, ok := value.(object); ok && strings.Contains(o.path, "ratelimiting") {
		made["AuditMode"] = true // else it would be the fuzzer that is refused
	}
	data, err := json.Marshal(value)
	if err != nil {
		data = []byte("{}")
	}
	return "application/json", data
}

// known takes what is there as the body of a change, or of another like it.
func (f *fuzzer) known(m *maker, o *operation, target string) object {
	if o.method == "PUT" && f.reads[o.path] != nil {
		got, err := f.client.Get(target)
		if err == nil {
			return got
		}
	}
	d := f.document(m, place(strings.TrimSuffix(o.path, "/{id}")))
	if d != nil && o.method == "POST" {
		d["Id"] = nil
		if m.IntN(3) > 0 {
			delete(d, "Slug")
		}
		for _, name := range []string{"Name", "Version", "Username"} {
			if _, ok := d[name].(string); ok {
				d[name] = m.text(name)
			}
		}
	}
	return d
}

// form makes up an upload.
func (f *fuzzer) form(m *maker) (string, []byte) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	name := pick(m, []string{"app.1.0.1.zip", "app.2.0.0.nupkg", "x.1.0.0.tar.gz", "noversion.zip", "a.1.0.0.exe", "../b.1.0.0.zip", "logo.png"})
	part, err := w.CreateFormFile(pick(m, []string{"file", "fileToUpload", "x"}), name)
	if err == nil {
		_, _ = io.WriteString(part, pick(m, append([]string{"PK\x03\x04", "PK\x05\x06" + strings.Repeat("\x00", 18), "\x89PNG\r\n\x1a\n", "OCTODELTA\x01", "GIF89a"}, hostile...)))
	}
	_ = w.Close()
	return w.FormDataContentType(), b.Bytes()
}

// send asks. Of a stream that goes on only the beginning is taken.
func (f *fuzzer) send(ctx context.Context, q asked) (a answer, err error) {
	ctx, stop := context.WithTimeout(ctx, f.patience)
	defer stop()
	r, err := http.NewRequestWithContext(ctx, q.method, f.client.URL+q.target, bytes.NewReader(q.body))
	if err != nil {
		return a, fmt.Errorf("it could not be asked: %w", err)
	}
	r.Header.Set("X-Octopus-ApiKey", f.key)
	r.Header.Set("Content-Type", q.kind)
	got, err := f.http.Do(r)
	if errors.Is(err, context.DeadlineExceeded) {
		return a, fmt.Errorf("nothing came within %s", f.patience)
	}
	if err != nil {
		return a, err
	}
	defer got.Body.Close()
	a = answer{status: got.StatusCode, header: got.Header, length: got.ContentLength}
	if strings.HasPrefix(got.Header.Get("Content-Type"), "text/event-stream") {
		return a, nil
	}
	a.body, err = io.ReadAll(got.Body)
	if err != nil {
		return a, fmt.Errorf("the answer broke off: %w", err)
	}
	return a, nil
}
