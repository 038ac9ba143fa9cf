package message

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// say renders events for comparison: a message as name(key=value), a line as
// level: text, both after a ! when they came on standard error.
func say(events []Event) []string {
	var said []string
	for _, e := range events {
		text := string(e.Level) + ": " + e.Line
		if e.Message != nil {
			text = Format(e.Message.Name)
			for _, key := range []string{"name", "value", "a", "b"} {
				if value, ok := e.Message.Get(key); ok {
					text += " " + key + "=" + value
				}
			}
		}
		if e.Stream == Stderr {
			text = "!" + text
		}
		said = append(said, text)
	}
	return said
}

func TestParser(t *testing.T) {
	tests := []struct {
		name string
		text string
		want []string
	}{
		{"lines", "one\r\n\ntwo\n", []string{"Info: one", "Info: ", "Info: two"}},
		{"last line without end", "one\ntwo", []string{"Info: one", "Info: two"}},
		{"message alone", "##octopus[foo]\n", []string{"##octopus[foo]"}},
		{"both quotes", `##octopus[foo a='eA==' b="eQ=="]`, []string{"##octopus[foo] a=x b=y"}},
		{"keys in any case", "##octopus[foo A='eA==']", []string{"##octopus[foo] a=x"}},
		{"blanks", "##octopus [foo  a = 'eA = =' \t]", []string{"##octopus[foo] a=x"}},
		{"several lines", "##octopus[\nfoo a='e\r\nA=='\n]\nnext\n", []string{"##octopus[foo] a=x", "Info: next"}},
		{"without bracket", "##octopus foo]\n", []string{"##octopus[foo]"}},
		{"text before and after", "a ##octopus[foo] b\n", []string{"Info: a ", "##octopus[foo]", "Info:  b"}},
		{"two on a line", "##octopus[a] ##octopus[b]\n", []string{"##octopus[a]", "##octopus[b]"}},
		{"value with broken UTF-8", "##octopus[foo a='/w==']", []string{"##octopus[foo] a=\uFFFD"}},

		{"three hashes", "###octopus[foo]\n", []string{"Info: ###octopus[foo]"}},
		{"five hashes", "#####octopus[foo]\n", []string{"Info: ###", "##octopus[foo]"}},
		{"line end in the introducer", "##octo\npus[foo]\n", []string{"Info: ##octo", "Info: pus[foo]"}},
		{"no name", "##octopus[]\n", []string{"Info: ##octopus[]"}},
		{"name with a digit first", "##octopus[1a]\n", []string{"Info: ##octopus[1a]"}},
		{"value without quotes", "##octopus[foo a=eA==] b\n", []string{"Info: ##octopus[foo a=eA==] b"}},
		{"no value", "##octopus[foo a]\n", []string{"Info: ##octopus[foo a]"}},
		{"no base64", "##octopus[foo a='x']\n", []string{"Info: ##octopus[foo a='x']"}},
		{"key twice", "##octopus[foo a='eA==' A='eA==']\n", []string{"Info: ##octopus[foo a='eA==' A='eA==']"}},
		{"no blank between arguments", "##octopus[foo a='eA=='b='eA==']\n", []string{"Info: ##octopus[foo a='eA=='b='eA==']"}},
		{"broken, then another", "##octopus[a !] ##octopus[b]\n", []string{"Info: ##octopus[a !] ", "##octopus[b]"}},
		{"one within another", "##octopus[a ##octopus[b] ##octopus[c]\n", []string{"Info: ##octopus[a ##octopus[b] ", "##octopus[c]"}},
		{"prose", "see ##octopus on chat\n##octopus[foo]\n", []string{"Info: see ##octopus on chat", "##octopus[foo]"}},
		{"cut off, then another", "##octopus[a\n##octopus[b]\n", []string{"Info: ##octopus[a", "##octopus[b]"}},
		{"cut off for ever", "##octopus[a\nb='", []string{"Info: ##octopus[a", "Info: b='"}},
		{"cut off introducer", "##oct", []string{"Info: ##oct"}},

		{"levels", "##octopus[stdout-verbose]\na\n##octopus[stdout-highlight]b\n##octopus[stdout-wait]\nc\n##octopus[stdout-warning]\nd\n" +
			"##octopus[stdout-error]\ne\n##octopus[stdout-fatal]\nf\n##octopus[stdout-ignore]\ng\n##octopus[stdout-default]\nh\n", []string{
			"##octopus[stdout-verbose]", "Verbose: a", "##octopus[stdout-highlight]", "Highlight: b", "##octopus[stdout-wait]", "Wait: c",
			"##octopus[stdout-warning]", "Warning: d", "##octopus[stdout-error]", "Error: e", "##octopus[stdout-fatal]", "Fatal: f",
			"##octopus[stdout-ignore]", "##octopus[stdout-default]", "Info: h",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var p Parser
			got := say(append(p.Feed(Stdout, tt.text), p.Flush()...))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if p.Pending() {
				t.Error("something is pending after the end")
			}
			for at := range len(tt.text) {
				var p Parser
				got := p.Feed(Stdout, tt.text[:at])
				got = append(got, p.Feed(Stdout, tt.text[at:])...)
				if diff := cmp.Diff(tt.want, say(append(got, p.Flush()...))); diff != "" {
					t.Errorf("split at %d: %s", at, diff)
				}
			}
		})
	}
}

func TestParserStreams(t *testing.T) {
	var p Parser
	var got []Event
	got = append(got, p.Line(Stdout, "##octopus[setVariable name='bmFt")...)
	got = append(got, p.Line(Stderr, "oops")...)
	got = append(got, p.Line(Stdout, "ZQ==']")...)
	got = append(got, p.Line(Stderr, "##octopus[stderr-progress]")...)
	got = append(got, p.Line(Stderr, "half way")...)
	got = append(got, p.Line(Stderr, "##octopus[stdout-verbose]")...)
	got = append(got, p.Line(Stdout, "detail")...)
	got = append(got, p.Line(Stderr, "##octopus[stderr-ignore]")...)
	got = append(got, p.Line(Stderr, "noise")...)
	got = append(got, p.Line(Stderr, "##octopus[stderr-default]")...)
	got = append(got, p.Line(Stderr, "oops")...)
	want := []string{
		"!Error: oops", "##octopus[setVariable] name=name", "!##octopus[stderr-progress]", "!Verbose: half way",
		"!##octopus[stdout-verbose]", "Verbose: detail", "!##octopus[stderr-ignore]", "!##octopus[stderr-default]", "!Error: oops",
	}
	if diff := cmp.Diff(want, say(got)); diff != "" {
		t.Error(diff)
	}
}

func TestResume(t *testing.T) {
	var before Parser
	before.Line(Stdout, "##octopus[stdout-warning]")
	before.Line(Stderr, "##octopus[stderr-progress]")
	if before.Pending() {
		t.Error("pending after whole lines")
	}
	before.Line(Stdout, "##octopus[setVariable")
	if !before.Pending() {
		t.Error("not pending within a message")
	}
	after := Resume(before.State())
	got := say(append(after.Line(Stdout, "a"), after.Line(Stderr, "b")...))
	if diff := cmp.Diff([]string{"Warning: a", "!Verbose: b"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestParserHoldsNothingForEver(t *testing.T) {
	var p Parser
	p.Feed(Stdout, "##octopus[foo a='")
	var given int
	piece := strings.Repeat("A", 1<<20)
	for range maxMessage>>20 + 1 {
		given += len(p.Feed(Stdout, piece+"\n"))
	}
	if given == 0 {
		t.Error("an endless message was held back")
	}
}

// FuzzParser checks that the pieces in which text comes change nothing, and
// that text without an introducer comes out line by line.
func FuzzParser(f *testing.F) {
	f.Add("##octopus[setVariable name='Uw==' value='eA=='] x\n", 3, 20)
	f.Add("a\r\n###octopus[b]\n##octopus[\nc\n##octopus d]", 5, 30)
	f.Fuzz(func(t *testing.T, text string, i, j int) {
		var whole, split Parser
		want := append(whole.Feed(Stdout, text), whole.Flush()...)
		if len(text) > 0 {
			i, j = abs(i)%len(text), abs(j)%len(text)
			i, j = min(i, j), max(i, j)
		} else {
			i, j = 0, 0
		}
		got := split.Feed(Stdout, text[:i])
		got = append(got, split.Feed(Stdout, text[i:j])...)
		got = append(got, split.Feed(Stdout, text[j:])...)
		got = append(got, split.Flush()...)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if strings.Contains(text, introducer) || text == "" {
			return
		}
		lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		for n, line := range lines {
			if n >= len(want) || want[n].Line != strings.TrimSuffix(line, "\r") {
				t.Fatalf("line %d is not %q: %v", n, line, say(want))
			}
		}
		if len(want) != len(lines) {
			t.Errorf("%d lines became %d", len(lines), len(want))
		}
	})
}

func abs(n int) int {
	if n < 0 {
		return -(n + 1)
	}
	return n
}

func BenchmarkParser(b *testing.B) {
	text := strings.Repeat("2026-11-02 10:00:00 Compiling module number 42 of the solution\n", 99) +
		"##octopus[setVariable name='UGFzc3dvcmQ=' value='Y29ycmVjdCBob3JzZSBiYXR0ZXJ5IHN0YXBsZQ==']\n"
	b.SetBytes(int64(len(text)))
	var p Parser
	for b.Loop() {
		p.Feed(Stdout, text)
	}
}
