// Package gateway stands in front of the instances: it leads requests to the
// instance whose host name they have, and wakes one that sleeps, holding what
// is asked of it until it can answer.
package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"
)

// ErrUnknown is for hosts that no instance has.
var ErrUnknown = errors.New("no instance has this host name")

// Place is where an instance is.
type Place struct {
	Name    string
	Address string // host:port of its server; empty while it has none
	Asleep  bool   // it starts when it is woken, and not before
	Closed  string // why it is not woken, in a sentence; empty when it may be
}

// Directory knows the instances.
type Directory interface {
	// Find tells where the instance of a host is; ErrUnknown when there is none.
	Find(ctx context.Context, host string) (Place, error)
	// Locate tells where an instance is by its own name.
	Locate(ctx context.Context, name string) (Place, error)
	// Wake asks for an instance to be started.
	Wake(ctx context.Context, name string) error
	// Woke tells that an instance was woken for somebody, and how long that took.
	Woke(ctx context.Context, name string, at time.Time, took time.Duration) error
	// Used tells that an instance was used at a time.
	Used(ctx context.Context, name string, at time.Time) error
}

// Gateway leads requests to instances.
type Gateway struct {
	Directory Directory
	// Hold is how long a request waits for an instance to wake.
	Hold time.Duration
	// Tell is how often at most it is told that an instance is used.
	Tell time.Duration
	// AgentPort is where servers wait for polling agents.
	AgentPort string
	// Proxies are those in front of the gateway whose word is believed.
	Proxies []netip.Prefix

	mu    sync.Mutex
	doors map[string]*door
	once  sync.Once
	proxy *httputil.ReverseProxy
}

// door is what is known of one instance.
type door struct {
	told   time.Time
	waking *waking
	// proven is the address that has answered since it was last in doubt.
	proven string
}

// waking is one awakening, which any number of requests wait for.
type waking struct {
	done    chan struct{}
	address string
	err     error
}

// look is how often it is looked whether an instance is there.
const look = 20 * time.Millisecond

type addressKey struct{}

// ServeHTTP answers for the instances.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.once.Do(g.prepare)
	if r.URL.Path == "/metrics" || r.URL.Path == "/statusz" {
		http.NotFound(w, r) // of the operator's concern only
		return
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	place, err := g.Directory.Find(r.Context(), strings.ToLower(strings.TrimSuffix(host, ".")))
	if err != nil {
		g.refuse(w, r, err)
		return
	}
	if place.Closed != "" {
		page(w, r, http.StatusServiceUnavailable, place.Closed)
		return
	}
	address, err := g.reach(r.Context(), place)
	if err != nil {
		g.refuse(w, r, err)
		return
	}
	g.note(place.Name) // after it was woken, which is not to wait for this
	g.proxy.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), addressKey{}, target{place.Name, address})))
}

// target is where a request goes.
type target struct{ name, address string }

func (g *Gateway) prepare() {
	transport := &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 3 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		MaxIdleConnsPerHost: 32, MaxIdleConns: 4096, IdleConnTimeout: 30 * time.Second,
	}
	g.proxy = &httputil.ReverseProxy{
		Transport: transport, FlushInterval: -1,
		ErrorLog: slog.NewLogLogger(slog.Default().Handler(), slog.LevelDebug),
		Rewrite: func(p *httputil.ProxyRequest) {
			t, _ := p.In.Context().Value(addressKey{}).(target)
			p.SetURL(&url.URL{Scheme: "http", Host: t.address})
			p.Out.Host = p.In.Host
			g.forward(p)
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if t, ok := r.Context().Value(addressKey{}).(target); ok {
				g.doubt(t.name)
			}
			if r.Context().Err() == nil {
				slog.Info("an instance did not answer", "host", r.Host, "error", err)
				page(w, r, http.StatusBadGateway, "The server did not answer. Try again in a moment.")
			}
		},
	}
}

// forward says who is asking. What a stranger says of that is dropped.
func (g *Gateway) forward(p *httputil.ProxyRequest) {
	if g.believed(p.In.RemoteAddr) {
		p.Out.Header["X-Forwarded-For"] = p.In.Header["X-Forwarded-For"]
		p.SetXForwarded()
		if proto := p.In.Header.Get("X-Forwarded-Proto"); proto != "" {
			p.Out.Header.Set("X-Forwarded-Proto", proto)
		}
		return
	}
	p.SetXForwarded()
}

func (g *Gateway) believed(remote string) bool {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return false
	}
	for _, p := range g.Proxies {
		if p.Contains(at.Addr().Unmap()) {
			return true
		}
	}
	return false
}

// door finds what is known of an instance; the lock is held.
func (g *Gateway) door(name string) *door {
	if g.doors == nil {
		g.doors = map[string]*door{}
	}
	d := g.doors[name]
	if d == nil {
		d = &door{}
		g.doors[name] = d
	}
	return d
}

// note tells that an instance is used, now and then.
func (g *Gateway) note(name string) {
	now := time.Now()
	g.mu.Lock()
	d := g.door(name)
	due := now.Sub(d.told) >= g.Tell
	if due {
		d.told = now
	}
	g.mu.Unlock()
	if !due {
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := g.Directory.Used(ctx, name, now); err != nil {
			slog.Warn("it cannot be told that an instance is used", "instance", name, "error", err)
		}
	}()
}

// doubt has an instance looked at before it is given another request.
func (g *Gateway) doubt(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.door(name).proven = ""
}

// reach gives an instance's address once it answers. However many ask for an
// instance that sleeps, it is woken once.
func (g *Gateway) reach(ctx context.Context, place Place) (string, error) {
	g.mu.Lock()
	d := g.door(place.Name)
	if place.Address != "" && d.proven == place.Address {
		g.mu.Unlock()
		return place.Address, nil
	}
	w := d.waking
	if w == nil {
		w = &waking{done: make(chan struct{})}
		d.waking = w
		go g.wake(place.Name, d, w)
	}
	g.mu.Unlock()
	select {
	case <-w.done:
		return w.address, w.err
	case <-ctx.Done():
		return "", fmt.Errorf("waiting for %s: %w", place.Name, ctx.Err())
	}
}

// wake waits until an instance answers, and asks for it to be started where it
// is not.
func (g *Gateway) wake(name string, d *door, w *waking) {
	ctx, cancel := context.WithTimeout(context.Background(), g.Hold)
	defer cancel()
	began, asked := time.Now(), false
	w.address, asked, w.err = g.await(ctx, name)
	took := time.Since(began)
	g.mu.Lock()
	d.waking = nil
	if w.err == nil {
		d.proven = w.address
	}
	g.mu.Unlock()
	close(w.done)
	var closed closedError
	if !asked || errors.As(w.err, &closed) {
		return
	}
	// Nobody waits for this any more, nor did it have to be in time.
	ctx, end := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer end()
	if err := g.Directory.Woke(ctx, name, began, took); err != nil {
		slog.Warn("it cannot be told how long an instance took to wake", "instance", name, "error", err)
	}
}

// await gives the address, and whether the instance had to be woken.
func (g *Gateway) await(ctx context.Context, name string) (address string, asked bool, err error) {
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		place, err := g.Directory.Locate(ctx, name)
		if err != nil {
			return "", asked, err
		}
		if place.Closed != "" {
			return "", asked, closedError(place.Closed)
		}
		if place.Asleep && !asked {
			if err := g.Directory.Wake(ctx, name); err != nil {
				return "", asked, fmt.Errorf("waking %s: %w", name, err)
			}
			asked = true
		}
		if place.Address != "" && healthy(ctx, place.Address) {
			return place.Address, asked, nil
		}
		select {
		case <-ctx.Done():
			return "", asked, fmt.Errorf("waiting for %s: %w", name, ctx.Err())
		case <-tick.C:
		}
	}
}

// closedError is why an instance is not to be reached.
type closedError string

func (e closedError) Error() string { return string(e) }

var probe = &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true, DialContext: (&net.Dialer{Timeout: 200 * time.Millisecond}).DialContext}}

// healthy says whether a server answers and has its database.
func healthy(ctx context.Context, address string) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/healthz", nil)
	if err != nil {
		return false
	}
	answer, err := probe.Do(r)
	if err != nil {
		return false
	}
	answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// refuse tells a client why there is no answer.
func (g *Gateway) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var closed closedError
	switch {
	case r.Context().Err() != nil:
	case errors.Is(err, ErrUnknown):
		page(w, r, http.StatusNotFound, "There is no server by this name. Look whether the address is right.")
	case errors.As(err, &closed):
		page(w, r, http.StatusServiceUnavailable, string(closed))
	default:
		slog.Warn("an instance cannot be reached", "host", r.Host, "error", err)
		page(w, r, http.StatusServiceUnavailable, "The server is starting and is not ready yet. Try again in a moment.")
	}
}

// page answers a person with a page and a program with the API's form.
func page(w http.ResponseWriter, r *http.Request, status int, text string) {
	w.Header().Set("Cache-Control", "no-store")
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprintf(w, "{\"ErrorMessage\":%q,\"Errors\":[%q]}\n", text, text)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'><title>Tako</title>"+
		"<body style='font:16px system-ui;margin:20vh auto;max-width:32em;padding:0 1em'><h1>Tako</h1><p role=status>%s</p>\n", text)
}
