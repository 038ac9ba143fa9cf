package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/login"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/store/storetest"
	"github.com/takodeploy/tako/internal/task"
)

// harness is an API on a real store, with an administrator and the default
// space, answering over a real connection.
type harness struct {
	*testing.T
	api    *API
	server *httptest.Server
	key    string // the administrator's
	blobs  string // the folder of the blob store
}

func newHarness(t *testing.T, adjust ...func(*Options)) *harness {
	t.Helper()
	// Where there is a PostgreSQL server, SQLite has had its turn elsewhere.
	engine := storetest.SQLite
	if os.Getenv(storetest.Variable) != "" {
		engine = storetest.Postgres
	}
	db := engine(t)
	if err := kind.Prepare(db); err != nil {
		t.Fatal(err)
	}
	h := &harness{T: t, blobs: t.TempDir()}
	blobs, err := blob.OpenFolder(h.blobs)
	if err != nil {
		t.Fatal(err)
	}
	l := login.New(login.Options{DB: db, Accounts: login.Users{}, Installation: "test"})
	err = db.Do(t.Context(), func(tx *store.Tx) error {
		done, err := catalog.Seed(tx, catalog.AdminSeed{Username: "ada"})
		if err != nil {
			return err
		}
		h.key, err = mint(tx, l, done.Admin.ID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	o := Options{DB: db, Login: l, Blobs: blobs, Tasks: task.NewQueue(db, task.Options{Instance: "test"}), Version: "2026.1.0", Node: "node-1"}
	for _, f := range adjust {
		f(&o)
	}
	if h.api, err = New(o); err != nil {
		t.Fatal(err)
	}
	h.server = httptest.NewServer(h.api)
	t.Cleanup(h.server.Close)
	return h
}

func mint(tx *store.Tx, l *login.Login, user string) (string, error) {
	_, key, err := l.CreateKey(tx, login.NewKey{UserID: user, Purpose: "test", Forever: true})
	return key.Reveal(), err
}

// do changes the store directly.
func (h *harness) do(f func(tx *store.Tx) error) {
	h.Helper()
	if err := h.api.DB.Do(h.Context(), f); err != nil {
		h.Fatal(err)
	}
}

// member makes a user with a role in the default space, scoped as adjust says,
// and gives that user's API key.
func (h *harness) member(name, role string, adjust ...func(*catalog.ScopedUserRole)) (key string) {
	h.Helper()
	h.do(func(tx *store.Tx) error {
		u := &catalog.User{Username: name, DisplayName: name, IsActive: true}
		if err := catalog.Users.Put(tx, u); err != nil {
			return err
		}
		team := &catalog.Team{MemberUserIDs: []string{u.ID}}
		team.Name = "Team of " + name
		if err := catalog.Teams.Put(tx, team); err != nil {
			return err
		}
		s := &catalog.ScopedUserRole{TeamID: team.ID, UserRoleID: role}
		s.SpaceID = kind.DefaultSpace
		for _, f := range adjust {
			f(s)
		}
		if err := catalog.ScopedUserRoles.Put(tx, s); err != nil {
			return err
		}
		var err error
		key, err = mint(tx, h.api.Login, u.ID)
		return err
	})
	h.api.forgetRights()
	return key
}

// role makes a role of some permissions in spaces and gives its id.
func (h *harness) role(permissions ...access.Permission) (id string) {
	h.Helper()
	h.do(func(tx *store.Tx) error {
		r := &catalog.UserRole{Name: fmt.Sprint(permissions), GrantedSpacePermissions: permissions}
		err := catalog.UserRoles.Put(tx, r)
		id = r.ID
		return err
	})
	return id
}

// reply is an answer.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// send sends a request as the administrator, or with the given headers.
func (h *harness) send(method, path string, body io.Reader, headers ...string) reply {
	h.Helper()
	q, err := http.NewRequestWithContext(h.Context(), method, h.server.URL+path, body)
	if err != nil {
		h.Fatal(err)
	}
	q.Header.Set("X-Octopus-ApiKey", h.key)
	for i := 0; i+1 < len(headers); i += 2 {
		q.Header.Set(headers[i], headers[i+1])
	}
	a, err := h.server.Client().Do(q)
	if err != nil {
		h.Fatal(err)
	}
	defer a.Body.Close()
	data, err := io.ReadAll(a.Body)
	if err != nil {
		h.Fatal(err)
	}
	answer := reply{a.StatusCode, a.Header, data}
	h.judge(method, path, answer)
	return answer
}

// call sends JSON, demands a status, and decodes the answer into a map or list.
func (h *harness) call(status int, method, path string, body any, headers ...string) any {
	h.Helper()
	var from io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			h.Fatal(err)
		}
		from = bytes.NewReader(data)
	}
	a := h.send(method, path, from, headers...)
	if a.status != status {
		h.Fatalf("%s %s: %d, want %d: %s", method, path, a.status, status, a.body)
	}
	return a.json(h)
}

func (a reply) json(h *harness) any {
	h.Helper()
	if len(a.body) == 0 {
		return nil
	}
	var v any
	if err := json.Unmarshal(a.body, &v); err != nil {
		h.Fatalf("%v: %s", err, a.body)
	}
	return v
}

// at walks into decoded JSON: at(v, "Items", 0, "Name").
func at(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

// each collects one member of all items of a list or page.
func each(v any, member string) string {
	if m, ok := v.(map[string]any); ok {
		v = m["Items"]
	}
	all, _ := v.([]any)
	texts := make([]string, len(all))
	for i, it := range all {
		texts[i] = fmt.Sprint(at(it, member))
	}
	return strings.Join(texts, " ")
}

// text is a value as JSON.
func text(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
