// Package setting holds what administrators change while the server runs. Each
// section is one value that all nodes share; what a section of this package
// has, something in the server obeys.
package setting

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/takodeploy/tako/internal/store"
)

// Section is a group of settings of one form.
type Section[T any] struct {
	Name  string // by which clients know it
	First T      // what holds before anybody sets anything
}

func (s Section[T]) key() string { return "section " + s.Name }

// Get reads a section.
func (s Section[T]) Get(tx *store.Tx) (T, error) {
	value := s.First
	text, err := tx.Setting(s.key())
	if err != nil || text == "" {
		return value, err
	}
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		return value, fmt.Errorf("reading the settings %s: %w", s.Name, err)
	}
	return value, nil
}

// Put changes a section and tells the audit trail what is different.
func (s Section[T]) Put(tx *store.Tx, next T) error {
	old, err := s.Get(tx)
	if err != nil {
		return err
	}
	changes, err := Differences(old, next)
	if err != nil || len(changes) == 0 {
		return err
	}
	data, err := json.Marshal(next)
	if err != nil {
		return fmt.Errorf("storing the settings %s: %w", s.Name, err)
	}
	if err := tx.SetSetting(s.key(), string(data)); err != nil {
		return err
	}
	return Record(tx, s.Name, changes)
}

// called is what people call the sections whose name does not say it.
var called = map[string]string{"features": "feature", "retentionpolicies": "retention", "smtp": "mail", "webportal": "web portal", "authentication": "sign-in"}

// Record tells the audit trail of a change of a section.
func Record(tx *store.Tx, section string, changes []store.Change) error {
	return tx.Append(&store.Event{Category: "Modified", Document: "configuration-" + section, Message: "The " + cmp.Or(called[section], section) + " settings were changed", Details: changes})
}

// Differences lists the members in which two values differ, members of members
// apart.
func Differences(old, next any) ([]store.Change, error) {
	was, err := members(old)
	if err != nil {
		return nil, err
	}
	is, err := members(next)
	if err != nil {
		return nil, err
	}
	var changes []store.Change
	compare(&changes, "", was, is)
	slices.SortFunc(changes, func(a, b store.Change) int { return bytes.Compare([]byte(a.Path), []byte(b.Path)) })
	return changes, nil
}

func members(v any) (m map[string]json.RawMessage, err error) {
	data, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	if err != nil {
		return nil, fmt.Errorf("comparing settings: %w", err)
	}
	return m, nil
}

func compare(changes *[]store.Change, path string, was, is map[string]json.RawMessage) {
	for name, next := range is {
		old := was[name]
		var a, b map[string]json.RawMessage
		switch {
		case bytes.Equal(old, next):
		case json.Unmarshal(old, &a) == nil && json.Unmarshal(next, &b) == nil && b != nil:
			compare(changes, path+name+"/", a, b)
		default:
			*changes = append(*changes, store.Change{Path: path + name, Old: old, New: next})
		}
	}
}
