package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// TagSet is a set of tags by which tenants and other things are told apart.
type TagSet struct {
	kind.Base
	Name        string   `json:"Name" kind:"required,max=200"`
	Description string   `json:"Description" kind:"max=4000"`
	SortOrder   int      `json:"SortOrder"`
	Tags        []Tag    `json:"Tags"`
	Scopes      []string `json:"Scopes"`
	Type        string   `json:"Type" kind:"enum=MultiSelect|SingleSelect|FreeText"`
	IsSystem    bool     `json:"IsSystem" kind:"readonly"`
}

// Tag is one tag of a set. Others name it by its canonical name, which is
// "{set}/{tag}".
type Tag struct {
	ID               string `json:"Id"`
	Name             string `json:"Name" kind:"required,max=200"`
	Description      string `json:"Description" kind:"max=4000"`
	Color            string `json:"Color"`
	CanonicalTagName string `json:"CanonicalTagName"`
	SortOrder        int    `json:"SortOrder"`
}

var tagScopes = []string{"Tenant", "Environment", "Project", "Runbook", "Target"}

// TagSets are the sets of tags of a space.
var TagSets = kind.Register(kind.Kind[TagSet]{
	Plural:      "TagSets",
	Singular:    "Tag set",
	Order:       bySortOrder,
	Permissions: kind.Permissions{View: "", Create: "TagSetCreate", Edit: "TagSetEdit", Delete: "TagSetDelete"},
	Rules:       tagSetRules,
	Deleting: func(tx *store.Tx, gone *TagSet) error {
		var used fault.Complaints
		if err := unusedTags(tx, gone, nil, &used); err != nil {
			return err
		}
		return used.Err()
	},
})

// ArrangeTagSets puts the tag sets of a space in an order.
func ArrangeTagSets(tx *store.Tx, space string, ids []string) error {
	return arrange(tx, TagSets, space, ids, func(t *TagSet) string { return t.ID }, tagSetPlace)
}

func tagSetPlace(t *TagSet) *int { return &t.SortOrder }

func tagSetRules(tx *store.Tx, next, old *TagSet, c *fault.Complaints) (err error) {
	next.Name = strings.TrimSpace(next.Name)
	if old == nil && next.SortOrder == 0 {
		if next.SortOrder, err = last(tx, kind.Of[TagSet](), next.SpaceID); err != nil {
			return err
		}
	}
	if len(next.Scopes) == 0 {
		next.Scopes = []string{"Tenant"}
	}
	for i, s := range next.Scopes {
		at := slices.IndexFunc(tagScopes, func(known string) bool { return strings.EqualFold(known, s) })
		if at < 0 {
			c.Add("Scopes[%d] is %q, which is not one of %s.", i, s, strings.Join(tagScopes, ", "))
			continue
		}
		next.Scopes[i] = tagScopes[at]
	}
	next.Scopes = tidy(next.Scopes)
	if strings.Contains(next.Name, "/") {
		c.Add("The name of a tag set cannot contain a slash.")
	}
	if next.Type == "FreeText" && len(next.Tags) > 0 {
		c.Add("A tag set of the type FreeText has no tags of its own.")
	}
	if err := tagRules(tx, next, c); err != nil {
		return err
	}
	if old == nil {
		return nil
	}
	return unusedTags(tx, old, next, c)
}

// tagRules completes the tags of a set and checks them against one another.
func tagRules(tx *store.Tx, set *TagSet, c *fault.Complaints) error {
	names := map[string]bool{}
	for i := range set.Tags {
		t := &set.Tags[i]
		t.Name = strings.TrimSpace(t.Name)
		if t.ID == "" {
			n, err := tx.Next("Tags")
			if err != nil {
				return err
			}
			t.ID = fmt.Sprintf("%s/Tags-%d", set.ID, n)
		}
		if t.Color == "" {
			t.Color = "#333333"
		}
		t.SortOrder, t.CanonicalTagName = i, set.Name+"/"+t.Name
		key := strings.ToLower(t.Name)
		if names[key] {
			c.Add("Tags[%d]: the set has two tags of the name '%s'.", i, t.Name)
		}
		names[key] = true
		if strings.Contains(t.Name, "/") {
			c.Add("Tags[%d]: the name of a tag cannot contain a slash.", i)
		}
	}
	return nil
}

// unusedTags complains of tags that are in use and would no longer be there
// under their canonical name.
func unusedTags(tx *store.Tx, old, next *TagSet, c *fault.Complaints) error {
	for _, t := range old.Tags {
		stays := next != nil && slices.ContainsFunc(next.Tags, func(n Tag) bool {
			return strings.EqualFold(n.CanonicalTagName, t.CanonicalTagName)
		})
		if stays {
			continue
		}
		users, err := tx.UsedBy(tagKey(old.SpaceID, t.CanonicalTagName), 5)
		if err != nil {
			return err
		}
		for _, u := range users {
			c.Add("The tag '%s' cannot be removed or renamed: %s uses it as %s.", t.CanonicalTagName, u.ID, u.Field)
		}
	}
	return nil
}

// tagKey is what a resource that uses a tag refers to.
func tagKey(space, canonical string) string {
	return "tag:" + space + ":" + strings.ToLower(canonical)
}

// tagReferences gives the references of a member that holds canonical names of
// tags, so that a tag in use is not taken away.
func tagReferences(space, member string, tags []string) []store.Reference {
	refs := make([]store.Reference, len(tags))
	for i, t := range tags {
		refs[i] = store.Reference{Field: member, Target: tagKey(space, t)}
	}
	return refs
}

// checkTags checks the canonical names of tags in a member and gives them the
// case of their sets. A name may be a tag's id as well. scope is what the
// resource is, in the words of TagSet.Scopes; it is empty where the tags are
// those of the tenants that something is for.
func checkTags(tx *store.Tx, space, scope, member string, tags *[]string, c *fault.Complaints) error {
	*tags = tidy(*tags)
	if len(*tags) == 0 {
		return nil
	}
	sets, _, err := kind.Of[TagSet]().List(tx, kind.Query{Space: space})
	if err != nil {
		return err
	}
	single := map[string]string{}
	for i, name := range *tags {
		set, tag, ok := findTag(sets, name)
		if !ok {
			c.Add("%s: there is no tag '%s'; tags are named like 'Tag set/Tag'.", member, name)
			continue
		}
		(*tags)[i] = tag
		if !slices.Contains(set.Scopes, cmp.Or(scope, "Tenant")) {
			c.Add("%s: the tags of '%s' are for %s.", member, set.Name, strings.Join(set.Scopes, ", "))
		}
		if other, taken := single[set.ID]; taken && set.Type == "SingleSelect" && scope != "" {
			c.Add("%s: only one tag of '%s' can be chosen; here are '%s' and '%s'.", member, set.Name, other, tag)
		}
		single[set.ID] = tag
	}
	return nil
}

// findTag finds a tag by canonical name or id and gives its canonical name.
func findTag(sets []*TagSet, name string) (*TagSet, string, bool) {
	setName, tagName, _ := strings.Cut(name, "/")
	for _, s := range sets {
		for _, t := range s.Tags {
			if strings.EqualFold(t.CanonicalTagName, name) || t.ID == name {
				return s, t.CanonicalTagName, true
			}
		}
		if s.Type == "FreeText" && strings.EqualFold(s.Name, setName) && tagName != "" {
			return s, s.Name + "/" + tagName, true
		}
	}
	return nil, "", false
}
