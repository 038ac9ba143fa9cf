package kind

import (
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
)

// Decode reads a new resource from a client's JSON.
func (k *Kind[T]) Decode(body []byte) (any, error) {
	blank := k.Blank
	r := &blank
	if err := unmarshalObject(body, r); err != nil {
		return nil, err
	}
	b := base(r)
	b.ID, b.Links = "", nil // the server numbers what is new
	fromClient(r)
	k.dropReadonly(r, nil)
	return r, nil
}

// Merge reads a client's JSON over a stored resource: members that are absent
// stay as they are, those present are replaced whole.
func (k *Kind[T]) Merge(body []byte, into any) error {
	r := into.(*T)
	before := *r
	var present map[string]json.RawMessage
	if err := unmarshalObject(body, &present); err != nil {
		return err
	}
	v := reflect.ValueOf(r).Elem()
	for name := range present {
		if m, ok := k.form.named(name); ok && !k.unsaid(&m, present[name]) {
			v.FieldByIndex(m.index).SetZero()
		}
	}
	if err := Unmarshal(body, r); err != nil {
		return err
	}
	b, was := base(r), base(&before)
	if b.ID != "" && was.ID != "" && !strings.EqualFold(b.ID, was.ID) {
		return fault.New(fault.Invalid, "Id is %s in the body, but the request is for %s. Send the Id of what is to be changed, or leave it out.", b.ID, was.ID)
	}
	b.ID, b.SpaceID, b.Links, b.doc = was.ID, was.SpaceID, nil, was.doc
	fromClientKeeping(r, &before, present, k.form)
	k.dropReadonly(r, &before)
	return nil
}

// unsaid reports that a client says nothing of the version that it has changed:
// as with a version that is absent, the change is made to what is there.
func (k *Kind[T]) unsaid(m *member, value json.RawMessage) bool {
	return k.form.version != nil && slices.Equal(m.index, k.form.version) && string(value) == "null"
}

// Replace reads the JSON of a client that sends the whole resource, as a PUT
// does. Clients leave out members that have become empty, so lists, maps and
// free texts that are absent are emptied; the rest is as with Merge.
func (k *Kind[T]) Replace(body []byte, into any) error {
	var present map[string]json.RawMessage
	if err := unmarshalObject(body, &present); err != nil {
		return err
	}
	named := map[string]bool{}
	for name := range present {
		named[strings.ToLower(name)] = true
	}
	if err := k.Merge(body, into); err != nil {
		return err
	}
	v := reflect.ValueOf(into.(*T)).Elem()
	for _, m := range k.form.members {
		fv := v.FieldByIndex(m.index)
		if !named[strings.ToLower(m.name)] && m.omittable(fv) {
			fv.SetZero()
		}
	}
	return nil
}

// omittable says whether an absent member means an empty one.
func (m *member) omittable(v reflect.Value) bool {
	if m.readonly || m.required || m.name == "Slug" || m.name == "Links" {
		return false
	}
	switch v.Kind() {
	case reflect.Slice, reflect.Map: // also of what holds secrets: entries are read, only their secrets are not
		return true
	case reflect.String:
		return m.max > 0
	}
	return false
}

// fromClientKeeping is fromClient for the members that the client sent.
func fromClientKeeping[T any](r, before *T, present map[string]json.RawMessage, f *form) {
	v := reflect.ValueOf(r).Elem()
	for name := range present {
		m, ok := f.named(name)
		if !ok || !holdsSecret(v.FieldByIndex(m.index).Type(), nil) {
			continue
		}
		eachSecret(v.FieldByIndex(m.index), "", func(_ string, s *Sensitive) { s.Sealed, s.Mark = "", "" })
	}
}

func (k *Kind[T]) dropReadonly(r, before *T) {
	for _, m := range k.form.members {
		if !m.readonly {
			continue
		}
		fv := reflect.ValueOf(r).Elem().FieldByIndex(m.index)
		if before == nil {
			fv.SetZero()
			continue
		}
		fv.Set(reflect.ValueOf(before).Elem().FieldByIndex(m.index))
	}
}

// Put creates or changes a resource: it checks it, seals its secrets, numbers
// it, stores it with references and audit event, and leaves it as stored.
func (k *Kind[T]) Put(tx *store.Tx, r *T) error {
	b := base(r)
	var old *T
	if b.doc != nil {
		var err error
		if old, err = k.decode(b.doc); err != nil {
			return err
		}
	}
	frozen := k.Frozen != nil && k.Frozen(r)
	if frozen && old != nil {
		return fault.New(fault.Invalid, "%s %s is a copy of what once was and cannot be changed.", k.Singular, b.ID)
	}
	if err := k.number(tx, b); err != nil {
		return err
	}
	var c fault.Complaints
	var refs []store.Reference
	var err error
	if !frozen {
		if refs, err = k.check(tx, r, old, &c); err != nil {
			return err
		}
	}
	d, err := k.document(tx, r, old, &c)
	if err != nil {
		return err
	}
	if err := c.Err(); err != nil {
		return err
	}
	d.References = refs
	seal(tx.Key(), r, addr(old))
	b.LastModifiedOn, b.LastModifiedBy = NowPointer(), store.ActorOf(tx.Context()).Username
	k.link(r)
	k.fill(r)
	if d.Data, err = encode(r); err != nil {
		return err
	}
	if !k.Silent {
		if d.Event, err = k.event(tx, r, old, d); err != nil {
			return err
		}
	}
	if err := tx.Put(d); err != nil {
		if fault.Is(err, fault.Conflict) && d.Version == 0 {
			return taken(d.Name)
		}
		return err
	}
	d.Event = nil
	b.doc = d
	switch {
	case old == nil && k.Created != nil:
		return k.Created(tx, r)
	case old != nil && k.Changed != nil:
		return k.Changed(tx, r, old)
	}
	return nil
}

// number gives a new resource its id, so that its rules can use it.
func (k *Kind[T]) number(tx *store.Tx, b *Base) error {
	if b.ID != "" {
		return nil
	}
	n, err := tx.Next(k.Prefix)
	if err != nil {
		return err
	}
	b.ID = fmt.Sprintf("%s-%d", k.Prefix, n)
	return nil
}

// check applies the rules and the tags, and gives the references. The tags
// come first as well, so that rules find defaults and the right case of enums.
func (k *Kind[T]) check(tx *store.Tx, r, old *T, c *fault.Complaints) ([]store.Reference, error) {
	if k.Rules != nil {
		k.Complete(r)
		if err := k.Rules(tx, r, old, c); err != nil {
			return nil, err
		}
	}
	return k.validate(tx, r, c)
}

// Complete gives empty members what their tags say, and enums the right case.
func (k *Kind[T]) Complete(r *T) {
	k.form.check(reflect.ValueOf(r).Elem(), "", new(fault.Complaints), map[store.Reference]member{})
}

func addr[T any](p *T) any {
	if p == nil {
		return nil
	}
	return p
}

func taken(name string) error {
	return fault.Complaints{fmt.Sprintf("The name '%s' is already in use. Please choose another name.", name)}.Err()
}

// validate applies the tags and finds out whether all references hold.
func (k *Kind[T]) validate(tx *store.Tx, r *T, c *fault.Complaints) ([]store.Reference, error) {
	found := map[store.Reference]member{}
	k.form.check(reflect.ValueOf(r).Elem(), "", c, found)
	var refs []store.Reference
	var ids []string
	for ref := range found {
		refs = append(refs, ref)
		ids = append(ids, ref.Target)
	}
	exist, err := tx.Lock(ids)
	if err != nil {
		return nil, err
	}
	space := base(r).SpaceID
	kept := refs[:0]
	slices.SortFunc(refs, func(a, b store.Reference) int { return strings.Compare(a.Field+a.Target, b.Field+b.Target) })
	for _, ref := range refs {
		m := found[ref]
		p, ok := exist[ref.Target]
		good := ok && (m.ref == "*" || p.Kind == m.ref) && (p.Space == "" || space == "" || p.Space == space)
		if !good && !m.loose {
			c.Add("%s refers to '%s', which does not exist%s.", ref.Field, ref.Target, inSpace(space))
			continue
		}
		if good {
			kept = append(kept, store.Reference{Field: m.name, Target: ref.Target})
		}
	}
	if k.References != nil {
		kept = append(kept, k.References(r)...)
	}
	slices.SortFunc(kept, func(a, b store.Reference) int {
		return strings.Compare(a.Field+"\x00"+a.Target, b.Field+"\x00"+b.Target)
	})
	return slices.Compact(kept), nil
}

func inSpace(space string) string {
	if space == "" {
		return ""
	}
	return " in space " + space
}

// document makes the stored form's columns: id, name, slug, version.
func (k *Kind[T]) document(tx *store.Tx, r, old *T, c *fault.Complaints) (*store.Document, error) {
	b := base(r)
	v := reflect.ValueOf(r).Elem()
	d := &store.Document{Table: k.Table, Kind: k.Plural, Space: b.SpaceID, Shape: k.form.shape}
	if b.doc != nil {
		d.Version, d.Created = b.doc.Version, b.doc.Created
	}
	if k.Owner != nil {
		d.Owner = k.Owner(r)
	}
	if name := k.form.member(v, k.Title); name.IsValid() && name.Kind() == reflect.String {
		d.Name = name.String()
	}
	if k.Key != nil {
		d.NameKey = k.Key(r)
	}
	d.ID = b.ID
	if k.Repeats {
		d.NameKey = strings.ToLower(d.Name) + "\x01" + d.ID // the database knows no repeats
	}
	if err := k.uniqueName(tx, d, c); err != nil {
		return nil, err
	}
	if slug := k.form.member(v, "Slug"); slug.IsValid() {
		text, err := k.slug(tx, d, slug.String(), old != nil)
		if err != nil {
			return nil, err
		}
		slug.SetString(text)
		d.Slug = text
	}
	if at := k.form.version; at != nil {
		version := v.FieldByIndex(at)
		if old != nil {
			have := reflect.ValueOf(old).Elem().FieldByIndex(at).Int()
			if version.Int() != have {
				return nil, fault.New(fault.Conflict, "%s %s is at version %d, but the change was made to version %d. Somebody else changed it in the meantime; read it again and repeat the change.", k.Singular, b.ID, have, version.Int())
			}
			version.SetInt(have + 1)
		}
	}
	return d, nil
}

func (k *Kind[T]) uniqueName(tx *store.Tx, d *store.Document, c *fault.Complaints) error {
	if k.Repeats {
		return nil
	}
	key := d.NameKey
	if key == "" {
		key = strings.ToLower(d.Name)
	}
	if key == "" {
		return nil
	}
	same, err := tx.Find(store.Query{Table: k.Table, Kind: k.Plural, Take: 1, Where: []store.Where{
		{SQL: "space = ?", Args: []any{d.Space}}, {SQL: "owner = ?", Args: []any{d.Owner}},
		{SQL: "name_key = ?", Args: []any{key}}, {SQL: "id <> ?", Args: []any{d.ID}}}})
	if err != nil {
		return err
	}
	if len(same) > 0 {
		c.Add("The %s '%s' is already in use by %s %s. Please choose another one.", strings.ToLower(k.Title), d.Name, strings.ToLower(k.Singular), same[0].ID)
	}
	return nil
}

// slug keeps a slug that is asked for, or makes one of the name, and numbers it
// when another resource has it.
func (k *Kind[T]) slug(tx *store.Tx, d *store.Document, asked string, exists bool) (string, error) {
	wish := Slugify(asked)
	if wish == "" {
		wish = Slugify(d.Name)
	}
	if wish == "" {
		return "", nil
	}
	for n := 0; ; n++ {
		text := wish
		if n > 0 {
			text = fmt.Sprintf("%s-%d", wish, n)
		}
		same, err := tx.Count(store.Query{Table: k.Table, Kind: k.Plural, Where: []store.Where{
			{SQL: "space = ?", Args: []any{d.Space}}, {SQL: "owner = ?", Args: []any{d.Owner}},
			{SQL: "slug <> '' and slug = ?", Args: []any{text}}, {SQL: "id <> ?", Args: []any{d.ID}}}})
		if err != nil {
			return "", err
		}
		if same == 0 {
			return text, nil
		}
	}
}

// Slugify makes a name fit for a URL: lower-case letters, digits and dashes.
func Slugify(name string) string {
	var b strings.Builder
	dash := false
	for _, r := range strings.ToLower(name) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			if dash && b.Len() > 0 {
				b.WriteByte('-')
			}
			dash = false
			b.WriteRune(r)
			continue
		}
		dash = true
	}
	return b.String()
}

// Delete removes a resource. One that others use is not removed: the error
// names the users.
func (k *Kind[T]) Delete(tx *store.Tx, id string) error {
	r, err := k.Get(tx, id)
	if err != nil {
		return err
	}
	return k.Remove(tx, r)
}

// Remove is Delete for a resource that was read already.
func (k *Kind[T]) Remove(tx *store.Tx, r *T) error {
	if k.Deleting != nil {
		if err := k.Deleting(tx, r); err != nil {
			return err
		}
	}
	gone := *base(r).doc // which others may have been given too
	d := &gone
	users, err := tx.UsedBy(d.ID, 20)
	if err != nil {
		return err
	}
	if err := k.inUse(tx, d, users); err != nil {
		return err
	}
	if !k.Silent {
		what, err := k.title(tx, r, d)
		if err != nil {
			return err
		}
		d.Event = &store.Event{Category: "Deleted", Message: what + " was deleted", Related: k.related(r)}
	}
	return tx.Delete(d)
}

func (k *Kind[T]) inUse(tx *store.Tx, d *store.Document, users []store.User) error {
	var details []string
	for _, u := range users {
		if slices.Contains(k.Owned, u.Kind) {
			continue
		}
		name := u.ID
		places, err := tx.Lock([]string{u.ID})
		if err != nil {
			return err
		}
		if p := places[u.ID]; p.Name != "" {
			name = fmt.Sprintf("'%s' (%s)", p.Name, u.ID)
		}
		user := u.Kind
		if k, ok := Lookup(u.Kind); ok {
			user = k.Info().Singular
		}
		details = append(details, fmt.Sprintf("%s %s uses it as %s.", user, name, u.Field))
	}
	if details == nil {
		return nil
	}
	return &fault.Error{Code: fault.Invalid, Message: fmt.Sprintf("%s '%s' cannot be deleted because it is in use.", k.Singular, cmp.Or(d.Name, d.ID)), Details: details}
}

// GetAny, FindAny, PutAny and DeleteAny are Get, Find, Put and Delete for a
// caller that does not know the type.
func (k *Kind[T]) GetAny(tx *store.Tx, id string) (any, error) { return k.Get(tx, id) }

// FindAny is Find for a caller that does not know the type.
func (k *Kind[T]) FindAny(tx *store.Tx, space, what string) (any, error) {
	return k.Find(tx, space, what)
}

// PutAny is Put for a caller that does not know the type.
func (k *Kind[T]) PutAny(tx *store.Tx, resource any) error { return k.Put(tx, resource.(*T)) }

// DeleteAny is Delete for a caller that does not know the type.
func (k *Kind[T]) DeleteAny(tx *store.Tx, id string) error { return k.Delete(tx, id) }

// BaseOf gives the common members of any resource.
func BaseOf(resource any) *Base { return base(resource) }
