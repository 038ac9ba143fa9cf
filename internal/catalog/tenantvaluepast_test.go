package catalog_test

import (
	"fmt"
	"slices"
	"testing"

	. "github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// What a tenant's values were is told for each revision of late, and for none
// of which parts are forgotten.
func TestPastOfTenantValues(t *testing.T) {
	r := newRoom(t)
	project := create(r, Projects, `{"Name":"P","ProjectGroupId":"ProjectGroups-1","LifecycleId":"Lifecycles-1","Templates":[{"Id":"one","Name":"One"},{"Id":"two","Name":"Two"}]}`)
	tenant := create(r, Tenants, fmt.Sprintf(`{"Name":"Acme","ProjectEnvironments":{%q:[]}}`, project.ID))
	history := map[int64]string{}
	tell := func(values []TenantValue) string {
		var all []string
		for _, v := range values {
			all = append(all, v.TemplateID+"="+v.Value.Text)
		}
		slices.Sort(all)
		return fmt.Sprint(all)
	}
	set := func(pairs ...string) (v *TenantVariables) {
		r.do(func(tx *store.Tx) (err error) {
			if v, err = TenantVariablesOf(tx, tenant); err != nil {
				return err
			}
			history[v.Revision()] = tell(v.Values)
			for i := 0; i < len(pairs); i += 2 {
				at := slices.IndexFunc(v.Values, func(one TenantValue) bool { return one.TemplateID == pairs[i] })
				if at < 0 {
					at, v.Values = len(v.Values), append(v.Values, TenantValue{OwnerID: project.ID, TemplateID: pairs[i]})
				}
				v.Values[at].Value = kind.Property{Text: pairs[i+1]}
			}
			return TenantVariableSets.Put(tx, v)
		})
		return v
	}
	check := func(v *TenantVariables, forgotten int64) {
		t.Helper()
		r.do(func(tx *store.Tx) error {
			for revision, want := range history {
				values, ok, err := v.ValuesAt(tx, revision)
				if err != nil {
					return err
				}
				if ok != (revision >= forgotten) || ok && tell(values) != want {
					t.Errorf("revision %d: %v %s, want %s", revision, ok, tell(values), want)
				}
			}
			if _, ok, err := v.ValuesAt(tx, v.Revision()+1); ok || err != nil {
				t.Error("a revision that never was:", ok, err)
			}
			return nil
		})
	}
	set("one", "a")
	set("one", "b", "two", "c")
	set("one", "")
	set()
	check(set("one", "d", "two", ""), 0)
	var last *TenantVariables
	for i := range 200 {
		last = set("one", fmt.Sprint(i))
	}
	check(last, last.Revision()-200)
	r.do(func(tx *store.Tx) error { return Tenants.Delete(tx, tenant.ID) })
	r.do(func(tx *store.Tx) error {
		if _, ok, err := last.ValuesAt(tx, last.Revision()-1); ok || err != nil {
			t.Error("the past of a tenant that is gone:", ok, err)
		}
		return nil
	})
}
