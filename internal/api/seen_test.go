package api

import (
	"fmt"
	"os"
	"strings"
	"sync"
)

// seen is the file that TAKO_ROUTES_SEEN names: a line for each route that
// answered a test well, for the table of docs/compatibility.md.
var seen struct {
	sync.Mutex
	file  *os.File
	lines map[string]bool
}

// note writes a route down with the test that it answered.
func (h *harness) note(route *Route) {
	name := os.Getenv("TAKO_ROUTES_SEEN")
	if name == "" {
		return
	}
	seen.Lock()
	defer seen.Unlock()
	if seen.file == nil {
		file, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			h.Fatal(err)
		}
		seen.file, seen.lines = file, map[string]bool{}
	}
	test, _, _ := strings.Cut(h.Name(), "/")
	for _, path := range route.paths() {
		line := fmt.Sprintf("%s %s\t%s\n", route.Method, path, test)
		if seen.lines[line] {
			continue
		}
		seen.lines[line] = true
		if _, err := seen.file.WriteString(line); err != nil {
			h.Fatal(err)
		}
	}
}
