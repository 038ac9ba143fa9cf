package api

import (
	"strings"
	"testing"
)

// TestCategoriesBeforeTheyHappen: somebody can wait for what has never happened.
func TestCategoriesBeforeTheyHappen(t *testing.T) {
	s := newShop(t)
	names := each(s.get("/api/events/categories"), "Name")
	for _, want := range []string{"Created", "Deployment failed", "Machine unavailable", "Runbook run queued"} {
		if !strings.Contains(names, want) {
			t.Errorf("there is no %q among %s", want, names)
		}
	}
	if strings.Count(names, "Modified") != 1 {
		t.Error(names)
	}
}
