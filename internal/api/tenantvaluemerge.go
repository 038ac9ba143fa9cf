package api

import (
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// Clients read all values of a tenant, change one and write all of them back,
// several at a time where they run in parallel. What such a write changes is
// seen against what its caller has read, not against what is stored by then:
// otherwise each would take back what the others wrote in between. A caller that
// sends the ConcurrencyToken back says what that was, and the store knows the
// values of then. Those that say nothing are guessed at by what they have lately
// read here; docs/decisions/029-values-of-tenants.md says how far that goes.

// readings are the values of tenants that callers of this node have lately read.
type readings struct {
	sync.Mutex
	of map[string][]*reading // by tenant, the oldest first
}

// A reading is used up by the write that it was for.
type reading struct {
	at     time.Time
	user   string
	token  string
	values []catalog.TenantValue
}

const (
	readingLasts = 30 * time.Second // from reading a tenant's values to writing them
	readingsMost = 64               // of one tenant
	tenantsMost  = 4096
)

// note remembers what a caller has read.
func (s *readings) note(r *Request, l *ledger) {
	s.Lock()
	defer s.Unlock()
	now := time.Now()
	old := func(one *reading) bool { return now.Sub(one.at) > readingLasts }
	if len(s.of) >= tenantsMost {
		for id, all := range s.of {
			if s.of[id] = slices.DeleteFunc(all, old); len(s.of[id]) == 0 {
				delete(s.of, id)
			}
		}
	}
	if s.of == nil || len(s.of) >= tenantsMost {
		s.of = map[string][]*reading{}
	}
	all := slices.DeleteFunc(s.of[l.tenant.ID], old)
	if len(all) >= readingsMost {
		all = slices.Delete(all, 0, len(all)-readingsMost+1)
	}
	s.of[l.tenant.ID] = append(all, &reading{now, r.Principal.UserID, l.token(), l.stored.Values})
}

// before lists what a caller has read, and so what its write may be based on, the
// newest first.
func (s *readings) before(r *Request, l *ledger) []*reading {
	s.Lock()
	defer s.Unlock()
	now := time.Now()
	all := slices.DeleteFunc(slices.Clone(s.of[l.tenant.ID]), func(one *reading) bool {
		return now.Sub(one.at) > readingLasts || one.user != r.Principal.UserID
	})
	slices.Reverse(all)
	return all
}

// named is what a caller has read with a token; nil if that is not known.
func (s *readings) named(r *Request, l *ledger, token string) *reading {
	all := s.before(r, l)
	if at := slices.IndexFunc(all, func(one *reading) bool { return one.token == token }); at >= 0 {
		return all[at]
	}
	return nil
}

func (s *readings) use(l *ledger, one *reading) {
	s.Lock()
	defer s.Unlock()
	s.of[l.tenant.ID] = slices.DeleteFunc(s.of[l.tenant.ID], func(other *reading) bool { return other == one })
}

// editTenant applies a whole write to the values of the path's tenant and stores
// them. Where the caller may have read an older state, the write is taken for
// the fewest changes that explain it.
func (a *API) editTenant(r *Request, token string, apply func(*edit) error, answer func(*ledger) error) error {
	var e *edit
	var used *reading
	err := r.Do(func(tx *store.Tx) error {
		t, err := catalog.Tenants.Find(tx, r.Space, r.Param("id"))
		if err != nil {
			return err
		}
		if err := tx.Hold(t.ID); err != nil { // what is read next stays as it is
			return err
		}
		l, err := ledgerFor(r, tx)
		if err != nil {
			return err
		}
		if e, used, err = a.intended(r, tx, l, token, apply); err != nil {
			return err
		}
		if err := e.commit(r, tx); err != nil {
			return err
		}
		return answer(e.ledger)
	})
	if err == nil && used != nil {
		a.readings.use(e.ledger, used)
	}
	return err
}

func (a *API) intended(r *Request, tx *store.Tx, l *ledger, token string, apply func(*edit) error) (*edit, *reading, error) {
	switch {
	case token == "" && r.Header.Get("If-Match") == "":
		return a.guess(r, l, apply)
	case token == "" || token == l.token():
		e, err := l.attempt(l.stored.Values, apply)
		return e, a.readings.named(r, l, token), err
	}
	e, err := l.since(tx, token, apply)
	return e, a.readings.named(r, l, token), err
}

// since makes the change of a caller that says what it has read to what is there
// now. Where both changed the same values the write is refused.
func (l *ledger) since(tx *store.Tx, token string, apply func(*edit) error) (*edit, error) {
	changed := fault.New(fault.Conflict, "The variables of the tenant '%s' were changed by somebody else in the meantime; read them again and repeat the change.", l.tenant.Name)
	revision, err := strconv.ParseInt(token, 10, 64)
	if err != nil {
		return nil, fault.New(fault.Invalid, "ConcurrencyToken '%s' is none that this server gave out. Send the one that came with the variables, or leave it out.", token)
	}
	before, ok, err := l.stored.ValuesAt(tx, revision)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, changed
	}
	e, err := l.attempt(before, apply)
	if err != nil {
		return nil, err
	}
	merged, clash := rebase(l.stored.Values, before, e.stored.Values)
	if clash {
		return nil, changed
	}
	e.stored.Values = merged
	return e, nil
}

// guess takes a write for the fewest changes to what is there, or to what its
// caller has lately read, that explain it.
func (a *API) guess(r *Request, l *ledger, apply func(*edit) error) (*edit, *reading, error) {
	now := l.stored.Values
	best, err := l.attempt(now, apply)
	if err != nil {
		return nil, nil, err
	}
	least := distance(now, best.stored.Values)
	var used *reading
	for _, one := range a.readings.before(r, l) {
		if one.token == l.token() {
			if used == nil {
				used = one
			}
			continue
		}
		e, err := l.attempt(one.values, apply)
		if err != nil {
			return nil, nil, err
		}
		n := distance(one.values, e.stored.Values)
		if n >= least || n == 0 { // who changes nothing would write nothing
			continue
		}
		best, least, used = e, n, one
		best.stored.Values, _ = rebase(now, one.values, e.stored.Values)
	}
	return best, used, nil
}

// attempt applies a write to one state of the values.
func (l *ledger) attempt(values []catalog.TenantValue, apply func(*edit) error) (*edit, error) {
	stored := *l.stored
	stored.Values = slices.Clone(values)
	e := newEdit(&ledger{l.tenant, &stored, l.owners})
	return e, apply(e)
}

func valueByID(all []catalog.TenantValue, id string) *catalog.TenantValue {
	if at := slices.IndexFunc(all, func(v catalog.TenantValue) bool { return v.ID == id }); at >= 0 && id != "" && !all[at].Empty() {
		return &all[at]
	}
	return nil
}

func sameValue(a, b *catalog.TenantValue) bool {
	return same(a.Value, b.Value) && slices.Equal(a.Environments, b.Environments)
}

// distance counts the values that differ between two states.
func distance(from, to []catalog.TenantValue) (n int) {
	for i := range to {
		if old := valueByID(from, to[i].ID); !to[i].Empty() && (old == nil || !sameValue(old, &to[i])) {
			n++
		}
	}
	for i := range from {
		if valueByID(to, from[i].ID) == nil {
			n++
		}
	}
	return n
}

// rebase makes the changes from one state to another to a third. It reports a
// clash where that has changed the same values otherwise; those of the change
// win.
func rebase(now, from, to []catalog.TenantValue) (next []catalog.TenantValue, clash bool) {
	next = slices.Clone(now)
	for i := range from {
		old, want, have := &from[i], valueByID(to, from[i].ID), valueByID(next, from[i].ID)
		switch {
		case want != nil && sameValue(old, want): // left alone
		case want == nil && have == nil:
		case want == nil:
			clash = clash || !sameValue(old, have)
			have.Value = kind.Property{}
		case have == nil:
			clash = true
			next = append(next, *want)
		default:
			clash = clash || !sameValue(old, have) && !sameValue(have, want)
			if !same(old.Value, want.Value) {
				have.Value = want.Value
			}
			if have.Environments = spread(have.Environments, old.Environments, want.Environments); len(have.Environments) == 0 && len(want.Environments) > 0 {
				have.Value = kind.Property{} // each took away what the other left
			}
		}
	}
	for i := range to {
		v := &to[i]
		if v.Empty() || valueByID(from, v.ID) != nil {
			continue
		}
		at := slices.IndexFunc(next, func(have catalog.TenantValue) bool {
			return have.OwnerID == v.OwnerID && have.TemplateID == v.TemplateID && slices.Equal(have.Environments, v.Environments)
		})
		if at < 0 {
			next = append(next, *v)
			continue
		}
		clash = clash || !same(next[at].Value, v.Value)
		next[at].Value = v.Value
	}
	return next, clash
}

// spread makes the change from one list of environments to another to a third.
// None is all of them: what goes from or to that is taken as it is.
func spread(now, from, to []string) []string {
	if slices.Equal(from, to) {
		return now
	}
	if len(now) == 0 || len(from) == 0 || len(to) == 0 {
		return to
	}
	next := slices.DeleteFunc(slices.Clone(now), func(id string) bool { return slices.Contains(from, id) && !slices.Contains(to, id) })
	for _, id := range to {
		if !slices.Contains(from, id) && !slices.Contains(next, id) {
			next = append(next, id)
		}
	}
	return next
}
