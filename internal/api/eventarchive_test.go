package api

import (
	"fmt"
	"strings"
	"testing"

	"github.com/takodeploy/tako/internal/store"
)

func TestEventArchives(t *testing.T) {
	h := newHarness(t)
	const path = "/api/events/archives"
	if got := h.call(200, "GET", path, nil); fmt.Sprint(at(got, "TotalResults")) != "0" {
		t.Errorf("%v", got)
	}
	for _, name := range []string{"2026-01-02-1.jsonl", "2026-01-03-7.jsonl"} {
		text := `{"Id":"Events-1"}` + "\n"
		if _, err := h.api.Blobs.Put(t.Context(), store.EventArchives+name, strings.NewReader(text), int64(len(text))); err != nil {
			t.Fatal(err)
		}
	}
	if got := h.call(200, "GET", path+"?take=1", nil); at(got, "Items", 0, "FileName") != "2026-01-03-7.jsonl" || at(got, "Items", 0, "FileBytes") != 18.0 || at(got, "TotalResults") != 2.0 {
		t.Errorf("%v", got)
	}
	if got := h.call(200, "GET", path+"/2026-01-02-1.jsonl", nil); at(got, "Id") != "Events-1" {
		t.Errorf("%v", got)
	}
	for _, name := range []string{"2026-01-04-9.jsonl", "..%2Fartifacts%2FArtifacts-1", "x"} {
		h.call(404, "GET", path+"/"+name, nil)
		h.call(404, "DELETE", path+"/"+name, nil)
	}
	h.call(200, "DELETE", path+"/2026-01-02-1.jsonl", nil)
	h.call(404, "GET", path+"/2026-01-02-1.jsonl", nil)
	if got := h.call(200, "GET", "/api/events?take=1", nil); !strings.Contains(fmt.Sprint(at(got, "Items", 0, "Message")), "2026-01-02-1.jsonl of the audit trail was deleted") {
		t.Errorf("%v", got)
	}
}
