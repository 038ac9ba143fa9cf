// Package control is where people who run many instances see and change them. It
// reads and writes the cluster's own resources and keeps nothing: while it is
// away, everything else goes on.
package control

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/takodeploy/tako/operator/cost"
)

// Control answers for a cluster.
type Control struct {
	Client client.Client
	Home   string // namespace of the operator, where the audit is kept
	Users  []User
	OIDC   *OIDC  // nil where people sign in with tokens only
	Key    []byte // that sessions of the page are sealed with
	Now    func() time.Time
	ended  sync.Map // sessions that were signed out of here, and when they would have ended

	Prices  cost.Prices
	Uses    map[string]cost.Use // what instances were measured to use, by name
	Sharers int                 // among how many what is shared is divided
}

// refusal is an answer that is no success, with a sentence.
type refusal struct {
	status int
	text   string
}

func (r refusal) Error() string { return r.text }

// route is something that may be asked for, by whom and how it is answered.
type route struct {
	role string
	do   func(*http.Request, *User) (any, error)
}

func (c *Control) routes() map[string]route {
	return map[string]route{
		"GET /api/me":                        {Viewer, c.me},
		"GET /api/instances":                 {Viewer, c.list},
		"POST /api/instances":                {Operator, c.create},
		"GET /api/instances/{name}":          {Viewer, c.show},
		"PATCH /api/instances/{name}":        {Operator, c.change},
		"DELETE /api/instances/{name}":       {Operator, c.remove},
		"POST /api/instances/{name}/restore": {Operator, c.restore},
		"POST /api/instances/{name}/key":     {Operator, c.turnKey},
		"GET /api/channels":                  {Viewer, c.channels},
		"POST /api/channels":                 {Operator, c.openChannel},
		"PATCH /api/channels/{name}":         {Operator, c.changeChannel},
		"GET /api/versions":                  {Viewer, c.versions},
		"GET /api/audit":                     {Viewer, c.audit},
		"GET /api/slo":                       {Viewer, c.service},
	}
}

// Handler gives the page and the API.
func (c *Control) Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, route := range c.routes() {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			user := c.user(w, r)
			switch {
			case user == nil:
				w.Header().Set("WWW-Authenticate", "Bearer")
				answer(w, nil, refusal{http.StatusUnauthorized, "Sign in: send your token as Authorization: Bearer TOKEN, or sign in at the page."})
			case route.role == Operator && user.Role != Operator:
				answer(w, nil, refusal{http.StatusForbidden, "You may look only: this needs the role operator."})
			default:
				r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
				v, err := route.do(r, user)
				answer(w, v, err)
			}
		})
	}
	mux.HandleFunc("GET /api/sign-in", c.ways)
	mux.HandleFunc("POST /api/sign-in", c.signIn)
	mux.HandleFunc("POST /api/sign-out", c.signOut)
	if c.OIDC != nil {
		mux.HandleFunc("GET /api/sign-in/oidc", c.leave)
		mux.HandleFunc("GET "+callback, c.comeBack)
	}
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		answer(w, nil, refusal{http.StatusNotFound, "There is no " + r.Method + " " + r.URL.Path + "."})
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	mux.Handle("/", page())
	// A cookie is sent by any page: what changes something is not taken from others.
	return http.NewCrossOriginProtection().Handler(mux)
}

// answer sends what was found, or why not.
func answer(w http.ResponseWriter, v any, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	var own refusal
	var status apierrors.APIStatus
	switch {
	case err == nil:
	case errors.As(err, &own):
		w.WriteHeader(own.status)
		v = map[string]string{"error": own.text}
	case errors.As(err, &status) && status.Status().Code >= 400 && status.Status().Code < 500 && !apierrors.IsForbidden(err) && !apierrors.IsUnauthorized(err):
		w.WriteHeader(int(status.Status().Code))
		v = map[string]string{"error": status.Status().Message}
	default:
		slog.Error("the cluster did not do what was asked", "error", err)
		w.WriteHeader(http.StatusBadGateway)
		v = map[string]string{"error": "The cluster did not do it; the log says why. Instances go on without this page."}
	}
	if err := json.NewEncoder(w).Encode(v); err != nil {
		slog.Debug("an answer was not taken", "error", err)
	}
}

// read reads what was sent; an unknown field is a mistake that would be missed.
func read(r *http.Request, into any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return refusal{http.StatusBadRequest, "What you sent is not as it must be: " + err.Error()}
	}
	return nil
}

func (c *Control) me(_ *http.Request, u *User) (any, error) { return who(u), nil }

func who(u *User) map[string]string { return map[string]string{"name": u.Name, "role": u.Role} }

func (c *Control) audit(r *http.Request, _ *User) (any, error) {
	day := c.Now()
	if text := r.URL.Query().Get("day"); text != "" {
		var err error
		if day, err = time.Parse(time.DateOnly, text); err != nil {
			return nil, refusal{http.StatusBadRequest, "day is a date in UTC, such as 2026-11-27."}
		}
	}
	all, err := c.entries(r.Context(), day)
	return map[string]any{"items": all}, err
}
