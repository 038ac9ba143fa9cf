package kind

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
)

// Query asks for resources of one type.
type Query struct {
	Space       string // "" is the system
	AnySpace    bool
	IDs         []string
	PartialName string
	Name        string
	Match       map[string]string   // a declared filter or other member to its value
	Refer       map[string][]string // a reference member to ids, of which it holds at least one
	Only        map[string][]string // member or "Id" to allowed ids: what the reader may see
	Where       []store.Where
	OrderBy     string
	Skip, Take  int // Take 0 means all
}

// narrow reports whether the query wants some value of a member, which has an
// index where a kind has a table of its own.
func (q *Query) narrow() bool {
	return len(q.Match) > 0 || slices.ContainsFunc(q.Where, func(w store.Where) bool { return strings.HasPrefix(w.SQL, "data ->> ") })
}

func (k *Kind[T]) query(q Query) store.Query {
	sq := store.Query{Table: k.Table, Kind: k.Plural, Where: q.Where, OrderBy: q.OrderBy, Skip: q.Skip, Take: q.Take}
	if sq.OrderBy == "" {
		sq.OrderBy = k.Order
	}
	and := func(sql string, args ...any) { sq.Where = append(sq.Where, store.Where{SQL: sql, Args: args}) }
	switch {
	case q.AnySpace:
	case k.Table != "" && q.narrow():
		// Of the many in the space, the member finds few: SQLite, which does not
		// know that, must not go by the index of spaces.
		and("coalesce(space, '') = ?", q.Space)
	default:
		and("space = ?", q.Space)
	}
	if len(q.IDs) > 0 {
		and("id in ("+marks(len(q.IDs))+")", anys(q.IDs)...)
	}
	if q.PartialName != "" {
		and(`name_key like ? escape '!'`, "%"+escapeLike(strings.ToLower(q.PartialName))+"%")
	}
	if q.Name != "" {
		and("lower(name) = ?", strings.ToLower(q.Name))
	}
	for member, value := range q.Match {
		m, ok := k.form.named(member)
		if !ok {
			continue
		}
		column := "data ->> '" + m.name + "'"
		if t := reflect.TypeFor[T]().FieldByIndex(m.index).Type.Kind(); t == reflect.Bool || t == reflect.Int {
			// The engines differ in what ->> makes of these.
			column, value = "cast(data -> '"+m.name+"' as text)", strings.ToLower(value)
		}
		and(column+" = ?", value)
	}
	for member, ids := range q.Refer {
		and("exists (select 1 from reference r where r.source = id and r.field = ? and r.target in ("+marks(len(ids))+"))", append([]any{member}, anys(ids)...)...)
	}
	for member, ids := range q.Only {
		switch {
		case len(ids) == 0:
			and("1 = 0")
		case member == "Id":
			and("id in ("+marks(len(ids))+")", anys(ids)...)
		default:
			and("exists (select 1 from reference r where r.source = id and r.field = ? and r.target in ("+marks(len(ids))+"))", append([]any{member}, anys(ids)...)...)
		}
	}
	return sq
}

// marks rounds up to a power of two, so that lists of many lengths share few
// prepared statements; anys pads to match.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", roundUp(n)), ", ") }

func anys(values []string) []any {
	all := make([]any, roundUp(len(values)))
	for i := range all {
		all[i] = values[min(i, len(values)-1)]
	}
	return all
}

func roundUp(n int) int {
	p := 1
	for p < n {
		p *= 2
	}
	return p
}

func escapeLike(s string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(s)
}

// decode reads a stored document.
func (k *Kind[T]) decode(d *store.Document) (*T, error) {
	r := new(T)
	if err := json.Unmarshal(d.Data, r); err != nil {
		return nil, fmt.Errorf("decoding %s: %w", d.ID, err)
	}
	base(r).doc = d
	return r, nil
}

// Parse reads a resource back from the wire form that the server itself gave.
func (k *Kind[T]) Parse(wire []byte) (any, error) {
	r := new(T)
	if err := json.Unmarshal(wire, r); err != nil {
		return nil, fmt.Errorf("reading a %s back: %w", k.Singular, err)
	}
	return r, nil
}

// Get reads a resource by id; one that is not there is a NotFound error.
func (k *Kind[T]) Get(tx *store.Tx, id string) (*T, error) {
	d, err := tx.Get(k.Table, id)
	if err != nil {
		return nil, err
	}
	if d == nil || d.Kind != k.Plural {
		return nil, k.Missing(id)
	}
	return k.decode(d)
}

// GetIn is Get for a resource of a space: one of another is not there.
func (k *Kind[T]) GetIn(tx *store.Tx, space, id string) (*T, error) {
	r, err := k.Get(tx, id)
	if err == nil && base(r).SpaceID != space {
		return nil, k.Missing(id)
	}
	return r, err
}

// Missing is what is said of a resource that is not there, or that somebody must
// not know of: nobody can tell the one from the other.
func (k *Kind[T]) Missing(what string) error {
	return fault.New(fault.NotFound, "The resource '%s' was not found: there is no %s with that id, slug or name here.", what, strings.ToLower(k.Singular))
}

// find reads a document by id, slug or name, tried in this order.
func (k *Kind[T]) find(tx *store.Tx, space, what string) (*store.Document, error) {
	d, err := tx.Get(k.Table, what)
	if err != nil {
		return nil, err
	}
	if d != nil && d.Kind == k.Plural && (d.Space == space || d.Space == "" || k.System) {
		return d, nil
	}
	for _, where := range []store.Where{{SQL: "slug <> '' and slug = ?", Args: []any{strings.ToLower(what)}}, {SQL: "name_key = ?", Args: []any{strings.ToLower(what)}}, {SQL: "lower(id) = ?", Args: []any{strings.ToLower(what)}}} {
		found, err := tx.Find(store.Query{Table: k.Table, Kind: k.Plural, Take: 1, Where: []store.Where{where, {SQL: "space = ?", Args: []any{space}}}})
		if err != nil {
			return nil, err
		}
		if len(found) == 1 {
			return found[0], nil
		}
	}
	return nil, nil
}

// Find reads a resource by id, slug or name; one that is not there is NotFound.
func (k *Kind[T]) Find(tx *store.Tx, space, idOrSlugOrName string) (*T, error) {
	d, err := k.find(tx, space, idOrSlugOrName)
	if err != nil {
		return nil, err
	}
	if d == nil {
		return nil, k.Missing(idOrSlugOrName)
	}
	return k.decode(d)
}

// List reads a page of resources and counts all that the query asks for.
func (k *Kind[T]) List(tx *store.Tx, q Query) ([]*T, int, error) {
	docs, total, err := k.list(tx, q)
	if err != nil {
		return nil, 0, err
	}
	all := make([]*T, len(docs))
	for i, d := range docs {
		if all[i], err = k.decode(d); err != nil {
			return nil, 0, err
		}
	}
	return all, total, nil
}

func (k *Kind[T]) list(tx *store.Tx, q Query) ([]*store.Document, int, error) {
	sq := k.query(q)
	docs, err := tx.Find(sq)
	if err != nil {
		return nil, 0, err
	}
	if q.Skip == 0 && (q.Take <= 0 || len(docs) < q.Take) {
		return docs, len(docs), nil
	}
	total, err := tx.Count(sq)
	return docs, total, err
}

// Listed gives the ids and versions of what List would give.
func (k *Kind[T]) Listed(tx *store.Tx, q Query) ([]store.Version, error) {
	return tx.Listed(k.query(q))
}

// ListRaw is List in wire form.
func (k *Kind[T]) ListRaw(tx *store.Tx, q Query) ([][]byte, int, error) {
	docs, total, err := k.list(tx, q)
	if err != nil {
		return nil, 0, err
	}
	items := make([][]byte, len(docs))
	for i, d := range docs {
		if items[i], err = k.raw(d); err != nil {
			return nil, 0, err
		}
	}
	return items, total, nil
}

// FindRaw is Find in wire form, with the document it came from.
func (k *Kind[T]) FindRaw(tx *store.Tx, space, idOrSlugOrName string) ([]byte, *store.Document, error) {
	d, err := k.find(tx, space, idOrSlugOrName)
	if err != nil {
		return nil, nil, err
	}
	if d == nil {
		return nil, nil, k.Missing(idOrSlugOrName)
	}
	raw, err := k.raw(d)
	return raw, d, err
}

func (k *Kind[T]) raw(d *store.Document) ([]byte, error) {
	if d.Shape == k.form.shape && !k.form.secret {
		return d.Data, nil
	}
	r, err := k.decode(d)
	if err != nil {
		return nil, err
	}
	return k.encodeWire(r)
}

func (k *Kind[T]) encodeWire(r *T) ([]byte, error) {
	k.link(r)
	k.fill(r)
	if k.form.secret {
		forWire(r, false)
		if k.Outgoing != nil {
			k.Outgoing(r)
		}
	}
	return encode(r)
}

// Wire gives the wire form of a resource, which it leaves as it is.
func (k *Kind[T]) Wire(tx *store.Tx, resource any) ([]byte, error) {
	data, err := encode(resource)
	if err != nil {
		return nil, err
	}
	c := new(T)
	if err := json.Unmarshal(data, c); err != nil {
		return nil, fmt.Errorf("copying a resource: %w", err)
	}
	return k.encodeWire(c)
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encoding %T: %w", v, err)
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// fill makes absent lists and maps empty ones: clients iterate over them.
func (k *Kind[T]) fill(r *T) { fill(reflect.ValueOf(r).Elem(), k.form) }

func fill(v reflect.Value, f *form) {
	for _, m := range f.members {
		fv := v.FieldByIndex(m.index)
		switch fv.Kind() {
		case reflect.Slice:
			if fv.IsNil() {
				fv.Set(reflect.MakeSlice(fv.Type(), 0, 0))
			}
			if m.nested != nil {
				for i := range fv.Len() {
					if e := reflect.Indirect(fv.Index(i)); e.IsValid() {
						fill(e, m.nested)
					}
				}
			}
		case reflect.Map:
			if fv.IsNil() {
				fv.Set(reflect.MakeMap(fv.Type()))
			}
		case reflect.Struct:
			if m.nested != nil {
				fill(fv, m.nested)
			}
		case reflect.Pointer:
			if m.nested != nil && !fv.IsNil() {
				fill(fv.Elem(), m.nested)
			}
		}
	}
}

// SelfPath is the path of a resource, as in its link Self. What belongs to the
// system has its path there even when it also names a space.
func (k *Kind[T]) SelfPath(space, id string) string {
	if k.System {
		space = ""
	}
	return spacePath(space) + "/" + k.Path + "/" + id
}

func spacePath(space string) string {
	if space == "" {
		return "/api"
	}
	return "/api/" + space
}

// link writes the links of a resource; none depends on anything but its members.
func (k *Kind[T]) link(r *T) {
	b := base(r)
	self := k.SelfPath(b.SpaceID, b.ID)
	b.Links = map[string]string{"Self": self}
	for name, path := range k.Links {
		path = k.expand(r, path)
		if path == "" {
			continue
		}
		switch path[0] {
		case '.':
			path = self + path[1:]
		case '~':
			path = spacePath(b.SpaceID) + path[1:]
		}
		b.Links[name] = path
	}
}

// expand puts members' values in place of <Member>; a link whose member is
// empty is left out.
func (k *Kind[T]) expand(r *T, path string) string {
	for {
		start := strings.IndexByte(path, '<')
		if start < 0 {
			return path
		}
		end := start + strings.IndexByte(path[start:], '>')
		v := k.form.member(reflect.ValueOf(r).Elem(), path[start+1:end])
		text := ""
		if v.IsValid() {
			if all := texts(v); len(all) > 0 {
				text = all[0]
			}
		}
		if text == "" {
			return ""
		}
		path = path[:start] + text + path[end+1:]
	}
}
