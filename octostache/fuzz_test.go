package octostache_test

import (
	"errors"
	"testing"
	"time"

	"github.com/takodeploy/tako/octostache"
)

// seeds are templates that between them use the whole language.
var seeds = []string{
	"", "plain", "#", "##", "###{A}", "#{", "#{A", "#{A}", "##{A}", "#{A.B[C].D[#{E}]}", "#{A[]}", "#{A[*]}",
	`#{A | Append b "c d" \"#{e}\" #{A} | ToUpper}`, `#{if A == "x"}a#{elseif B | Trim}b#{else}c#{/if}`,
	`#{unless "x" != A}a#{/unless}`, "#{each x in L}#{x}#{Octopus.Template.Each.Last}#{/each}", "#{calc (A+2)*{B-1}/.5}",
	"#{J.a[0].b}", "#{T.x}", "#{Loop}", "#{ | null}", "#{A | Replace \"(.)\" \"$1$1\"}", "#{A | Format \"#,##0.00;(0)\"}",
	"#{D | AddDays 1 | Format Date \"dddd, d MMM\"}", "#{U | UriPart Host}", "#{M | Markdown}", "#{A | Md5 3 base64}",
	"#{A | Indent 1/2}", "#{A|Substring 1 2}", "#{V | VersionMajor}", "x#{/if}y", "#{if}#{elseif}#{/each}",
}

func FuzzParse(f *testing.F) {
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lenient, lenientErr := octostache.ParseLenient(text)
		strict, err := octostache.Parse(text)
		if err == nil && lenientErr == nil && strict.String() != lenient.String() {
			t.Errorf("%q reads as %q and, leniently, as %q", text, strict, lenient)
		}
		var parse *octostache.ParseError
		if errors.As(err, &parse) && (parse.Offset < 0 || parse.Offset > len(text)) {
			t.Errorf("%q fails at %d", text, parse.Offset)
		}
		var limit *octostache.LimitError
		if lenientErr != nil && !errors.As(lenientErr, &limit) {
			t.Errorf("%q cannot be read leniently: %v", text, lenientErr)
		}
		if strict != nil {
			strict.ArgumentNames()
		}
	})
}

func FuzzEvaluate(f *testing.F) {
	for _, seed := range seeds {
		f.Add(seed, "value", "#{A}")
		f.Add("#{B}#{each x in B}#{x.Key}#{/each}#{B.a}", "{a:[1,'x',null]}", seed)
		f.Add("#{A | Format #{B}}", "12.5", seed)
	}
	f.Fuzz(func(t *testing.T, text, a, b string) {
		d := dictionary("A", a, "B", b, "L", "1,2", "J", `{"a":[{"b":1}]}`, "T", `{"x":"#{A}"}`, "Loop", "#{Loop}",
			"D", "2030-05-22", "U", "https://example.com/", "M", "*m*", "V", "1.2.3", b, "named", "P["+a+"]", b)
		start := time.Now()
		got, err := d.Evaluate(text)
		if took := time.Since(start); took > patience {
			t.Errorf("%q took %v", text, took)
		}
		again, againErr := d.Clone().Evaluate(text)
		var evaluation *octostache.EvaluationError
		stopped := errors.As(err, &evaluation) && evaluation.Cause != nil
		if stopped && got != text {
			t.Errorf("%q stopped with %q", text, got)
		}
		if got != again || (err == nil) != (againErr == nil) {
			t.Errorf("%q gave %q, then %q", text, got, again)
		}
		if _, err := d.EvaluateLenient(text); errors.As(err, new(*octostache.ParseError)) {
			t.Errorf("%q, leniently: %v", text, err)
		}
		d.Indexes(a)
		if err := octostache.New().Load([]byte(d.Save())); err != nil {
			t.Errorf("saved variables cannot be loaded: %v", err)
		}
	})
}
