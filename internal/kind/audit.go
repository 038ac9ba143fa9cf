package kind

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/store"
)

// event says for the audit trail what Put does.
func (k *Kind[T]) event(tx *store.Tx, r, old *T, d *store.Document) (*store.Event, error) {
	e := &store.Event{Category: "Created"}
	verb := "created"
	if old != nil {
		e.Category, verb = "Modified", "changed"
		changes, err := k.changes(r, old)
		if err != nil {
			return nil, err
		}
		e.Details = changes
	}
	what, err := k.title(tx, r, d)
	if err != nil {
		return nil, err
	}
	e.Message = what + " was " + verb
	e.Related = k.related(r)
	return e, nil
}

// title is what people know a resource by: its kind and its name, or that of
// what it belongs to, such as "Deployment process of Web shop".
func (k *Kind[T]) title(tx *store.Tx, r *T, d *store.Document) (string, error) {
	if d.Name != "" {
		return k.Singular + " " + d.Name, nil
	}
	what := k.Singular
	if k.Frozen != nil && k.Frozen(r) {
		what = "Snapshot of the " + strings.ToLower(what[:1]) + what[1:]
	}
	owners := k.Within(r).Projects
	for _, ref := range d.References {
		if len(owners) < 2 {
			owners = append(owners, ref.Target)
		}
	}
	var names []string
	for _, id := range owners {
		owner, err := tx.Get("", id)
		if err != nil {
			return "", err
		}
		if owner != nil && owner.Name != "" && !slices.Contains(names, owner.Name) {
			names = append(names, owner.Name)
		}
	}
	if names == nil {
		return what + " " + d.ID, nil
	}
	return what + " of " + strings.Join(names, " and "), nil
}

// related lists what an event about r is also about.
func (k *Kind[T]) related(r *T) []string {
	w := k.Within(r)
	return slices.Concat(w.Projects, w.Environments, w.Tenants)
}

// changes compares member by member, secrets as keyed hashes.
func (k *Kind[T]) changes(r, old *T) ([]store.Change, error) {
	now, err := k.auditForm(r)
	if err != nil {
		return nil, err
	}
	before, err := k.auditForm(old)
	if err != nil {
		return nil, err
	}
	var list []store.Change
	for _, m := range k.form.members {
		switch m.name {
		case "LastModifiedOn", "LastModifiedBy", "Links":
			continue
		}
		a, b := before[m.name], now[m.name]
		if !bytes.Equal(a, b) {
			list = append(list, store.Change{Path: m.name, Old: a, New: b})
		}
	}
	return list, nil
}

func (k *Kind[T]) auditForm(r *T) (map[string]json.RawMessage, error) {
	data, err := encode(r)
	if err != nil {
		return nil, err
	}
	if k.form.secret {
		c := new(T)
		if err := json.Unmarshal(data, c); err != nil {
			return nil, fmt.Errorf("copying for the audit: %w", err)
		}
		forWire(c, true)
		k.fill(c)
		if data, err = encode(c); err != nil {
			return nil, err
		}
	}
	var m map[string]json.RawMessage
	return m, json.Unmarshal(data, &m)
}
