package api

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"context"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// Route is one method on one pattern below /api. A pattern beginning with "S/"
// lies in a space, one beginning with "M/" in a space or in none, any other in
// the system. {name} stands for one segment; {name*} at the end for the rest.
type Route struct {
	Method, Pattern string
	Handle          func(*Request) (any, error)
	Permission      string   // asked for before Handle, without a scope; "" when Handle asks
	Open            bool     // nobody needs to be signed in
	Summary         string   // for the API's description
	Query           []string // what Handle reads of the query, for the description
	Body, Answer    any      // a value of the type of the request's and answer's JSON, for the description
}

type router struct {
	system, space node
	all           []Route
}

type node struct {
	literal map[string]*node
	param   *node
	name    string
	rest    string // the name of a {name*} that ends here
	routes  map[string]*Route
}

func (t *router) add(r Route) {
	if !t.place(r) {
		panic("api: " + r.Method + " " + r.Pattern + " is registered twice")
	}
}

func (t *router) addMissing(r Route) { t.place(r) }

func (t *router) place(r Route) bool {
	if r.Handle == nil {
		panic("api: no handler for " + r.Pattern)
	}
	prefix, rest, _ := strings.Cut(r.Pattern, "/")
	ok := true
	switch prefix {
	case "S":
		ok = t.space.insert(rest, &r)
	case "M":
		ok = t.space.insert(rest, &r)
		ok = t.system.insert(rest, &r) && ok
	default:
		ok = t.system.insert(r.Pattern, &r)
	}
	if ok {
		t.all = append(t.all, r)
	}
	return ok
}

func (n *node) insert(pattern string, r *Route) bool {
	for _, segment := range strings.Split(pattern, "/") {
		if segment == "" {
			continue
		}
		name, isParam := strings.CutPrefix(segment, "{")
		name = strings.TrimSuffix(name, "}")
		if rest, ok := strings.CutSuffix(name, "*"); isParam && ok {
			n.rest = rest
			break
		}
		if isParam {
			if n.param == nil {
				n.param = &node{}
			}
			n = n.param
			n.name = name
			continue
		}
		if n.literal == nil {
			n.literal = map[string]*node{}
		}
		next := n.literal[strings.ToLower(segment)]
		if next == nil {
			next = &node{}
			n.literal[strings.ToLower(segment)] = next
		}
		n = next
	}
	if n.routes == nil {
		n.routes = map[string]*Route{}
	}
	if n.routes[r.Method] != nil {
		return false
	}
	n.routes[r.Method] = r
	return true
}

// find walks the segments; literal segments win over parameters.
func (n *node) find(segments []string, params []string) (*node, []string) {
	if len(segments) == 0 {
		if n.routes != nil {
			return n, params
		}
		return nil, nil
	}
	if n.rest != "" && n.routes != nil {
		return n, append(params, n.rest, strings.Join(segments, "/"))
	}
	if next := n.literal[strings.ToLower(segments[0])]; next != nil {
		if found, p := next.find(segments[1:], params); found != nil {
			return found, p
		}
	}
	if n.param != nil {
		return n.param.find(segments[1:], append(slices.Clip(params), n.param.name, segments[0]))
	}
	return nil, nil
}

var spaceID = regexp.MustCompile(`(?i)^Spaces-\d+$`)

// match finds the route of a request, its parameters and its space. Three
// spellings reach the same handler: /api/Spaces-1/x, /api/spaces/Spaces-1/x
// and, for the default space, /api/x.
func (a *API) match(r *Request) (*Route, error) {
	segments, err := split(r.URL)
	if err != nil {
		return nil, err
	}
	if plain, err := url.QueryUnescape(r.URL.RawQuery); err == nil && (!utf8.ValidString(plain) || strings.ContainsRune(plain, 0)) {
		return nil, fault.New(fault.Invalid, "The query must be valid UTF-8 without NUL characters.")
	}
	var at *node
	var params []string
	switch {
	case len(segments) > 0 && spaceID.MatchString(segments[0]):
		at, params = a.inSpace(r, segments[0], segments[1:])
	case len(segments) > 2 && strings.EqualFold(segments[0], "spaces") && spaceID.MatchString(segments[1]):
		if at, params = a.routes.system.find(segments, nil); at == nil {
			at, params = a.inSpace(r, segments[1], segments[2:])
		}
	default:
		if at, params = a.routes.system.find(segments, nil); at == nil {
			if at, params = a.routes.space.find(segments, nil); at != nil {
				r.Space = kind.DefaultSpace
				r.implicit = true
			}
		}
	}
	if at == nil {
		return nil, fault.New(fault.NotFound, "There is nothing at %s.", r.URL.Path)
	}
	r.params = params
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	route := at.routes[method]
	if route == nil {
		allowed := make([]string, 0, len(at.routes))
		for m := range at.routes {
			allowed = append(allowed, m)
		}
		slices.Sort(allowed)
		r.W.Header().Set("Allow", strings.Join(allowed, ", "))
		return nil, &methodError{method, strings.Join(allowed, ", ")}
	}
	r.wall = r.Space != "" && !route.mixed()
	r.reading = at.routes[http.MethodGet]
	return route, nil
}

// mixed tells routes that answer for the system as well as for a space.
func (r *Route) mixed() bool { return strings.HasPrefix(r.Pattern, "M/") }

// enter lets a request into its space: the space must be there, and what lies
// in a space is only for who may do something there, even if a route asks for
// no permission of its own.
func (a *API) enter(r *Request) error {
	if r.Space == "" {
		return nil
	}
	ok, err := a.spaces.exists(r.Context(), a.DB, r.Space)
	if err != nil {
		return err
	}
	if !ok {
		return fault.New(fault.NotFound, "The space '%s' does not exist.", r.Space)
	}
	if r.wall && len(r.Rights.Permissions(r.Space)) == 0 {
		return &fault.Error{Code: fault.Forbidden, Message: "You do not have permission to perform this action. Please contact your administrator.",
			Details: []string{"None of your teams has a role in space " + r.Space + "."}}
	}
	return nil
}

func (a *API) inSpace(r *Request, space string, segments []string) (*node, []string) {
	r.Space = "Spaces-" + space[len("Spaces-"):]
	return a.routes.space.find(segments, nil)
}

// split gives the decoded segments after /api.
func split(u *url.URL) ([]string, error) {
	path := strings.TrimPrefix(u.EscapedPath(), "/")
	var segments []string
	for i, s := range strings.Split(path, "/") {
		if i == 0 || s == "" {
			continue
		}
		decoded, err := url.PathUnescape(s)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "The path is not properly escaped.")
		}
		if !utf8.ValidString(decoded) || strings.ContainsRune(decoded, 0) {
			return nil, fault.New(fault.Invalid, "The path must be valid UTF-8 without NUL characters.")
		}
		segments = append(segments, decoded)
	}
	return segments, nil
}

// spaces remembers which spaces there are. Another node may add one, so what
// is not known is looked up, and what is known is believed for a few seconds.
type spaces struct {
	mu    sync.Mutex
	known map[string]time.Time
}

func (s *spaces) exists(ctx context.Context, db *store.DB, id string) (bool, error) {
	s.mu.Lock()
	until, ok := s.known[id]
	s.mu.Unlock()
	if ok && time.Now().Before(until) {
		return true, nil
	}
	var d *store.Document
	err := db.View(ctx, func(tx *store.Tx) (err error) {
		d, err = tx.Get("", id)
		return err
	})
	if err != nil || d == nil || d.Kind != "Spaces" {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.known = map[string]time.Time{}
	}
	s.known[id] = time.Now().Add(5 * time.Second)
	return true, nil
}

func (s *spaces) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = nil
}
