package api

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// At says where the thing lies that somebody wants to act on; Space is the
// request's when empty.
type At struct {
	Space, Project, Group string
	Environments, Tenants []string
	System                bool // the thing belongs to the system whatever the path says
}

// May reports whether the caller has the permission there.
func (r *Request) May(permission string, at At) (bool, error) {
	res := access.Resource{SpaceID: at.Space, ProjectID: at.Project, ProjectGroupID: at.Group, EnvironmentIDs: at.Environments, TenantIDs: at.Tenants}
	if res.SpaceID == "" && !at.System {
		res.SpaceID = r.Space
	}
	if r.Rights.Allows(access.Permission(permission), res) {
		return true, nil
	}
	if at.Project == "" || at.Group != "" {
		return false, nil
	}
	// Only a caller limited to project groups gets here: find the group.
	err := r.View(func(tx *store.Tx) error {
		p, err := catalog.Projects.Get(tx, at.Project)
		if err == nil {
			res.ProjectGroupID = p.ProjectGroupID
		}
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		return err
	})
	return err == nil && res.ProjectGroupID != "" && r.Rights.Allows(access.Permission(permission), res), err
}

// unknown reports that the caller has nothing to do with a space, and so must not
// learn of anything that it is there.
func (r *Request) unknown(space string) bool {
	return space != "" && len(r.Rights.Permissions(space)) == 0 && !r.Rights.Allows(access.SpaceView, access.Resource{})
}

// elsewhere reports that what lies in a space is not what a request is about.
func (r *Request) elsewhere(space string) bool {
	return r.Space != "" && space != r.Space || r.unknown(space)
}

// nowhere reports that somebody has a permission neither in the system nor in any
// space.
func (r *Request) nowhere(permission string) bool {
	p := access.Permission(permission)
	return p != "" && !r.Rights.Anywhere(p, "") && !slices.ContainsFunc(r.Rights.Spaces(), func(space string) bool { return r.Rights.Anywhere(p, space) })
}

// Need fails with Forbidden, saying what is missing, unless the caller has the
// permission there.
func (r *Request) Need(permission string, at At) error {
	if permission == "" {
		return nil
	}
	ok, err := r.May(permission, at)
	if err != nil || ok {
		return err
	}
	space := at.Space
	if space == "" && !at.System {
		space = r.Space
	}
	why := r.Rights.Explain(access.Permission(permission), access.Resource{SpaceID: space, ProjectID: at.Project, ProjectGroupID: at.Group, EnvironmentIDs: at.Environments, TenantIDs: at.Tenants})
	return &fault.Error{Code: fault.Forbidden, Message: "You do not have permission to perform this action. Please contact your administrator. Missing permission: " + permission, Details: []string{why.Sentence}}
}

// NeedFor is Need at the place of a resource.
func (r *Request) NeedFor(permission string, k kind.Any, resource any) error {
	if permission == "" {
		return nil
	}
	ats := places(k, resource)
	for _, at := range ats {
		if err := r.Need(permission, at); err != nil {
			return err
		}
	}
	return nil
}

// seesOne reports whether the caller may see a resource at one of its places.
func (r *Request) seesOne(k kind.Any, resource any) (bool, error) {
	for _, at := range places(k, resource) {
		if ok, err := r.May(k.Info().Permissions.View, at); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// mayAt reports whether the caller has a permission at one of some places.
func (r *Request) mayAt(permission string, places []At) bool {
	return slices.ContainsFunc(places, func(at At) bool {
		ok, err := r.May(permission, at)
		return ok && err == nil
	})
}

// places are where a resource lies: one for each of its projects.
func places(k kind.Any, resource any) []At {
	w := k.Within(resource)
	at := At{Space: w.Space, Environments: w.Environments, Tenants: w.Tenants, System: w.Space == ""}
	if len(w.Groups) > 0 {
		at.Group = w.Groups[0]
	}
	if len(w.Projects) == 0 {
		return []At{at}
	}
	var all []At
	for _, p := range w.Projects {
		at.Project = p
		all = append(all, at)
	}
	return all
}

// rights remembers what each user may. An entry lives a few seconds, so that
// other nodes' changes are seen, and none survives a change made here.
type rights struct {
	mu    sync.Mutex
	users map[string]rightsEntry
}

type rightsEntry struct {
	set   *access.Set
	until time.Time
}

func (a *API) rightsOf(ctx context.Context, user string) (*access.Set, error) {
	a.rights.mu.Lock()
	e, ok := a.rights.users[user]
	a.rights.mu.Unlock()
	if ok && time.Now().Before(e.until) {
		return e.set, nil
	}
	var set *access.Set
	err := a.DB.View(ctx, func(tx *store.Tx) (err error) {
		set, err = catalog.RightsOf(tx, user)
		return err
	})
	if err != nil {
		return nil, err
	}
	a.rights.mu.Lock()
	defer a.rights.mu.Unlock()
	if a.rights.users == nil || len(a.rights.users) > 10_000 {
		a.rights.users = map[string]rightsEntry{}
	}
	a.rights.users[user] = rightsEntry{set, time.Now().Add(10 * time.Second)}
	return set, nil
}

func (a *API) forgetRights() {
	a.rights.mu.Lock()
	a.rights.users = nil
	a.rights.mu.Unlock()
	a.spaces.forget()
}

func permissionOf(name string) access.Permission { return access.Permission(name) }
