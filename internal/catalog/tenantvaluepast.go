package catalog

import (
	"slices"

	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// A TenantValuePast is what the last changes of a tenant's values replaced. From
// it comes what a client had before it when it wrote, whichever node it read
// from and however long ago.
type TenantValuePast struct {
	kind.Base
	TenantID string              `json:"TenantId"`
	Since    int64               `json:"Since"`   // the oldest revision of the values that can be told
	Changes  []TenantValueChange `json:"Changes"` // the oldest first
}

// A TenantValueChange holds the values as they were at a revision, where the next
// has others. One that was not there has an id and no value.
type TenantValueChange struct {
	Revision int64         `json:"Revision"`
	Before   []TenantValue `json:"Before"`
}

// pastValuesMost bounds the replaced values of one tenant; one change may be
// larger and counts until the next.
const pastValuesMost = 200

var tenantValuePasts = kind.Register(kind.Kind[TenantValuePast]{
	Plural:   "TenantValuePasts",
	Singular: "Past of a tenant's variables",
	Title:    "TenantId",
	Hidden:   true,
	Silent:   true,
})

func tenantValuePastID(tenant string) string { return "tenantvaluepast-" + tenant }

// notePast keeps what a change of a tenant's values replaces.
func notePast(tx *store.Tx, now, old *TenantVariables) error {
	if old == nil {
		old = &TenantVariables{}
	}
	change := TenantValueChange{Revision: old.Revision()}
	for _, v := range old.Values {
		if next := tenantValue(now.Values, v.ID); next == nil || !sameTenantValue(next, &v) {
			change.Before = append(change.Before, v)
		}
	}
	for _, v := range now.Values {
		if tenantValue(old.Values, v.ID) == nil {
			change.Before = append(change.Before, TenantValue{ID: v.ID})
		}
	}
	if len(change.Before) == 0 {
		return nil
	}
	past, err := found(tenantValuePasts.Get(tx, tenantValuePastID(now.TenantID)))
	if err != nil {
		return err
	}
	if past == nil {
		past = &TenantValuePast{TenantID: now.TenantID, Since: change.Revision}
		past.ID, past.SpaceID = tenantValuePastID(now.TenantID), now.SpaceID
	}
	past.Changes = append(past.Changes, change)
	held := 0
	for _, c := range past.Changes {
		held += len(c.Before)
	}
	for held > pastValuesMost && len(past.Changes) > 1 {
		held -= len(past.Changes[0].Before)
		past.Changes = past.Changes[1:]
		past.Since = past.Changes[0].Revision
	}
	return tenantValuePasts.Put(tx, past)
}

// ValuesAt gives a tenant's values as they were at a revision of theirs; ok is
// false where that is longer ago than can be told, or never was.
func (v *TenantVariables) ValuesAt(tx *store.Tx, revision int64) (values []TenantValue, ok bool, err error) {
	if revision == v.Revision() {
		return v.Values, true, nil
	}
	past, err := found(tenantValuePasts.Get(tx, tenantValuePastID(v.TenantID)))
	if err != nil || past == nil || revision < past.Since || revision > v.Revision() {
		return nil, false, err
	}
	values = slices.Clone(v.Values)
	for _, c := range slices.Backward(past.Changes) {
		if c.Revision < revision {
			break
		}
		for _, before := range c.Before {
			values = slices.DeleteFunc(values, func(one TenantValue) bool { return one.ID == before.ID })
			if !before.Empty() {
				values = append(values, before)
			}
		}
	}
	return values, true, nil
}

func dropTenantValuePast(tx *store.Tx, tenant string) error {
	past, err := found(tenantValuePasts.Get(tx, tenantValuePastID(tenant)))
	if err != nil || past == nil {
		return err
	}
	return tenantValuePasts.Remove(tx, past)
}

func tenantValue(all []TenantValue, id string) *TenantValue {
	if at := slices.IndexFunc(all, func(v TenantValue) bool { return v.ID == id }); at >= 0 {
		return &all[at]
	}
	return nil
}

func sameTenantValue(a, b *TenantValue) bool {
	if (a.Value.Secret == nil) != (b.Value.Secret == nil) || !slices.Equal(a.Environments, b.Environments) {
		return false
	}
	if s := a.Value.Secret; s != nil {
		return s.Sealed == b.Value.Secret.Sealed
	}
	return a.Value.Text == b.Value.Text
}
