package parcel

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// findSpace finds or makes the space that the parcel goes into.
func (t *taking) findSpace() error {
	what := t.ask.Space
	if what == "" {
		what = t.parcel.Space
	}
	space, err := catalog.Spaces.Find(t.tx, "", what)
	if fault.Is(err, fault.NotFound) {
		space = &catalog.Space{Name: what, SpaceManagersTeams: []string{access.TeamAdministrators}}
		err = catalog.Spaces.Put(t.tx, space)
		t.taken.Made = append(t.taken.Made, "Space '"+what+"'")
	}
	if err != nil {
		return within("Space '"+what+"'", err)
	}
	t.space, t.taken.Space = space.ID, space.Name
	t.ids[t.parcel.SpaceID] = space.ID
	return nil
}

// findNamed finds what the parcel names and does not carry, and complains of all
// that is missing at once.
func (t *taking) findNamed() error {
	var c fault.Complaints
	left := slices.Clone(t.parcel.Named)
	for again := true; again && len(left) > 0; {
		again = false
		for _, n := range left {
			if n.Owner != "" && slices.ContainsFunc(left, func(o Name) bool { return o.ID == n.Owner }) {
				continue // after its owner
			}
			here, err := t.named(n)
			if err != nil {
				return err
			}
			if here != "" {
				t.ids[n.ID] = here
			} else {
				c.Add("%s is named in the export and not carried by it, and is not here: make it first%s.", title(n.Kind, map[string]any{"Name": n.Name}, n.ID), alsoExport(n))
			}
			left = slices.DeleteFunc(left, func(o Name) bool { return o.ID == n.ID })
			again = true
			break
		}
	}
	if err := c.Err(); err != nil {
		return &fault.Error{Code: fault.Invalid, Message: "The export cannot be imported, because things that it names are missing here.", Details: c}
	}
	return nil
}

// refuseOthers complains of ids that stood for nothing where the parcel is from,
// as of a team that was deleted, and that are here: what they are here has only
// the number in common.
func (t *taking) refuseOthers() error {
	by := map[string]int{}
	for i, data := range t.data {
		mention(data, func(id string) {
			_, known := kind.Lookup(kindOf(id))
			_, carried := t.at[id]
			if known && numbered().MatchString(id) && !carried && t.ids[id] == "" {
				by[id] = i
			}
		})
	}
	there, err := t.tx.Lock(slices.Sorted(maps.Keys(by)))
	if err != nil {
		return err
	}
	var c fault.Complaints
	for _, id := range slices.Sorted(maps.Keys(by)) {
		if other, ok := there[id]; ok {
			at := by[id]
			c.Add("%s names %s, which was not there when it was exported; here that is %s. Take it out there and export again.",
				t.title(t.parcel.Documents[at], t.data[at]), id, title(other.Kind, map[string]any{"Name": other.Name}, id))
		}
	}
	if err := c.Err(); err != nil {
		return &fault.Error{Code: fault.Invalid, Message: "The export cannot be imported, because ids in it would mean something else here.", Details: c}
	}
	return nil
}

func alsoExport(n Name) string {
	if n.Kind == "Projects" {
		return ", or export it too"
	}
	return ""
}

// named finds what has a name: under its id, where that has not to do with where
// it was made, or by its kind and name.
func (t *taking) named(n Name) (string, error) {
	k, ok := kind.Lookup(n.Kind)
	if !ok {
		return "", nil
	}
	if !numbered().MatchString(n.ID) {
		places, err := t.tx.Lock([]string{t.derived(n.ID)})
		if err != nil {
			return "", err
		}
		if p, ok := places[t.derived(n.ID)]; ok && p.Kind == n.Kind {
			return t.derived(n.ID), nil
		}
	}
	return t.search(k, n.Name, t.here(n.Owner))
}

// search finds a resource of the space, or of the installation, by name.
func (t *taking) search(k kind.Any, name, owner string) (string, error) {
	if name == "" {
		return "", nil
	}
	docs, err := t.tx.Find(store.Query{Table: k.Info().Table, Kind: k.Info().Plural, Take: 1, OrderBy: "space desc", Where: []store.Where{
		{SQL: "name_key = ?", Args: []any{strings.ToLower(name)}}, {SQL: "owner = ?", Args: []any{owner}},
		{SQL: "space = ? or space = ''", Args: []any{t.space}}}})
	if err != nil || len(docs) == 0 {
		return "", err
	}
	return docs[0].ID, nil
}

// here gives the id that stands here for one of the parcel.
func (t *taking) here(id string) string {
	if to, ok := t.ids[id]; ok {
		return to
	}
	return id
}

// derived is here for an id that has another's in it.
func (t *taking) derived(id string) string {
	return part().ReplaceAllStringFunc(id, t.here)
}

// match finds what is here already of a document; "" when nothing is.
func (t *taking) match(d Document, data map[string]any) (string, error) {
	k, _ := kind.Lookup(d.Kind)
	if !numbered().MatchString(d.ID) {
		id := t.derived(d.ID)
		places, err := t.tx.Lock([]string{id})
		if err != nil {
			return "", err
		}
		if places[id].Kind == d.Kind && places[id].Space == t.space {
			return id, nil
		}
	}
	if d.Kind == "ScopedUserRoles" {
		return t.given(data)
	}
	name, owner := nameOf(data), t.here(d.Owner)
	id, err := t.search(k, name, owner)
	if err != nil || id != "" || marks[d.Kind] == nil || !marks[d.Kind](data) || d.Owner != "" && !t.made[d.Owner] {
		return id, err
	}
	docs, err := t.tx.Find(store.Query{Kind: d.Kind, Where: []store.Where{{SQL: "space = ?", Args: []any{t.space}}, {SQL: "owner = ?", Args: []any{owner}}}})
	if err != nil {
		return "", err
	}
	for _, other := range docs {
		v, err := tree(other.Data)
		if err != nil {
			return "", err
		}
		m, _ := v.(map[string]any)
		if marks[d.Kind](m) && (d.Kind != "Feeds" || m["FeedType"] == data["FeedType"]) {
			return other.ID, nil
		}
	}
	return "", nil
}

// numberValues gives the values of a tenant the numbers that they have here, or
// such as nobody has here.
func (t *taking) numberValues(id string, fresh bool, data map[string]any) error {
	stored, err := catalog.TenantVariableSets.Get(t.tx, id)
	if err != nil {
		return err
	}
	have, err := members(stored)
	if err != nil {
		return err
	}
	known, _ := have["Values"].([]any)
	values, _ := data["Values"].([]any)
	for _, v := range values {
		value, _ := v.(map[string]any)
		old, _ := value["Id"].(string)
		at := slices.IndexFunc(known, func(other any) bool { return place(other) == place(t.wanted(value)) })
		if at >= 0 && !fresh {
			t.ids[old], _ = known[at].(map[string]any)["Id"].(string)
			continue
		}
		n, err := t.tx.Next("TenantVariables")
		if err != nil {
			return err
		}
		t.ids[old] = fmt.Sprintf("TenantVariables-%d", n)
	}
	return nil
}
