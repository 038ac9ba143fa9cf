package api

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestPages asks every list for none, for nonsense and for more than there can
// be.
func TestPages(t *testing.T) {
	w := newWorld(t)
	lists := 0
	for _, r := range w.api.routes.all {
		if r.Method != "GET" || strings.Contains(r.Pattern, "tasks") || strings.Contains(r.Pattern, "events") {
			continue
		}
		for _, q := range w.requests(r, "/api/Spaces-1") {
			page := func(query string) (p Page, total any, status int) {
				a := w.send("GET", q.path+"?"+query, nil)
				_ = json.Unmarshal(a.body, &p) // what is no page has no total
				var raw map[string]any
				_ = json.Unmarshal(a.body, &raw)
				return p, raw["TotalResults"], a.status
			}
			one, total, status := page("take=1")
			if status != 200 || total == nil || one.Links["Page.All"] == "" {
				continue
			}
			lists++
			if none, _, status := page("take=0"); status != 200 || string(none.Items) != "[]" || none.TotalResults != one.TotalResults {
				t.Errorf("%s with take=0: %d, %d of %d, %.80s", q.path, status, none.TotalResults, one.TotalResults, none.Items)
			}
			for _, query := range []string{"take=-1", "take=many", "take=1.5", "skip=-1", "skip=x", "take=99999999999999999999"} {
				if _, _, status := page(query); status != 400 {
					t.Errorf("%s with %s: %d", q.path, query, status)
				}
			}
			if far, _, status := page("skip=9223372036854775807&take=9223372036854775807"); status != 200 || string(far.Items) != "[]" || far.Links["Page.Next"] != "" {
				t.Errorf("%s beyond its end: %d %.80s, next %s", q.path, status, far.Items, far.Links["Page.Next"])
			}
		}
	}
	if lists < 30 {
		t.Errorf("only %d lists were asked", lists)
	}
}
