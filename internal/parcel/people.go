package parcel

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// people are the kinds of who may do what. They are carried on demand only, in a file
// that is sealed whether it holds secrets or not: who could change it could make
// themselves an administrator where it arrives.
var people = []string{"UserRoles", "Users", "Teams", "ScopedUserRoles"}

func isPeople(plural string) bool { return slices.Contains(people, plural) }

// readPeople reads the teams of the space and those that were given a role in it, the
// roles, and the members, but for what every installation is born with.
func (w *packing) readPeople() error {
	spaces := []store.Where{{SQL: "space = ?", Args: []any{w.space.ID}}}
	teams, err := w.found("Teams", spaces)
	if err != nil {
		return err
	}
	given, err := w.found("ScopedUserRoles", spaces)
	if err != nil {
		return err
	}
	wanted := map[string]bool{}
	for _, f := range given {
		if team, _ := f.data["TeamId"].(string); !numbered().MatchString(team) {
			continue
		}
		w.all[f.ID] = f
		mention(f.data, func(id string) { wanted[id] = true })
	}
	everywhere, err := w.found("Teams", []store.Where{{SQL: "space = ''"}})
	if err != nil {
		return err
	}
	for _, f := range append(teams, slices.DeleteFunc(everywhere, func(f *found) bool { return !wanted[f.ID] })...) {
		if numbered().MatchString(f.ID) {
			w.all[f.ID] = f
			mention(f.data, func(id string) { wanted[id] = true })
		}
	}
	for _, plural := range []string{"UserRoles", "Users"} {
		all, err := w.found(plural, nil)
		if err != nil {
			return err
		}
		for _, f := range all {
			if wanted[f.ID] && numbered().MatchString(f.ID) {
				w.all[f.ID] = f
			}
		}
	}
	return nil
}

// found reads what there is of a kind.
func (w *packing) found(plural string, where []store.Where) (list []*found, err error) {
	k := lookup(plural)
	docs, err := w.tx.Find(store.Query{Table: k.Info().Table, Kind: plural, Where: where})
	if err != nil {
		return nil, err
	}
	for _, d := range docs {
		r, err := k.GetAny(w.tx, d.ID)
		if err != nil {
			return nil, err
		}
		data, err := members(r)
		if err != nil {
			return nil, err
		}
		for _, name := range everywhere {
			delete(data, name)
		}
		list = append(list, &found{Document{Kind: plural, ID: d.ID, Owner: d.Owner, System: d.Space == ""}, data})
	}
	return list, nil
}

// without gives the parcel as one that carries no people: who is named by the rest must
// be there by name.
func (p *Parcel) without() (*Parcel, error) {
	rest, named := *p, map[string]bool{}
	rest.Documents, rest.Named = nil, slices.Clone(p.Named)
	for _, d := range p.Documents {
		if isPeople(d.Kind) {
			continue
		}
		v, err := tree(d.Data)
		if err != nil {
			return nil, err
		}
		mention(v, func(id string) { named[id] = true })
		rest.Documents = append(rest.Documents, d)
	}
	for _, d := range p.Documents {
		if !isPeople(d.Kind) || !named[d.ID] {
			continue
		}
		v, err := tree(d.Data)
		if err != nil {
			return nil, err
		}
		m, _ := v.(map[string]any)
		rest.Named = append(rest.Named, Name{ID: d.ID, Kind: d.Kind, Name: nameOf(m), Owner: d.Owner})
	}
	return &rest, nil
}

// nameOf is by which a resource is found; empty where it has none.
func nameOf(data map[string]any) string {
	for _, member := range []string{"Name", "Username"} {
		if name, ok := data[member].(string); ok {
			return name
		}
	}
	return ""
}

// withheld tells of a role that would be given to a team that is here already: what
// that may do is decided here.
func (t *taking) withheld(d Document, data map[string]any) bool {
	team, _ := data["TeamId"].(string)
	return d.Kind == "ScopedUserRoles" && !t.made[team] && (!t.ask.Overwrite || t.ofAll(team))
}

// ofAll reports that a document of the parcel is of the whole installation, and so
// nothing that an import into one of its spaces changes.
func (t *taking) ofAll(id string) bool {
	at, ok := t.at[id]
	return ok && t.parcel.Documents[at].System
}

// given finds a role that a team has here in the same way; "" when it has not.
func (t *taking) given(data map[string]any) (string, error) {
	wanted := t.wanted(data)
	bare(wanted)
	team, _ := wanted["TeamId"].(string)
	all, _, err := catalog.ScopedUserRoles.List(t.tx, kind.Query{Space: t.space, Refer: map[string][]string{"TeamId": {team}}})
	if err != nil {
		return "", fmt.Errorf("looking for the roles of %s: %w", team, err)
	}
	for _, s := range all {
		have, err := t.plain(s)
		if err != nil {
			return "", err
		}
		if s.SpaceID == t.space && reflect.DeepEqual(have, wanted) {
			return s.ID, nil
		}
	}
	return "", nil
}

// sealedIfPeople refuses people of a file that nothing vouches for.
func (p *Parcel) sealedIfPeople() error {
	if p.KeyID == "" && slices.ContainsFunc(p.Documents, func(d Document) bool { return isPeople(d.Kind) }) {
		return fault.New(fault.Invalid, "The export holds people and is not sealed with a password, as it was when it was made: somebody has changed the file. Make it again where it is from.")
	}
	return nil
}
