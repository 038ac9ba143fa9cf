// Command contract writes the table of docs/compatibility.md: each route of an
// inventory, whether the API describes a route that takes it, and the test that
// was answered by it.
//
//	TAKO_ROUTES_SEEN=seen.txt go test ./internal/api/
//	tako openapi >openapi.json
//	go run ./e2e/contract routes.md openapi.json seen.txt >docs/compatibility.md
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: contract INVENTORY OPENAPI SEEN")
		os.Exit(2)
	}
	if err := write(os.Stdout, os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "contract:", err)
		os.Exit(1)
	}
}

func write(out io.Writer, inventory, openapi, seen string) error {
	text, err := os.ReadFile(inventory)
	if err != nil {
		return err
	}
	known, err := describedRoutes(openapi)
	if err != nil {
		return err
	}
	tests, err := testsOf(seen)
	if err != nil {
		return err
	}
	var judged []verdict
	for _, r := range readInventory(string(text)) {
		judged = append(judged, judge(r, known, tests))
	}
	print(out, judged)
	return nil
}

// described is a route that the API says it has.
type described struct{ method, path string }

func describedRoutes(file string) ([]described, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var document struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(raw, &document); err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	var all []described
	for path, methods := range document.Paths {
		for method := range methods {
			all = append(all, described{strings.ToUpper(method), path})
		}
	}
	return all, nil
}

// testsOf reads lines of "METHOD path<tab>test" and keeps the first test by
// name for each route.
func testsOf(file string) (map[described]string, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	tests := map[described]string{}
	for line := range strings.Lines(string(raw)) {
		route, test, _ := strings.Cut(strings.TrimSpace(line), "\t")
		method, path, _ := strings.Cut(route, " ")
		at := described{method, path}
		if had, ok := tests[at]; !ok || test < had {
			tests[at] = test
		}
	}
	return tests, nil
}

// verdict is what is known of one row of the inventory.
type verdict struct {
	row
	missing []string // methods and paths that no route takes
	test    string   // "" when no test was answered
}

func judge(r row, known []described, tests map[described]string) verdict {
	v := verdict{row: r}
	for _, method := range r.methods {
		found := false
		for _, path := range r.paths {
			for _, k := range known {
				if k.method != method || !takes(k.path, path) {
					continue
				}
				found = true
				if test := tests[k]; test != "" && (v.test == "" || test < v.test) {
					v.test = test
				}
			}
		}
		if !found {
			v.missing = append(v.missing, method)
		}
	}
	return v
}

func (v verdict) state() string {
	switch {
	case len(v.missing) == 0:
		return "yes"
	case v.open && len(v.missing) < len(v.methods):
		return "yes" // the inventory does not say which methods there are
	case len(v.missing) < len(v.methods):
		return "without " + strings.Join(v.missing, ", ")
	}
	return "no"
}

func print(out io.Writer, judged []verdict) {
	type sum struct{ all, there, tested int }
	sums := map[string]*sum{"P0": {}, "P1": {}, "P2": {}}
	for _, v := range judged {
		s := sums[v.priority]
		s.all++
		if v.state() == "yes" {
			s.there++
			if v.test != "" {
				s.tested++
			}
		}
	}
	fmt.Fprintln(out, "# Compatibility")
	fmt.Fprintln(out)
	fmt.Fprintln(out, "Each route that the public clients use, whether Tako has it, and a test whose request it answered. P0 is needed by every command of the command line client, P1 by the Terraform provider and the libraries, P2 is the rest. Written by `go run ./e2e/contract`; do not edit.")
	fmt.Fprintln(out)
	for _, p := range []string{"P0", "P1", "P2"} {
		fmt.Fprintf(out, "- %s: %d of %d routes, %d of them answered in a test\n", p, sums[p].there, sums[p].all, sums[p].tested)
	}
	area := ""
	for _, v := range judged {
		if v.area != area {
			area = v.area
			fmt.Fprintf(out, "\n## %s\n\n| | method | route | there | test |\n|---|---|---|---|---|\n", area)
		}
		fmt.Fprintf(out, "| %s | %s | `%s` | %s | %s |\n", v.priority, v.said, v.spelled, v.state(), v.test)
	}
}
