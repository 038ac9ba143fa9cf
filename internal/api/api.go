// Package api speaks HTTP: it turns every registered kind into routes, adds the
// hand-written routes of each area, and does what all of them share: who is
// asking and what they may, the three spellings of a path, paging, errors.
//
// An area is one file that registers a function giving its routes. A route is a
// method, a pattern and a handler; a handler gives a value, which becomes the
// JSON answer, or an error, which becomes the error document.
package api

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/feed"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/login"
	"github.com/takodeploy/tako/internal/setting"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// Options are what an API is made of.
type Options struct {
	DB      *store.DB
	Login   *login.Login
	Blobs   blob.Store
	Tasks   *task.Queue
	Version string // three numbers
	Node    string // name of this node
	URL     string // by which people reach the server; "" for the request's own
	Proxies login.Proxies
	Deploy  *deploy.Service
	Feeds   *feed.Feeds
	// Logs gives the latest lines of this node's log, newest first.
	Logs func() []LogEntry
	// NoRoom says what is wrong with the room on this node's disk; "" when all is
	// well.
	NoRoom func() string
}

// API answers requests. It is safe for concurrent use.
type API struct {
	Options
	routes   *router
	rights   rights
	spaces   spaces
	install  string
	hub      *hub
	live     *setting.Live
	limits   limits
	readings readings
	stocks   shelves[stockroom]
	gaps     shelves[gapList]
	census   shelves[census]
	failed   atomic.Int64
	sound    sound
}

// areas are the hand-written parts, in the order of registration.
var areas struct {
	sync.Mutex
	all []func(*API) []Route
}

// area registers a part; it is called from package-level variables only.
func area(routes func(*API) []Route) bool {
	areas.Lock()
	defer areas.Unlock()
	areas.all = append(areas.all, routes)
	return true
}

// New makes an API.
func New(o Options) (*API, error) {
	a := &API{Options: o, routes: &router{}, hub: newHub(o.DB, o.Tasks), live: &setting.Live{DB: o.DB}}
	err := o.DB.View(context.Background(), func(tx *store.Tx) (err error) {
		a.install, err = tx.Setting("installation")
		return err
	})
	if err != nil {
		return nil, err
	}
	a.addRoutes()
	return a, nil
}

func (a *API) addRoutes() {
	for _, routes := range areas.all {
		for _, r := range routes(a) {
			a.routes.add(r)
		}
	}
	for _, k := range kind.Registered() {
		for _, r := range a.kindRoutes(k) {
			a.routes.addMissing(r)
		}
	}
}

// ServeHTTP answers one request under /api.
func (a *API) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	id := requestID(hr)
	w.Header().Set("X-Request-Id", id)
	w.Header().Set("Octopus-Node", a.Node)
	hr.Method = methodOf(hr)
	r := &Request{Request: hr, W: w, api: a, ID: id}
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler {
				panic(p)
			}
			slog.Error("a request handler panicked", "request", id, "path", hr.URL.Path, "panic", p, "stack", stack())
			a.fail(r, errPanic)
		}
	}()
	if a.greet(r) {
		return
	}
	value, err := a.answer(r)
	if err != nil {
		a.fail(r, err)
		return
	}
	if err := r.write(value); err != nil {
		a.fail(r, err)
	}
}

// methodOf is the method that a request means. Some clients send every change
// as a POST; what changes nothing is never sent that way, so that no override
// can make a change pass for a question.
func methodOf(hr *http.Request) string {
	if hr.Method == http.MethodPost {
		switch method := hr.Header.Get("X-HTTP-Method-Override"); method {
		case http.MethodPut, http.MethodDelete, http.MethodPatch:
			return method
		}
	}
	return hr.Method
}

// answer finds the route, the caller and the answer. Who is not signed in
// learns nothing of what there is, not even that there is nothing.
func (a *API) answer(r *Request) (any, error) {
	route, err := a.match(r)
	if route == nil || !route.Open {
		if err := a.identify(r); err != nil {
			return nil, cmp.Or(a.throttle(r), err)
		}
	}
	if err := a.throttle(r); err != nil {
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	if !route.Open {
		if err := a.enter(r); err != nil {
			return nil, err
		}
	}
	if err := a.maintained(r, route); err != nil {
		return nil, err
	}
	if route.Permission != "" {
		if err := r.Need(route.Permission, At{}); err != nil {
			return nil, err
		}
	}
	if err := r.flagged(); err != nil {
		return nil, err
	}
	if err := a.unchanged(r); err != nil {
		return nil, err
	}
	return route.Handle(r)
}

// identify finds out who asks and lets the audit trail know.
func (a *API) identify(r *Request) error {
	p, err := a.Login.Authenticate(r.Context(), r.Request)
	if err != nil {
		return err
	}
	r.Principal = p
	ctx := store.WithActor(r.Context(), store.Actor{
		UserID: p.UserID, Username: p.Username, IsService: p.IsService, Established: p.How,
		IP: a.Proxies.ClientIP(r.Request), UserAgent: r.UserAgent(),
	})
	r.Request = r.Request.WithContext(ctx)
	r.Rights, err = a.rightsOf(ctx, p.UserID)
	return err
}
