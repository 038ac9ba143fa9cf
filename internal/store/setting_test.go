package store_test

import (
	"errors"
	"testing"

	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/store/storetest"
)

// TestSettings writes a setting in each way there is and reads it after each,
// as who only reads and as who writes.
func TestSettings(t *testing.T) {
	mistake := errors.New("a mistake")
	swap := func(before, value string, expected bool) func(*store.Tx) error {
		return func(tx *store.Tx) error {
			swapped, err := tx.SwapSetting("colour", before, value)
			if err == nil && swapped != expected {
				t.Errorf("from %q to %q: swapped %v", before, value, swapped)
			}
			return err
		}
	}
	set := func(value string) func(*store.Tx) error {
		return func(tx *store.Tx) error { return tx.SetSetting("colour", value) }
	}
	steps := []struct {
		name string
		do   func(*store.Tx) error
		then string
	}{
		{"never set", func(*store.Tx) error { return nil }, ""},
		{"set", set("red"), "red"},
		{"set again", set("green"), "green"},
		{"swapped", swap("green", "blue", true), "blue"},
		{"swapped too late", swap("green", "pink", false), "blue"},
		{"swapped as if it were new", swap("", "pink", false), "blue"},
		{"set and taken back", func(tx *store.Tx) error { return errors.Join(set("pink")(tx), mistake) }, "blue"},
		{"removed", func(tx *store.Tx) error { return tx.RemoveSetting("colour") }, ""},
		{"swapped when it is new", swap("", "grey", true), "grey"},
		{"changed by a statement", func(tx *store.Tx) error {
			_, err := tx.Exec("update setting set value = 'black' where name = 'colour'")
			return err
		}, "black"},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		for _, s := range steps {
			read := func(tx *store.Tx) error {
				got, err := tx.Setting("colour")
				if err == nil && got != s.then {
					t.Errorf("%s: %q instead of %q", s.name, got, s.then)
				}
				return err
			}
			if err := db.Do(ctx, s.do); err != nil && !errors.Is(err, mistake) {
				t.Fatalf("%s: %v", s.name, err)
			}
			for range 2 {
				if err := errors.Join(db.View(ctx, read), db.Do(ctx, read)); err != nil {
					t.Fatalf("%s: %v", s.name, err)
				}
			}
		}
	})
}
