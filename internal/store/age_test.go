package store

import "testing"

// What somebody wants again and again stays in memory, beside it what nobody
// wants goes, and in the end everything does.
func TestMemoryAges(t *testing.T) {
	db, err := Open(t.Context(), t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	read := func(name string) {
		t.Helper()
		if err := db.View(t.Context(), func(tx *Tx) error { _, err := tx.Setting(name); return err }); err != nil {
			t.Fatal(err)
		}
	}
	known := func(name string) bool {
		m := db.memory
		m.mu.Lock()
		defer m.mu.Unlock()
		return m.young[settingKey(name)] != nil || m.aged[settingKey(name)] != nil
	}
	read("wanted")
	read("unwanted")
	for range 2 * memoryRest {
		db.tick()
		read("wanted")
	}
	if !known("wanted") || known("unwanted") {
		t.Errorf("the wanted is known: %v, the unwanted: %v", known("wanted"), known("unwanted"))
	}
	for range 2 * memoryRest {
		db.tick()
	}
	db.memory.mu.Lock()
	defer db.memory.mu.Unlock()
	if n := len(db.memory.young) + len(db.memory.aged); n != 0 || db.memory.ticking != nil {
		t.Errorf("%d are remembered by nobody's wish", n)
	}
}
