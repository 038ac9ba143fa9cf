// Command vectors runs a file of test vectors against Tako's small languages.
//
// It is called as
//
//	go run ./e2e/vectors KIND FILE
//
// prints every vector that fails with what came and what was wanted, and
// closes with the line "N passed, N failed", followed by ", N skipped" when a
// vector could not be judged. The exit code is 1 when any vector failed and 2
// when the file could not be run at all.
//
// A kind is one file in this folder that registers itself:
//
//	var _ = register("octostache", runOctostache)
//
//	func runOctostache(file string) (Result, error) { ... }
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

// A runner runs every vector of one file and counts the outcomes.
type runner func(file string) (Result, error)

// runners is the write-once registry of kinds, filled by register.
var runners = map[string]runner{}

// register enters a kind and returns true so that it can stand in a
// package-level var; a kind entered twice is a mistake in the program.
func register(kind string, run runner) bool {
	if _, taken := runners[kind]; taken {
		panic("vector kind " + kind + " is registered twice")
	}
	runners[kind] = run
	return true
}

// Result counts what became of the vectors of a file.
type Result struct {
	Passed   int
	Skipped  int
	Failures []Failure
}

// Failure is a vector whose outcome was not the expected one.
type Failure struct {
	Name string
	Got  string
	Want string
}

// Check counts the vector as passed when got and want are the same JSON value
// and as failed otherwise. Both are rendered with encoding/json, so a struct
// with tags may be compared with a decoded expectation.
func (r *Result) Check(name string, got, want any) {
	g, w := canonical(got), canonical(want)
	if g == w {
		r.Passed++
		return
	}
	r.Fail(name, g, w)
}

// Fail counts the vector as failed.
func (r *Result) Fail(name, got, want string) {
	r.Failures = append(r.Failures, Failure{Name: name, Got: got, Want: want})
}

// Skip counts the vector as one that cannot be judged here.
func (r *Result) Skip() { r.Skipped++ }

// canonical renders a value as JSON with sorted keys.
func canonical(v any) string {
	text, err := marshal(v)
	if err != nil {
		return fmt.Sprintf("%#v", v)
	}
	// A second pass through any turns struct members, which come in the order
	// of their declaration, into map members, which come sorted.
	var tree any
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&tree); err != nil {
		return text
	}
	if text, err = marshal(tree); err != nil {
		return fmt.Sprintf("%#v", v)
	}
	return text
}

// marshal is json.Marshal that leaves < > & readable.
func marshal(v any) (string, error) {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return "", fmt.Errorf("render as JSON: %w", err)
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

// loadVectors reads a file of the form {"vectors": [...]}.
func loadVectors[V any](file string) ([]V, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read vectors: %w", err)
	}
	var set struct {
		Vectors []V `json:"vectors"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, fmt.Errorf("decode vectors of %s: %w", file, err)
	}
	return set.Vectors, nil
}

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is main with its surroundings passed in.
func run(args []string, out, errOut io.Writer) int {
	kinds := strings.Join(slices.Sorted(maps.Keys(runners)), ", ")
	if len(args) != 2 {
		fmt.Fprintf(errOut, "usage: vectors KIND FILE\nkinds: %s\n", kinds)
		return 2
	}
	runKind, ok := runners[args[0]]
	if !ok {
		fmt.Fprintf(errOut, "unknown kind %q; kinds: %s\n", args[0], kinds)
		return 2
	}
	result, err := runKind(args[1])
	if err != nil {
		fmt.Fprintln(errOut, err)
		return 2
	}
	return report(out, result)
}

// report prints the failures and the closing line and gives the exit code.
func report(out io.Writer, r Result) int {
	for _, f := range r.Failures {
		fmt.Fprintf(out, "FAIL %s\n  got:  %s\n  want: %s\n", f.Name, f.Got, f.Want)
	}
	fmt.Fprintf(out, "%d passed, %d failed", r.Passed, len(r.Failures))
	if r.Skipped > 0 {
		fmt.Fprintf(out, ", %d skipped", r.Skipped)
	}
	fmt.Fprintln(out)
	if len(r.Failures) > 0 {
		return 1
	}
	return 0
}
