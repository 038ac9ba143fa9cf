package store

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/fault"
)

// Document is one stored resource. Data is JSON, kept to the letter.
type Document struct {
	Table   string // "document" when empty; high-volume kinds have their own
	Kind    string
	ID      string
	Space   string // "" for system documents
	Owner   string // the document within which Name is unique, "" for the space
	Name    string
	NameKey string // what makes the name unique; lower-case Name when empty
	Slug    string
	Version int64  // 0 to create; else the version that is replaced
	Shape   string // which form of the type wrote Data
	Data    []byte

	Created, Modified time.Time

	References []Reference
	Event      *Event // the audit event; nil only for what is no mutation a person made

	made *made // for all who are given the document from memory
}

// Reference says that a document names another in one of its members.
type Reference struct{ Field, Target string }

func (d *Document) table() string {
	switch d.Table {
	case "", "document":
		return "document"
	case "release", "deployment":
		return d.Table
	}
	panic("store: no table " + d.Table)
}

// key is what the name is unique by.
func (d *Document) key() string {
	if d.NameKey != "" {
		return d.NameKey
	}
	return strings.ToLower(d.Name)
}

// Put creates (Version 0) or replaces a document with its references, and
// appends its audit event. It sets Version and Modified. A stale Version is a
// Conflict; a reference to nothing and a name that is taken are Invalid.
func (t *Tx) Put(d *Document) error {
	t.changed(documentKey(d.table(), d.ID), d.Kind, nil) // until all of it is written
	now := time.Now().Truncate(time.Millisecond)
	d.Modified = now
	var err error
	if d.Version == 0 {
		if d.Created.IsZero() {
			d.Created = now
		}
		err = t.insert(d)
	} else {
		err = t.replace(d)
	}
	if err != nil {
		return err
	}
	if err := t.putReferences(d); err != nil {
		return err
	}
	t.changed(documentKey(d.table(), d.ID), d.Kind, d.asRead())
	if d.Event == nil {
		return nil
	}
	d.Event.Space, d.Event.Document = d.Space, d.ID
	return t.Append(d.Event)
}

func (t *Tx) insert(d *Document) error {
	_, err := t.exec("insert into "+d.table()+` (id, kind, space, owner, name, name_key, slug, version, shape, created, modified, data)
		values ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9, $10, $11)`,
		d.ID, d.Kind, d.Space, d.Owner, d.Name, d.key(), d.Slug, d.Shape, d.Created.UnixMilli(), d.Modified.UnixMilli(), string(d.Data))
	if Duplicate(err) {
		return fault.Wrap(fault.Conflict, err, "%s %s exists already", d.Kind, d.ID)
	}
	if err != nil {
		return fmt.Errorf("creating %s: %w", d.ID, err)
	}
	d.Version = 1
	return nil
}

func (t *Tx) replace(d *Document) error {
	n, err := t.exec("update "+d.table()+` set owner = $1, name = $2, name_key = $3, slug = $4, version = version + 1, shape = $5, modified = $6, data = $7
		where id = $8 and version = $9`,
		d.Owner, d.Name, d.key(), d.Slug, d.Shape, d.Modified.UnixMilli(), string(d.Data), d.ID, d.Version)
	if Duplicate(err) {
		return fault.Wrap(fault.Conflict, err, "the name %q is taken", d.Name)
	}
	if err != nil {
		return fmt.Errorf("changing %s: %w", d.ID, err)
	}
	if n == 0 {
		return fault.New(fault.Conflict, "%s was changed by somebody else in the meantime; read it again and repeat the change", d.ID)
	}
	d.Version++
	return nil
}

func (t *Tx) putReferences(d *Document) error {
	have := map[Reference]bool{}
	if d.Version > 1 {
		err := t.Query(func(scan func(...any) error) error {
			var r Reference
			if err := scan(&r.Field, &r.Target); err != nil {
				return err
			}
			have[r] = true
			return nil
		}, "select field, target from reference where source = $1", d.ID)
		if err != nil {
			return fmt.Errorf("reading the references of %s: %w", d.ID, err)
		}
	}
	var fresh []Reference
	for _, r := range d.References {
		if _, known := have[r]; !known {
			fresh = append(fresh, r)
		}
		have[r] = false
	}
	for some := range slices.Chunk(fresh, referencesAtOnce) {
		args, rows := []any{d.ID, d.Kind}, make([]string, len(some))
		for i, r := range some {
			rows[i] = fmt.Sprintf("($1, $2, $%d, $%d)", 3+2*i, 4+2*i)
			args = append(args, r.Field, r.Target)
		}
		text := "insert into reference (source, source_kind, field, target) values " + strings.Join(rows, ", ")
		if _, err := t.exec(text, args...); err != nil {
			return fmt.Errorf("recording what %s refers to: %w", d.ID, err)
		}
	}
	for r, stale := range have {
		if !stale {
			continue
		}
		if _, err := t.exec("delete from reference where source = $1 and field = $2 and target = $3", d.ID, r.Field, r.Target); err != nil {
			return fmt.Errorf("forgetting that %s refers to %s: %w", d.ID, r.Target, err)
		}
	}
	return nil
}

// referencesAtOnce is how many references one statement takes, so that few texts
// of it arise.
const referencesAtOnce = 8

// Place says what a document is and where.
type Place struct{ Kind, Space, Name string }

// Lock keeps other writers from deleting the documents until this unit ends
// and tells which of them exist. SQLite's single writer needs no lock.
func (t *Tx) Lock(ids []string) (map[string]Place, error) {
	suffix := ""
	if t.Engine() == PostgreSQL && t.tx != nil {
		suffix = " for key share"
	}
	ids = slices.Clone(ids)
	slices.Sort(ids) // one order for all, so that two units never wait for each other
	exist := map[string]Place{}
	for _, id := range slices.Compact(ids) {
		if t.Engine() == SQLite {
			d, err := t.Get(tableOf(id), id) // which remembers it
			if err != nil {
				return nil, err
			}
			if d != nil {
				exist[id] = Place{d.Kind, d.Space, d.Name}
			}
			continue
		}
		var p Place
		ok, err := t.QueryRow([]any{&p.Kind, &p.Space, &p.Name}, "select kind, space, name from "+tableOf(id)+" where id = $1"+suffix, id)
		if err != nil {
			return nil, fmt.Errorf("looking for %s: %w", id, err)
		}
		if ok {
			exist[id] = p
		}
	}
	return exist, nil
}

// Hold keeps other writers from beginning to refer to a document until this
// unit ends; whoever is about to delete it calls this before asking UsedBy.
func (t *Tx) Hold(id string) error {
	if t.Engine() != PostgreSQL || t.tx == nil {
		return nil // the only writer
	}
	var found string
	if _, err := t.QueryRow([]any{&found}, "select id from "+tableOf(id)+" where id = $1 for update", id); err != nil {
		return fmt.Errorf("holding %s: %w", id, err)
	}
	return nil
}

// tableOf gives the table that holds an id, by its prefix.
func tableOf(id string) string {
	switch {
	case strings.HasPrefix(id, "Releases-"):
		return "release"
	case strings.HasPrefix(id, "Deployments-"), strings.HasPrefix(id, "RunbookRuns-"):
		return "deployment"
	}
	return "document"
}

// User is a document that refers to another.
type User struct{ ID, Kind, Field string }

// UsedBy lists at most limit documents that refer to id.
func (t *Tx) UsedBy(id string, limit int) ([]User, error) {
	var users []User
	err := t.Query(func(scan func(...any) error) error {
		var u User
		if err := scan(&u.ID, &u.Kind, &u.Field); err != nil {
			return err
		}
		users = append(users, u)
		return nil
	}, "select source, source_kind, field from reference where target = $1 and source <> $1 order by source_kind, source limit $2", id, limit)
	if err != nil {
		return nil, fmt.Errorf("looking for users of %s: %w", id, err)
	}
	return users, nil
}

// Delete removes a document and its references and appends the event. What
// still refers to it is the caller's to check with UsedBy first.
func (t *Tx) Delete(d *Document) error {
	t.changed(documentKey(d.table(), d.ID), d.Kind, nil)
	n, err := t.exec("delete from "+d.table()+" where id = $1", d.ID)
	if err != nil {
		return fmt.Errorf("deleting %s: %w", d.ID, err)
	}
	if n == 0 {
		return fault.New(fault.NotFound, "%s does not exist", d.ID)
	}
	if _, err := t.exec("delete from reference where source = $1", d.ID); err != nil {
		return fmt.Errorf("deleting the references of %s: %w", d.ID, err)
	}
	if d.Event == nil {
		return nil
	}
	d.Event.Space, d.Event.Document = d.Space, d.ID
	return t.Append(d.Event)
}

const columns = "id, kind, space, owner, name, name_key, slug, version, shape, created, modified, data"

func scanDocument(table string, scan func(...any) error) (*Document, error) {
	d := Document{Table: table}
	var created, modified int64
	var data string
	if err := scan(&d.ID, &d.Kind, &d.Space, &d.Owner, &d.Name, &d.NameKey, &d.Slug, &d.Version, &d.Shape, &created, &modified, &data); err != nil {
		return nil, err
	}
	d.Data = []byte(data)
	if d.NameKey == strings.ToLower(d.Name) {
		d.NameKey = "" // it follows the name
	}
	d.Created, d.Modified = time.UnixMilli(created).UTC(), time.UnixMilli(modified).UTC()
	return &d, nil
}

// Get reads one document by id; nil when there is none. Others may be given the
// same one, so nothing of it may be changed.
func (t *Tx) Get(table, id string) (*Document, error) {
	var d *Document
	name := (&Document{Table: table}).table()
	if name == (&Document{}).table() {
		table = "" // the one name that is left out
	}
	key := documentKey(name, id)
	if known, ok := t.recall(key); ok {
		return known.(*Document), nil
	}
	err := t.Query(func(scan func(...any) error) (err error) {
		d, err = scanDocument(table, scan)
		return err
	}, "select "+columns+" from "+name+" where id = $1", id)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", id, err)
	}
	if d != nil {
		d.made = &made{}
		t.remember(key, "", d, memoParsed*len(d.Data))
	}
	return d, nil
}

// Where is a condition of a Query: portable SQL on the columns of document in
// which each ? stands for one of Args.
type Where struct {
	SQL  string
	Args []any
}

// Query asks for documents of one kind.
type Query struct {
	Table   string
	Kind    string
	Where   []Where
	OrderBy string // SQL; "name_key, id" when empty
	Skip    int
	Take    int // 0 means all
}

// build gives the text after "from table" without order and limits. The kind is
// written as a literal, so that partial indexes apply.
func (q *Query) build() (string, []any) {
	var b strings.Builder
	var args []any
	b.WriteString(" where kind = '" + q.Kind + "'")
	for _, w := range q.Where {
		b.WriteString(" and (")
		parts := strings.Split(w.SQL, "?")
		for i, part := range parts {
			b.WriteString(part)
			if i < len(parts)-1 {
				args = append(args, w.Args[i])
				fmt.Fprintf(&b, "$%d", len(args))
			}
		}
		b.WriteString(")")
	}
	return b.String(), args
}

// listing gives the text that selects columns of what a query asks for.
func (q *Query) listing(columns string) (text string, args []any) {
	where, args := q.build()
	order := q.OrderBy
	if order == "" {
		order = "name_key, id"
	}
	text = "select " + columns + " from " + (&Document{Table: q.Table}).table() + where + " order by " + order
	if q.Take > 0 || q.Skip > 0 {
		take := q.Take
		if take <= 0 {
			take = 1<<31 - 1
		}
		args = append(args, take, q.Skip)
		text += fmt.Sprintf(" limit $%d offset $%d", len(args)-1, len(args))
	}
	return text, args
}

// Find reads the documents a query asks for.
func (t *Tx) Find(q Query) ([]*Document, error) {
	var found []*Document
	text, args := q.listing(columns)
	err := t.Query(func(scan func(...any) error) error {
		d, err := scanDocument(q.Table, scan)
		if err != nil {
			return err
		}
		found = append(found, d)
		return nil
	}, text, args...)
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", q.Kind, err)
	}
	return found, nil
}

// Count says how many documents a query asks for, Skip and Take aside.
func (t *Tx) Count(q Query) (int, error) {
	if is, ok := q.tallied(); ok {
		return t.Tally(is)
	}
	where, args := q.build()
	n := 0
	_, err := t.QueryRow([]any{&n}, "select count(*) from "+(&Document{Table: q.Table}).table()+where, args...)
	if err != nil {
		return 0, fmt.Errorf("counting %s: %w", q.Kind, err)
	}
	return n, nil
}

// Index makes a member of a kind's documents quick to find by. It may be called
// at each start. Kinds with a table of their own have many documents: theirs are
// found in the order of time, and counted without their rows, which are wide.
func (t *Tx) Index(table, kind, member string) error {
	name, suffix, order := (&Document{Table: table}).table(), "", ""
	if name != "document" {
		suffix, order = "_counted", ", created, id, space"
	}
	err := t.define(fmt.Sprintf(`create index if not exists %s_%s_%s%s on %s ((data ->> '%s')%s) where kind = '%s'`,
		name, strings.ToLower(kind), strings.ToLower(member), suffix, name, member, order, kind))
	if err != nil {
		return fmt.Errorf("indexing %s of %s: %w", member, kind, err)
	}
	return nil
}

// IndexOrder makes the lists of a kind quick to page through in an order of
// their own. It may be called at each start.
func (t *Tx) IndexOrder(table, kind, order string) error {
	name := (&Document{Table: table}).table()
	if err := t.define(fmt.Sprintf(`create index if not exists %s_%s_by_order on %s (space, %s) where kind = '%s'`, name, strings.ToLower(kind), name, order, kind)); err != nil {
		return fmt.Errorf("indexing the order of %s: %w", kind, err)
	}
	return nil
}
