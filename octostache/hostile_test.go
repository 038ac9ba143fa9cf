package octostache_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/takodeploy/tako/octostache"
)

// patience is when the fuzzer calls an evaluation a hang, on however busy a machine.
const patience = time.Minute

// Hostile templates must end in a result or an error, and soon.
func TestHostile(t *testing.T) {
	many := func(s string) string { return strings.Repeat(s, 20_000) }
	d := dictionary("A", "x", "L", "1,2,3,4,5,6,7,8,9,10", "Regex", strings.Repeat("a", 40)+"!", "Quotes", many(">"))
	d.Set("V0", strings.Repeat("x", 1000))
	d.Set("W0", "#{Nope}")
	for i := 1; i <= 600; i++ {
		d.Set(fmt.Sprintf("V%d", i), fmt.Sprintf("#{V%d}#{V%d}", i-1, i-1))
		d.Set(fmt.Sprintf("W%d", i), fmt.Sprintf("#{W%d}", i-1))
	}
	d.Set("Deep", strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000))
	d.Set("a"+many("[a"), "x")
	for name, text := range map[string]string{
		"open ifs":          many("#{if A}"),
		"open each":         many("#{each A in A}"),
		"closed ifs":        many("#{if A}") + many("#{/if}"),
		"open tokens":       many("#{A"),
		"options":           many("#{A | F "),
		"open indexes":      many("#{A[") + many("]}"),
		"indexes":           many("#{A[#{A") + many("}]}"),
		"brackets":          "#{A" + many("[") + many("]") + "}",
		"open brackets":     many("#{A["),
		"parentheses":       "#{calc " + many("(") + "1" + many(")") + "}",
		"sums":              "#{calc 1" + many("+1") + "}",
		"filters":           "#{A" + many(" | ToUpper") + "}",
		"elseifs":           "#{if Nope}" + many("#{elseif Nope}") + "#{/if}",
		"elseif echo":       "#{if Nope}" + many("#{elseif Nope | Bad}x") + "#{/if}",
		"quotes":            many(`#{A | F "`),
		"escaped quotes":    many(`#{A | F \"`),
		"blanks":            "#{A" + many(" ") + "%}" + many("#{ "),
		"hashes":            many("#") + many("##{") + many("###{"),
		"ifs before tokens": strings.Repeat("#{if A}", 140) + many("#{A}"),
		"doubling":          "#{V600}",
		"doubling a little": "#{V14}",
		"long chain":        "#{W600}",
		"nested loops":      strings.Repeat("#{each a in L}", 10) + "x" + strings.Repeat("#{/each}", 10),
		"appending":         "#{A" + strings.Repeat(" | Append #{V5}| Replace x xxxxxxxxxx", 20) + "}",
		"replacing nothing": `#{V9 | Replace "" #{V9}}`,
		"backtracking":      `#{Regex | Match "(a+)+$"}`,
		"json depth":        "#{Deep.a}",
		"markdown quotes":   "#{Quotes | Markdown}",
		"markdown marks":    "#{A | Append \"" + many("~^=*_[") + "\" | Substring 50000 | Markdown}",
		"wide format":       "#{ | Append 1 | Format F999999999}",
	} {
		start := time.Now()
		result, err := d.Evaluate(text)
		var parse *octostache.ParseError
		if errors.As(err, &parse) {
			result, err = d.EvaluateLenient(text)
		}
		t.Logf("%s: %d bytes, %.100v, %v", name, len(result), err, time.Since(start))
	}
}

func TestLimits(t *testing.T) {
	d := dictionary("L", strings.Repeat(",", 2000))
	for _, text := range []string{
		strings.Repeat("#{if L}", 1000),
		"#{each a in L}#{each b in L}#{each c in L}#{/each}#{/each}#{/each}",
	} {
		got, err := d.Evaluate(text)
		var limit *octostache.LimitError
		if got != text || !errors.As(err, &limit) {
			t.Errorf("%.40s gave %.40q, %v; want a limit", text, got, err)
		}
	}
}
