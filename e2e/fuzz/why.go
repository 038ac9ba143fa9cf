package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var (
	quoted = regexp.MustCompile(`'[^']*'|"[^"]*"`)
	number = regexp.MustCompile(`[0-9]+`)
)

// refused notes why an operation did not succeed, without what was special in
// the one request.
func (f *fuzzer) refused(o *operation, a answer) {
	var said struct {
		ErrorMessage string
		Errors       []string
	}
	_ = json.Unmarshal(a.body, &said)
	text := strings.Join(append([]string{said.ErrorMessage}, said.Errors...), " ")
	text = number.ReplaceAllString(quoted.ReplaceAllString(text, "'…'"), "N")
	if r := []rune(text); len(r) > 160 {
		text = string(r[:160])
	}
	all := f.refusals[o.String()]
	if all == nil {
		all = map[string]int{}
		f.refusals[o.String()] = all
	}
	all[fmt.Sprintf("%d %s", a.status, text)]++
}

// sayWhy tells every reason of answers that ask to try again, and the usual
// ones of operations that never succeeded, for whoever judges what a trial is
// worth.
func (f *fuzzer) sayWhy() {
	for _, name := range sorted(f.refusals) {
		whys := sorted(f.refusals[name])
		slices.SortStableFunc(whys, func(a, b string) int { return f.refusals[name][b] - f.refusals[name][a] })
		for i, why := range whys {
			if busy := strings.HasPrefix(why, "503 "); busy || !f.good[name] && i < 3 {
				f.say("%s: %d times %s", name, f.refusals[name][why], why)
			}
		}
	}
}
