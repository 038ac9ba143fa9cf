package kind

import (
	"fmt"
	"reflect"
	"sync/atomic"

	"github.com/takodeploy/tako/internal/store"
)

// Peek is Get for a resource that is only looked at: others may be given the
// same one, so nothing of it may be changed, nor of what it refers to.
func (k *Kind[T]) Peek(tx *store.Tx, id string) (*T, error) {
	d, err := tx.Get(k.Table, id)
	if err != nil {
		return nil, err
	}
	if d == nil || d.Kind != k.Plural {
		return nil, k.Missing(id)
	}
	return k.shared(d)
}

// PeekAll is List for resources that are only looked at, and whose kind hardly
// ever changes. The conditions of the query must be about nothing else.
func (k *Kind[T]) PeekAll(tx *store.Tx, q Query) ([]*T, error) {
	docs, err := tx.Survey(k.query(q))
	if err != nil {
		return nil, err
	}
	all := make([]*T, len(docs))
	for i, d := range docs {
		if all[i], err = k.shared(d); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (k *Kind[T]) shared(d *store.Document) (*T, error) {
	made, err := d.Made(func() (any, error) { return k.decode(d) })
	if err != nil {
		return nil, err
	}
	r := made.(*T)
	if distrust.Load() {
		if fresh, err := k.decode(d); err != nil || !reflect.DeepEqual(fresh, r) {
			panic(fmt.Sprintf("kind: somebody has changed %s, which others look at too", d.ID))
		}
	}
	return r, nil
}

var distrust atomic.Bool

// Distrust has it checked, whenever a shared resource is looked at, that nobody
// has changed it. It is for tests.
func Distrust() { distrust.Store(true) }
