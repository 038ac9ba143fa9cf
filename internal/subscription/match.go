package subscription

import (
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/trigger"
)

// matcher says which events a subscription is for.
type matcher struct {
	space      string
	filter     *catalog.EventFilter
	categories []string
	groups     map[string]string   // the groups of projects that were asked for
	tags       map[string][]string // and the tags of tenants
}

func matcherOf(s *catalog.Subscription) *matcher {
	m := &matcher{space: s.SpaceID, filter: &s.EventNotificationSubscription.Filter, groups: map[string]string{}, tags: map[string][]string{}}
	m.categories = slices.Clone(m.filter.EventCategories)
	for _, g := range m.filter.EventGroups {
		if strings.EqualFold(g, "Machine") {
			m.categories = append(m.categories, "Machine*")
		}
		m.categories = append(m.categories, trigger.InGroup(g)...)
	}
	return m
}

// wants says whether the subscription is for an event. Each list of the filter
// that is not empty must have what the event is about.
func (m *matcher) wants(tx *store.Tx, e *store.Event) (bool, error) {
	f := m.filter
	about := append([]string{e.Document}, e.Related...)
	if e.Space != m.space || !m.wantsCategory(e) || !any1(f.Users, e.Actor.UserID) || !any1(f.EventAgents, e.Actor.UserAgent) {
		return false, nil
	}
	prefix, _, _ := strings.Cut(e.Document, "-")
	if !any1(f.DocumentTypes, prefix) || !any1(f.Projects, about...) || !any1(f.Environments, about...) || !any1(f.Tenants, about...) {
		return false, nil
	}
	if len(f.ProjectGroups) > 0 {
		if ok, err := m.inGroups(tx, about); err != nil || !ok {
			return false, err
		}
	}
	if len(f.Tags) > 0 {
		return m.tagged(tx, about)
	}
	return true, nil
}

// any1 says that a list is empty or has one of the values.
func any1(list []string, values ...string) bool {
	return len(list) == 0 || slices.ContainsFunc(list, func(one string) bool {
		return slices.ContainsFunc(values, func(v string) bool { return strings.EqualFold(one, v) })
	})
}

func (m *matcher) wantsCategory(e *store.Event) bool {
	if len(m.filter.EventCategories)+len(m.filter.EventGroups) == 0 {
		return true
	}
	own := []string{e.Category}
	if strings.HasPrefix(e.Document, "Machines-") {
		own = append(trigger.Categories(e), "Machine*")
	}
	return len(m.categories) > 0 && any1(m.categories, own...)
}

// inGroups says that an event is about one of the groups, or a project in one.
func (m *matcher) inGroups(tx *store.Tx, about []string) (bool, error) {
	if any1(m.filter.ProjectGroups, about...) {
		return true, nil
	}
	for _, id := range about {
		if !strings.HasPrefix(id, "Projects-") {
			continue
		}
		group, known := m.groups[id]
		if !known {
			p, err := catalog.Projects.Get(tx, id)
			if err != nil && !fault.Is(err, fault.NotFound) {
				return false, err
			}
			if p != nil {
				group = p.ProjectGroupID
			}
			m.groups[id] = group
		}
		if group != "" && any1(m.filter.ProjectGroups, group) {
			return true, nil
		}
	}
	return false, nil
}

// tagged says that an event is about a tenant that has the tags.
func (m *matcher) tagged(tx *store.Tx, about []string) (bool, error) {
	for _, id := range about {
		if !strings.HasPrefix(id, "Tenants-") {
			continue
		}
		tags, known := m.tags[id]
		if !known {
			t, err := catalog.Tenants.Get(tx, id)
			if err != nil && !fault.Is(err, fault.NotFound) {
				return false, err
			}
			if t != nil {
				tags = t.TenantTags
			}
			m.tags[id] = tags
		}
		if any1(m.filter.Tags, tags...) {
			return true, nil
		}
	}
	return false, nil
}

// people are the members of teams who may see the audit trail of a space.
func people(tx *store.Tx, space string, teams []string) ([]*catalog.User, error) {
	all, _, err := catalog.Teams.List(tx, kind.Query{AnySpace: true, IDs: teams})
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, t := range all {
		if t.SpaceID != "" && t.SpaceID != space {
			continue
		}
		ids = append(ids, t.MemberUserIDs...)
	}
	slices.Sort(ids)
	var users []*catalog.User
	for _, id := range slices.Compact(ids) {
		u, err := catalog.Users.Get(tx, id)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		rights, err := catalog.RightsOf(tx, id)
		if err != nil {
			return nil, err
		}
		if u.IsActive && u.EmailAddress != "" && rights.Reach("EventView", space).All {
			users = append(users, u)
		}
	}
	return users, nil
}
