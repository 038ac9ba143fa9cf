package kind_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store"
)

// A Shelf holds books and goes by its name.
type Shelf struct {
	kind.Named
	Colour string `json:"Colour" kind:"enum=Red|Green"`
	Size   string `json:"Size" kind:"default=Large,max=5"`
}

// A Book stands on a shelf and is called by its title.
type Book struct {
	kind.Base
	Title    string          `json:"Title" kind:"required"`
	ShelfID  string          `json:"ShelfId" kind:"ref=Shelves,filter,within=project"`
	Seller   string          `json:"Seller" kind:"ref=Shelves?"`
	Stamp    string          `json:"Stamp" kind:"readonly"`
	Edition  int             `json:"Edition" kind:"version"`
	Code     *kind.Sensitive `json:"Code"`
	Chapters []Chapter       `json:"Chapters"`
	Notes    map[string]kind.Property
	Inputs   any
}

// A Chapter is a part of a book.
type Chapter struct {
	ID   string          `json:"Id"`
	Key  *kind.Sensitive `json:"Key,omitempty"`
	Tags []string        `json:"Tags"`
}

var done []string

var shelves = kind.Register(kind.Kind[Shelf]{
	Plural: "Shelves", Singular: "Shelf", Links: map[string]string{"Books": "./books{?skip}", "Room": "~/rooms/<Colour>", "None": "~/x/<Missing>"},
	Created: func(*store.Tx, *Shelf) error { done = append(done, "created"); return nil },
	Changed: func(_ *store.Tx, now, old *Shelf) error {
		done = append(done, old.Name+" became "+now.Name)
		return nil
	},
	Deleting: func(*store.Tx, *Shelf) error { done = append(done, "deleting"); return nil },
})

var books = kind.Register(kind.Kind[Book]{
	Plural: "Books", Title: "Title", Owner: func(b *Book) string { return b.ShelfID },
	Key:    func(b *Book) string { return strings.ReplaceAll(strings.ToLower(b.Title), " ", "") },
	Frozen: func(b *Book) bool { return strings.HasSuffix(b.ID, "-copy") },
	Rules: func(_ *store.Tx, next, _ *Book, c *fault.Complaints) error {
		next.Stamp = "stamped " + next.ID
		if next.Title == "forbidden" {
			c.Add("That one is forbidden.")
		}
		return nil
	},
	Outgoing: func(b *Book) { b.Seller = "" },
})

func open(t *testing.T) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.Key = secret.NewKey()
	if err := kind.Prepare(db); err != nil {
		t.Fatal(err)
	}
	return db
}

func post[T any](db *store.DB, k *kind.Kind[T], body string) (made *T, err error) {
	return made, db.Do(context.Background(), func(tx *store.Tx) error {
		r, err := k.Decode([]byte(body))
		if err != nil {
			return err
		}
		made = r.(*T)
		kind.BaseOf(made).SpaceID = "Spaces-1"
		return k.Put(tx, made)
	})
}

func patch[T any](db *store.DB, k *kind.Kind[T], id, body string) (r *T, err error) {
	return r, db.Do(context.Background(), func(tx *store.Tx) error {
		if r, err = k.Get(tx, id); err != nil {
			return err
		}
		if err := k.Merge([]byte(body), r); err != nil {
			return err
		}
		return k.Put(tx, r)
	})
}

func must[T any](t *testing.T) func(*T, error) *T {
	return func(r *T, err error) *T {
		t.Helper()
		if err != nil {
			t.Fatal(words(err))
		}
		return r
	}
}

func words(err error) string {
	if f := (*fault.Error)(nil); errors.As(err, &f) {
		return f.Message + " " + strings.Join(f.Details, " ")
	}
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestComplaints(t *testing.T) {
	db := open(t)
	must[Shelf](t)(post(db, shelves, `{"Name":"Old"}`))
	tests := map[string]struct{ body, want string }{
		"nothing":      {``, "no body"},
		"null":         {" null\n", "null cannot be read as an object"},
		"line break":   {`{"Name":"a\nb"}`, `Name must not have line breaks, tabs or other control characters: it is "a\nb".`},
		"tab":          {`{"Name":"a\tb"}`, "control characters"},
		"bell":         {`{"Name":"a\u0007b"}`, "control characters"},
		"separator":    {`{"Name":"a\u2028b"}`, "control characters"},
		"no JSON":      {"{\n]", "at byte 3 (line 2, column 1)"},
		"wrong type":   {`{"Name":1}`, "Name: a JSON number cannot be read as a text"},
		"blank":        {`{"Name":"  "}`, "Name must not be empty."},
		"too long":     {`{"Name":"A","Size":"Enormous"}`, "at most 5 characters"},
		"enum":         {`{"Name":"A","Colour":"Blue"}`, "not one of Red, Green"},
		"all together": {`{"Name":"","Colour":"Blue"}`, "Name must not be empty. Colour"},
		"taken":        {`{"Name":" old "}`, "already in use by shelf Shelves-1"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := post(db, shelves, test.body); !fault.Is(err, fault.Invalid) || !strings.Contains(words(err), test.want) {
				t.Errorf("want %q, got %q", test.want, words(err))
			}
		})
	}
}

func TestLife(t *testing.T) {
	db := open(t)
	done = nil
	s := must[Shelf](t)(post(db, shelves, `{"Id":"Shelves-77","Name":" Upper shelf ","slug":"","COLOUR":"green","Links":{"Self":"x"},"Other":{}}`))
	want := map[string]string{"Self": "/api/Spaces-1/shelves/Shelves-1", "Books": "/api/Spaces-1/shelves/Shelves-1/books{?skip}", "Room": "/api/Spaces-1/rooms/Green"}
	if diff := cmp.Diff(want, s.Links); diff != "" {
		t.Error(diff)
	}
	if s.ID != "Shelves-1" || s.Name != "Upper shelf" || s.Slug != "upper-shelf" || s.Size != "Large" || s.Colour != "Green" {
		t.Errorf("made %+v", s)
	}
	if same := must[Shelf](t)(post(db, shelves, `{"Name":"Upper-shelf"}`)); same.Slug != "upper-shelf-1" {
		t.Errorf("the slug is %q", same.Slug)
	}
	changed := must[Shelf](t)(patch(db, shelves, s.ID, `{"Name":"Lower"}`))
	if changed.Colour != "Green" || changed.Revision() != 2 {
		t.Errorf("changed to %+v", changed)
	}
	if err := db.Do(context.Background(), func(tx *store.Tx) error { return shelves.Put(tx, s) }); !fault.Is(err, fault.Conflict) {
		t.Errorf("a stale one: %v", err)
	}
	b := must[Book](t)(post(db, books, `{"Title":"Sea","ShelfId":"Shelves-1","Seller":"Shelves-9"}`))
	err := db.Do(context.Background(), func(tx *store.Tx) error { return shelves.Delete(tx, s.ID) })
	if !strings.Contains(words(err), "Book 'Sea' (Books-1) uses it as ShelfId") {
		t.Errorf("deleting what is in use: %s", words(err))
	}
	if err := db.Do(context.Background(), func(tx *store.Tx) error {
		if err := books.Delete(tx, b.ID); err != nil {
			return err
		}
		return shelves.Delete(tx, s.ID)
	}); err != nil {
		t.Error(words(err))
	}
	if diff := cmp.Diff([]string{"created", "created", "Upper shelf became Lower", "deleting", "deleting"}, done); diff != "" {
		t.Error(diff)
	}
}

func TestTitleKeyAndVersion(t *testing.T) {
	db := open(t)
	must[Shelf](t)(post(db, shelves, `{"Name":"A"}`))
	must[Shelf](t)(post(db, shelves, `{"Name":"B"}`))
	b := must[Book](t)(post(db, books, `{"Title":"The Sea","ShelfId":"Shelves-1","Stamp":"mine"}`))
	if b.Stamp != "stamped Books-1" {
		t.Errorf("stamp %q", b.Stamp)
	}
	if _, err := post(db, books, `{"Title":"thesea","ShelfId":"Shelves-1"}`); !strings.Contains(words(err), "The title 'thesea' is already in use") {
		t.Errorf("the same key: %s", words(err))
	}
	must[Book](t)(post(db, books, `{"Title":"thesea","ShelfId":"Shelves-2"}`))
	for body, want := range map[string]string{
		`{"Title":"x","ShelfId":"Shelves-9"}`: "ShelfId refers to 'Shelves-9', which does not exist in space Spaces-1",
		`{"Title":"x","ShelfId":"Books-1"}`:   "does not exist",
		`{"Title":"forbidden"}`:               "forbidden",
	} {
		if _, err := post(db, books, body); !strings.Contains(words(err), want) {
			t.Errorf("%s: %s", body, words(err))
		}
	}
	must[Book](t)(patch(db, books, b.ID, `{"Edition":0,"Title":"Ocean"}`))
	if _, err := patch(db, books, b.ID, `{"Edition":0}`); !fault.Is(err, fault.Conflict) {
		t.Errorf("a stale edition: %v", err)
	}
}

func TestFrozen(t *testing.T) {
	db := open(t)
	frozen := &Book{Title: "forbidden", ShelfID: "Shelves-404"}
	frozen.ID, frozen.SpaceID = "Books-1-copy", "Spaces-1"
	if err := db.Do(context.Background(), func(tx *store.Tx) error { return books.Put(tx, frozen) }); err != nil {
		t.Fatal(words(err))
	}
	if _, err := patch(db, books, frozen.ID, `{"Title":"x"}`); !fault.Is(err, fault.Invalid) {
		t.Errorf("changing it: %v", err)
	}
}

func TestSecrets(t *testing.T) {
	db := open(t)
	must[Shelf](t)(post(db, shelves, `{"Name":"A"}`))
	b := must[Book](t)(post(db, books, `{"Title":"T","Code":{"HasValue":true,"NewValue":"c0de"},"Chapters":[{"Id":"one","Key":{"HasValue":true,"NewValue":"k3y"}}],"Notes":{"a":"plain","b":{"HasValue":true,"NewValue":"n0te"}}}`))
	look := func() (code, key, note string) {
		err := db.View(context.Background(), func(tx *store.Tx) (err error) {
			b, err := books.Get(tx, b.ID)
			if err != nil {
				return err
			}
			code, _ = b.Code.Open(tx)
			note, _ = b.Notes["b"].Secret.Open(tx)
			for _, c := range b.Chapters {
				if c.ID == "one" {
					key, err = c.Key.Open(tx)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return code, key, note
	}
	var raw []byte
	err := db.View(context.Background(), func(tx *store.Tx) (err error) {
		raw, _, err = books.FindRaw(tx, "Spaces-1", "t")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"c0de", "k3y", "n0te", "Sealed", "Mark"} {
		if strings.Contains(string(raw), secret) {
			t.Errorf("the wire has %q: %s", secret, raw)
		}
	}
	tests := []struct{ name, body, code, key, note string }{
		{"sent back whole", string(raw), "c0de", "k3y", "n0te"},
		{"left out", `{"Edition":1}`, "c0de", "k3y", "n0te"},
		{"moved in its list", `{"Edition":2,"Chapters":[{"Id":"zero"},{"Id":"one","Key":{"HasValue":true}}]}`, "c0de", "k3y", "n0te"},
		{"replaced", `{"Edition":3,"Code":{"HasValue":true,"NewValue":"n3w"}}`, "n3w", "k3y", "n0te"},
		{"forged", `{"Edition":4,"Notes":{"b":{"HasValue":true,"Sealed":"x","Mark":"y"}}}`, "n3w", "k3y", "n0te"},
		{"cleared", `{"Edition":5,"Code":{"HasValue":false},"Notes":{}}`, "", "k3y", ""},
	}
	for _, test := range tests {
		must[Book](t)(patch(db, books, b.ID, test.body))
		code, key, note := look()
		if diff := cmp.Diff([]string{test.code, test.key, test.note}, []string{code, key, note}); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

// TestSecretsInLooseValues keeps and seals what looks like a sensitive value
// where clients send what they like.
func TestSecretsInLooseValues(t *testing.T) {
	db := open(t)
	must[Shelf](t)(post(db, shelves, `{"Name":"A"}`))
	b := must[Book](t)(post(db, books, `{"Title":"Loose","Inputs":{"plain":"open","deep":[{"word":{"HasValue":true,"NewValue":"w0rd"}}]}}`))
	word := func() any {
		var inputs any
		err := db.View(context.Background(), func(tx *store.Tx) error {
			b, err := books.Get(tx, b.ID)
			inputs = b.Inputs
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return inputs.(map[string]any)["deep"].([]any)[0].(map[string]any)["word"]
	}
	first := word().(map[string]any)
	if sealed, _ := first["Sealed"].(string); sealed == "" || first["NewValue"] != nil {
		t.Errorf("at rest: %v", first)
	}
	raw, err := func() (raw []byte, err error) {
		return raw, db.View(context.Background(), func(tx *store.Tx) (err error) {
			raw, _, err = books.FindRaw(tx, "Spaces-1", "loose")
			return err
		})
	}()
	if err != nil || !strings.Contains(string(raw), `"plain":"open"`) || !strings.Contains(string(raw), `"word":{"HasValue":true,"NewValue":null}`) {
		t.Errorf("on the wire: %s (%v)", raw, err)
	}
	for _, body := range []string{string(raw), `{"Edition":1,"Inputs":{"deep":[{"word":{"HasValue":true}}]}}`} {
		must[Book](t)(patch(db, books, b.ID, body))
		if diff := cmp.Diff(any(first), word()); diff != "" {
			t.Errorf("sent back as %s: %s", body, diff)
		}
	}
	must[Book](t)(patch(db, books, b.ID, `{"Edition":2,"Inputs":{"deep":[{"word":{"HasValue":false,"NewValue":null}}]}}`))
	if got := word().(map[string]any); got["HasValue"] != false || got["Sealed"] != nil {
		t.Errorf("cleared: %v", got)
	}
}

func TestOutgoingAndLists(t *testing.T) {
	db := open(t)
	must[Shelf](t)(post(db, shelves, `{"Name":"A"}`))
	for _, title := range []string{"One", "Two", "Three"} {
		must[Book](t)(post(db, books, `{"Title":"`+title+`","ShelfId":"Shelves-1","Seller":"Shelves-1"}`))
	}
	tests := map[string]struct {
		query kind.Query
		want  []string
		total int
	}{
		"all":      {kind.Query{}, []string{"One", "Three", "Two"}, 3},
		"page":     {kind.Query{Skip: 1, Take: 1}, []string{"Three"}, 3},
		"ids":      {kind.Query{IDs: []string{"Books-3", "Books-9", "Books-1"}}, []string{"One", "Three"}, 2},
		"partial":  {kind.Query{PartialName: "E"}, []string{"One", "Three"}, 2},
		"joker":    {kind.Query{PartialName: "%"}, nil, 0},
		"filter":   {kind.Query{Match: map[string]string{"shelfid": "Shelves-1"}, Name: "two"}, []string{"Two"}, 1},
		"referred": {kind.Query{Refer: map[string][]string{"ShelfId": {"Shelves-2", "Shelves-1"}}}, []string{"One", "Three", "Two"}, 3},
		"nothing":  {kind.Query{Only: map[string][]string{"ShelfId": nil}}, nil, 0},
		"allowed":  {kind.Query{Only: map[string][]string{"Id": {"Books-2"}}}, []string{"Two"}, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.query.Space = "Spaces-1"
			var got []string
			var total int
			err := db.View(context.Background(), func(tx *store.Tx) error {
				items, n, err := books.ListRaw(tx, test.query)
				total = n
				for _, item := range items {
					var b Book
					if err := json.Unmarshal(item, &b); err != nil {
						return err
					}
					if b.Seller != "" || b.Chapters == nil {
						t.Errorf("the wire has %s", item)
					}
					got = append(got, b.Title)
				}
				return err
			})
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil || total != test.total {
				t.Errorf("%s, total %d, %v", diff, total, err)
			}
		})
	}
	var raw []byte
	err := db.View(context.Background(), func(tx *store.Tx) (err error) {
		raw, _, err = books.FindRaw(tx, "Spaces-2", "Books-1")
		return err
	})
	if !fault.Is(err, fault.NotFound) {
		t.Errorf("another space's: %s, %v", raw, err)
	}
	if w := books.Within(&Book{ShelfID: "x"}); !cmp.Equal(w.Projects, []string{"x"}) {
		t.Errorf("within %+v", w)
	}
}

// TestNullEmptiesNothing sends null where a resource belongs: what is there stays.
func TestNullEmptiesNothing(t *testing.T) {
	db := open(t)
	made := must[Shelf](t)(post(db, shelves, `{"Name":" Old\n","Colour":"Green"}`))
	for name, read := range map[string]func([]byte, any) error{"merge": shelves.Merge, "replace": shelves.Replace} {
		now := *made
		if err := read([]byte("null"), &now); !fault.Is(err, fault.Invalid) || !strings.Contains(words(err), "null cannot be read as an object") {
			t.Errorf("%s: %v", name, err)
		}
		if now.Name != "Old" || now.Colour != "Green" {
			t.Errorf("%s left %+v", name, now)
		}
	}
}
