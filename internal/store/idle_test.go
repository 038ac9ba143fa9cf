package store_test

import (
	"testing"

	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/store/storetest"
)

// TestWhoStandsStillHoldsNobodyUp has a unit of writing ask nothing for a while,
// as a node does that stands still: the server ends it, what it held is free, and
// the node is told as of any database that was away.
func TestWhoStandsStillHoldsNobodyUp(t *testing.T) {
	db := storetest.Postgres(t)
	limit := ""
	read := func(tx *store.Tx) error {
		_, err := tx.QueryRow([]any{&limit}, "show idle_in_transaction_session_timeout")
		return err
	}
	for name, unit := range map[string]error{"reading": db.View(t.Context(), read), "writing": db.Do(t.Context(), read)} {
		if unit != nil || limit != "5s" {
			t.Errorf("%s: %q, %v", name, limit, unit)
		}
	}
	put := func(tx *store.Tx) error { return tx.SetSetting("x", "1") }
	if err := db.Do(t.Context(), put); err != nil {
		t.Fatal(err)
	}
	err := db.Do(t.Context(), func(tx *store.Tx) error {
		if err := put(tx); err != nil {
			return err
		}
		if _, err := tx.Exec("set local idle_in_transaction_session_timeout = 100"); err != nil {
			return err
		}
		// It waits for the row that this one holds, and gets it.
		if err := db.Do(t.Context(), put); err != nil {
			t.Error(err)
		}
		return put(tx)
	})
	if !store.Unreachable(err) {
		t.Errorf("the one that stood still is told %v", err)
	}
	if err := db.Do(t.Context(), put); err != nil {
		t.Error(err)
	}
}
