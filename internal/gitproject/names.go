package gitproject

import (
	"context"
	"strconv"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// names knows what slugs mean in a project.
type names struct {
	tx      *store.Tx
	project *catalog.Project
	git     *Checkout // whose runbooks are named too
	ctx     context.Context
}

// directory says how one kind is looked up.
type directory struct {
	find func(n names, what string) (*kind.Named, error)
	get  func(n names, id string) (*kind.Named, error)
}

// ofSpace looks up a kind of which each space has its own.
func ofSpace[T any](k *kind.Kind[T], named func(*T) *kind.Named) directory {
	as := func(r *T, err error) (*kind.Named, error) {
		if err != nil {
			return nil, err
		}
		return named(r), nil
	}
	return directory{
		find: func(n names, what string) (*kind.Named, error) { return as(k.Find(n.tx, n.project.SpaceID, what)) },
		get:  func(n names, id string) (*kind.Named, error) { return as(k.Get(n.tx, id)) },
	}
}

// ofProject looks up a kind of which each project has its own.
func ofProject[T any](k *kind.Kind[T], named func(*T) *kind.Named) directory {
	d := ofSpace(k, named)
	d.find = func(n names, what string) (*kind.Named, error) {
		all, _, err := k.List(n.tx, kind.Query{Space: n.project.SpaceID, Match: map[string]string{"ProjectId": n.project.ID}})
		if err != nil {
			return nil, err
		}
		for _, is := range []func(*kind.Named) string{
			func(r *kind.Named) string { return r.Slug }, func(r *kind.Named) string { return r.ID }, func(r *kind.Named) string { return r.Name },
		} {
			for _, r := range all {
				if strings.EqualFold(is(named(r)), what) {
					return named(r), nil
				}
			}
		}
		return nil, nil
	}
	return d
}

// global begins the slugs of teams that belong to no space.
const global = "global/"

var directories = map[string]directory{
	"Environments": ofSpace(catalog.Environments, func(r *catalog.Environment) *kind.Named { return &r.Named }),
	"Feeds":        ofSpace(catalog.Feeds, func(r *catalog.Feed) *kind.Named { return &r.Named }),
	"WorkerPools":  ofSpace(catalog.WorkerPools, func(r *catalog.WorkerPool) *kind.Named { return &r.Named }),
	"Machines":     ofSpace(catalog.Machines, func(r *catalog.Machine) *kind.Named { return &r.Named }),
	"Accounts":     ofSpace(catalog.Accounts, func(r *catalog.Account) *kind.Named { return &r.Named }),
	"Teams":        ofTeams(),
	"Channels":     ofProject(catalog.Channels, func(r *catalog.Channel) *kind.Named { return &r.Named }),
	"Runbooks":     ofProject(catalog.Runbooks, func(r *catalog.Runbook) *kind.Named { return &r.Named }),
}

// ofTeams looks up teams, which lie in a space or in the system.
func ofTeams() directory {
	return directory{
		find: func(n names, what string) (*kind.Named, error) {
			slug, system := strings.CutPrefix(what, global)
			all, _, err := catalog.Teams.List(n.tx, kind.Query{})
			if err != nil {
				return nil, err
			}
			for _, t := range all {
				in := t.SpaceID == n.project.SpaceID
				if system {
					in = t.SpaceID == ""
				}
				if strings.EqualFold(t.ID, slug) || in && (strings.EqualFold(t.Slug, slug) || kind.Slugify(t.Name) == slug) {
					return &t.Named, nil
				}
			}
			return nil, nil
		},
		get: func(n names, id string) (*kind.Named, error) {
			t, err := catalog.Teams.Get(n.tx, id)
			if err != nil {
				return nil, err
			}
			named := t.Named
			if named.Slug == "" {
				named.Slug = kind.Slugify(t.Name)
			}
			if t.SpaceID == "" {
				named.Slug = global + named.Slug
			}
			return &named, nil
		},
	}
}

// ID finds a resource by its slug.
func (n names) ID(of, slug string) (string, bool, error) {
	if of == "Runbooks" {
		if id, ok, err := n.git.runbookID(n.ctx, slug); ok || err != nil {
			return id, ok, err
		}
	}
	r, err := directories[of].find(n, slug)
	if fault.Is(err, fault.NotFound) || err == nil && r == nil {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	return r.ID, true, nil
}

// Slug gives the slug of a resource.
func (n names) Slug(of, id string) (string, bool, error) {
	if of == "Runbooks" {
		if slug, ok, err := n.git.runbookSlug(n.ctx, id); ok || err != nil {
			return slug, ok, err
		}
	}
	r, err := directories[of].get(n, id)
	if fault.Is(err, fault.NotFound) || err == nil && r.SpaceID != "" && r.SpaceID != n.project.SpaceID {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	return r.Slug, true, nil
}

// Template gives a version of a step template.
func (n names) Template(id, version string) (*catalog.ActionTemplate, error) {
	number, err := strconv.Atoi(version)
	if err != nil {
		return nil, nil
	}
	t, err := catalog.ActionTemplateAt(n.tx, id, number)
	if fault.Is(err, fault.NotFound) || err == nil && t.SpaceID != n.project.SpaceID {
		return nil, nil
	}
	return t, err
}
