package store

import (
	"fmt"
	"strings"
)

// watched are the tables of which is known when they were written to, as it is
// of the documents of a kind.
var watched = [...]string{"task", "standing"}

// watchedIn says which watched tables a statement writes to, or reads.
func watchedIn(text string) (tables uint8) {
	for _, verb := range []string{"into ", "update ", "from "} {
		for _, rest, found := strings.Cut(text, verb); found; _, rest, found = strings.Cut(rest, verb) {
			rest = strings.TrimLeft(rest, "\" \t\n")
			end := strings.IndexAny(rest, "\" \t\n(")
			if end < 0 {
				end = len(rest)
			}
			for i, table := range watched {
				if rest[:end] == table {
					tables |= 1 << i
				}
			}
		}
	}
	return tables
}

// Mark stands for a state of the documents of some kinds, and of the tables
// "task" and "standing" where they are named: what a unit has read of them
// after it took its mark is still so for a unit that is given the same. On
// PostgreSQL, where other nodes write, every commit makes another mark. That
// another process writes to SQLite's file is noticed within a second of the
// next reading of documents. A unit that writes has no mark, nor has one that
// has read before: what it reads may be older than the mark.
func (t *Tx) Mark(of ...string) (string, error) {
	if t.Writable() || t.reads > 0 || t.pooled {
		return "", nil
	}
	m := t.db.memory
	if m == nil {
		var mark string
		if _, err := t.QueryRow([]any{&mark}, "select cast(txid_current_snapshot() as text)"); err != nil {
			return "", fmt.Errorf("finding the state of the database: %w", err)
		}
		return mark, nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var b strings.Builder
	fmt.Fprint(&b, "lost ", m.lost)
	for _, kind := range of {
		fmt.Fprint(&b, " ", m.kinds[kind])
	}
	return b.String(), nil
}

// Version says which version of a document is stored.
type Version struct {
	ID      string
	Version int64
}

// Listed is Find for who wants to know only which documents there are, and in
// which versions.
func (t *Tx) Listed(q Query) (found []Version, err error) {
	text, args := q.listing("id, version")
	err = t.Query(func(scan func(...any) error) error {
		var v Version
		err := scan(&v.ID, &v.Version)
		found = append(found, v)
		return err
	}, text, args...)
	if err != nil {
		return nil, fmt.Errorf("listing the versions of %s: %w", q.Kind, err)
	}
	return found, nil
}

// Versions tells documents of some kinds apart: it is equal for two states of
// the database only if these documents are.
func (t *Tx) Versions(space string, kinds ...string) (string, error) {
	var all strings.Builder
	for _, kind := range kinds {
		err := t.Query(func(scan func(...any) error) error {
			var id string
			var version int64
			err := scan(&id, &version)
			fmt.Fprintf(&all, "%s %d\n", id, version)
			return err
		}, "select id, version from document where kind = $1 and space = $2 order by id", kind, space)
		if err != nil {
			return "", fmt.Errorf("reading the versions of documents: %w", err)
		}
	}
	return all.String(), nil
}
