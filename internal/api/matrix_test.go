package api

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

var updateMatrix = flag.Bool("update-matrix", false, "write testdata/permissions.txt anew")

// What a route said to a role.
const (
	denied  = '-' // 403
	allowed = '+' // anything else: it was done, or refused for another reason
)

// TestPermissionMatrix has each built-in role try each route, in a world of its
// own, and compares what came of it with what the declarations of types and
// routes demand, and with the matrix that was written down before: who changes
// it reads the difference.
func TestPermissionMatrix(t *testing.T) {
	roles := access.BuiltInRoles()
	var mu sync.Mutex
	matrix := map[string][]byte{}
	var order []string
	t.Run("roles", func(t *testing.T) {
		for i := range roles {
			t.Run(roles[i].Name, func(t *testing.T) {
				t.Parallel()
				answers, rows := tryAll(t, &roles[i])
				mu.Lock()
				defer mu.Unlock()
				order = rows
				for row, said := range answers {
					if matrix[row] == nil {
						matrix[row] = slices.Repeat([]byte{' '}, len(roles))
					}
					matrix[row][i] = said
				}
			})
		}
	})
	var b strings.Builder
	b.WriteString("What each route says to each built-in role in its space: - denied,\n+ allowed. The columns are:\n\n")
	for i := range roles {
		fmt.Fprintf(&b, "%2d %s\n", i+1, roles[i].Name)
	}
	b.WriteByte('\n')
	slices.Sort(order)
	for _, row := range order {
		fmt.Fprintf(&b, "%s  %s\n", matrix[row], row)
	}
	const file = "testdata/permissions.txt"
	if *updateMatrix {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(b.String(), "\n")); d != "" {
		t.Errorf("%s is not what routes say; look the difference over and run the test with -update-matrix:\n%s", file, d)
	}
}

// tryAll has a role try all routes: those that read, then those that change,
// and those that delete at the end.
func tryAll(t *testing.T, role *access.Role) (answers map[string]byte, rows []string) {
	w := newWorld(t)
	key := w.roleKey(role)
	answers = map[string]byte{}
	all := slices.Clone(w.api.routes.all)
	rank := func(r *Route) int {
		return map[string]int{http.MethodGet: 0, http.MethodPost: 1, http.MethodPut: 1, http.MethodDelete: 2}[r.Method]
	}
	slices.SortStableFunc(all, func(a, b Route) int { return rank(&a) - rank(&b) })
	who := &client{w.harness, key}
	for i := range all {
		r := &all[i]
		// A stream does not end, and whether a task can be run again depends on
		// how far it has come meanwhile.
		if r.Open || r.Pattern == "M/ui/events" || r.Pattern == "M/tasks/rerun/{id}" {
			continue
		}
		row := r.Method + " " + r.Pattern
		q := w.requests(*r, "/api/Spaces-1")
		a := who.ask(q[len(q)-1], "")
		switch {
		case a.status == 500:
			t.Errorf("%s: %d %s", row, a.status, a.body)
		case a.status == 403:
			answers[row] = denied
		default:
			answers[row] = allowed
		}
		rows = append(rows, row)
		if p, inSystem := declared(r); p != "" {
			has := slices.Contains(role.SpacePermissions, p)
			if inSystem {
				has = slices.Contains(role.SystemPermissions, p)
			}
			if has == (answers[row] == denied) && !outgrows(row) {
				t.Errorf("%s takes %s, which the role has: %v; it said %d %s", row, p, has, a.status, a.body)
			}
		}
	}
	return answers, rows
}

// outgrows names routes at which something else than the declared permission
// decides.
func outgrows(row string) bool {
	for part, why := range map[string]string{
		"teams": "nobody hands out rights that he has not", "userroles": "as with teams", "users": "as with teams",
		"spaces": "whoever does something in a space sees it", "S/interruptions": "they are answered only, whoever asks",
		"S/variables": "each variable asks for itself, a library's for another permission", "configuration": "some sections ask for more",
	} {
		if strings.Contains(row, part) && why != "" {
			return true
		}
	}
	return false
}

// declared is the permission that a route's declaration, or that of its type,
// asks for; "" where the handler decides.
func declared(r *Route) (p access.Permission, inSystem bool) {
	inSystem = !strings.HasPrefix(r.Pattern, "S/") && !strings.HasPrefix(r.Pattern, "M/")
	if r.Permission != "" {
		return access.Permission(r.Permission), inSystem
	}
	for _, k := range kind.Registered() {
		info := k.Info()
		at := "S/" + info.Path
		if info.System {
			at = info.Path
		}
		if info.Hidden {
			continue
		}
		switch r.Method + " " + r.Pattern {
		case "GET " + at, "GET " + at + "/all", "GET " + at + "/{id}":
			return access.Permission(info.Permissions.View), info.System
		case "POST " + at:
			return access.Permission(info.Permissions.Create), info.System
		case "PUT " + at + "/{id}":
			return access.Permission(info.Permissions.Edit), info.System
		case "DELETE " + at + "/{id}":
			return access.Permission(info.Permissions.Delete), info.System
		}
	}
	return "", false
}

// roleKey makes a user who has a role in the first space, or in the system if
// that is where the role belongs.
func (w *world) roleKey(role *access.Role) (key string) {
	w.Helper()
	w.do(func(tx *store.Tx) error {
		u := &catalog.User{Username: "one", IsActive: true}
		if err := catalog.Users.Put(tx, u); err != nil {
			return err
		}
		team := &catalog.Team{MemberUserIDs: []string{u.ID}}
		team.Name = "Team of one"
		if err := catalog.Teams.Put(tx, team); err != nil {
			return err
		}
		s := &catalog.ScopedUserRole{TeamID: team.ID, UserRoleID: role.ID}
		if role.ID != access.RoleSystemAdministrator && role.ID != access.RoleSystemManager {
			s.SpaceID = kind.DefaultSpace
		}
		if err := catalog.ScopedUserRoles.Put(tx, s); err != nil {
			return err
		}
		var err error
		key, err = mint(tx, w.api.Login, u.ID)
		return err
	})
	w.api.forgetRights()
	return key
}
