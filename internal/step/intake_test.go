package step

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/runner/message"
	"github.com/takodeploy/tako/internal/runner/wire"
)

// lines numbers texts; those that begin with ! are of the error output.
func numbered(texts []string) []runner.Line {
	var all []runner.Line
	for i, text := range texts {
		line := runner.Line{Seq: int64(i + 1), Stream: runner.Stdout, Text: text}
		if rest, ok := strings.CutPrefix(text, "!"); ok {
			line.Stream, line.Text = runner.Stderr, rest
		}
		all = append(all, line)
	}
	return all
}

func format(name string, pairs ...string) string {
	var args []message.Arg
	for i := 0; i < len(pairs); i += 2 {
		args = append(args, message.Arg{Key: pairs[i], Value: pairs[i+1]})
	}
	return message.Format(name, args...)
}

var intakeCases = []struct {
	name  string
	lines []string
	want  string
	outs  []Output
	arts  []wanted
	masks []string
}{
	{name: "text", lines: []string{"a", "!b", ""}, want: "Info: a\nError: b\nInfo: \n"},
	{name: "levels", lines: []string{
		"##octopus[stdout-verbose]", "v", "##octopus[stdout-warning]", "w", "##octopus[stdout-highlight]", "h",
		"##octopus[stdout-wait]", "t", "##octopus[stdout-error]", "e", "##octopus[stdout-ignore]", "i", "##octopus[stdout-default]", "d",
		"##octopus[stderr-progress]", "!p", "##octopus[stderr-default]", "!q",
	}, want: "Verbose: v\nWarning: w\nHighlight: h\nWait: t\nError: e\nInfo: d\nVerbose: p\nError: q\n"},
	{name: "outputs", lines: []string{
		format("setVariable", "name", "a", "value", "1"), format("setVariable", "name", "b", "value", "secret value", "sensitive", "True"), "x",
	}, want: "Info: x\n", outs: []Output{{Name: "a", Value: "1"}, {Name: "b", Value: "secret value", Sensitive: true}}, masks: []string{"secret value"}},
	{name: "artifacts", lines: []string{format("createArtifact", "path", "/a/b.txt", "name", "c.txt", "length", "5")},
		arts: []wanted{{Name: "c.txt", Path: "/a/b.txt"}}},
	{name: "mask", lines: []string{format("mask", "value", "hush hush"), "x"}, want: "Info: x\n", masks: []string{"hush hush"}},
	{name: "over several lines", lines: []string{"##octopus[setVariable name='" + base("n") + "'", " value='" + base("v") + "']", "y"},
		want: "Info: y\n", outs: []Output{{Name: "n", Value: "v"}}},
	{name: "cut off", lines: []string{"##octopus[setVariable name='" + base("n") + "'"}, want: "Info: ##octopus[setVariable name='" + base("n") + "'\n"},
	{name: "no message", lines: []string{"##octopus[what is this?]", "##octopus[delete-target machine='" + base("x") + "']"},
		want: "Info: ##octopus[what is this?]\nVerbose: The service message \"delete-target\" has no effect here.\n"},
	{name: "a line in pieces", lines: []string{"a", long, "!e", long, "b", "c"}, want: "Info: a\nInfo: " + long + long + "b\nError: e\nInfo: c\n"},
	{name: "the last line in pieces", lines: []string{long, "!e"}, want: "Info: " + long + "\nError: e\n"},
	{name: "metrics", lines: []string{format("calamari-timed-operation", "name", "x"), "z"}, want: "Info: z\n"},
}

// long is a line that goes on in the next one.
var long = strings.Repeat("x", wire.MaxText)

func base(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// TestIntake reads each case in one piece, and in pieces of any length with a
// restart after each: what is kept must be the same.
func TestIntake(t *testing.T) {
	for _, tt := range intakeCases {
		t.Run(tt.name, func(t *testing.T) {
			all := numbered(tt.lines)
			for piece := range len(all) + 1 {
				b := newBench(t, nil)
				for {
					in, err := newIntake(context.Background(), b.job(Job{}, true))
					if err != nil {
						t.Fatal(err)
					}
					rest := all[b.cursor:]
					if piece == 0 || piece >= len(rest) {
						must(t, in.take(rest))
						must(t, in.finish())
						break
					}
					// The next process begins at what was committed; one that
					// got nowhere is given more.
					before := b.cursor
					for n := piece; b.cursor == before && n <= len(rest); n++ {
						must(t, in.take(rest[:n]))
					}
					if b.cursor == before {
						must(t, in.finish())
						break
					}
				}
				if diff := cmp.Diff(tt.want, b.text()); diff != "" {
					t.Errorf("in pieces of %d: %s", piece, diff)
				}
				if diff := cmp.Diff(tt.outs, b.outputs); diff != "" {
					t.Errorf("in pieces of %d: %s", piece, diff)
				}
				if diff := cmp.Diff(tt.arts, b.wanted(t)); diff != "" {
					t.Errorf("in pieces of %d: %s", piece, diff)
				}
				for _, m := range tt.masks {
					if !strings.Contains(strings.Join(b.secrets, "\n"), m) {
						t.Errorf("%q is not masked", m)
					}
				}
			}
		})
	}
}

// TestLinesThatGoOn tells which lines are broken off: those without their end,
// and what is left of a message.
func TestLinesThatGoOn(t *testing.T) {
	b := newBench(t, nil)
	in, err := newIntake(context.Background(), b.job(Job{}, false))
	must(t, err)
	lines := numbered([]string{"a", long, "b", long, "!c", "##octopus[setVariable name='"})
	lines[5].Open = true
	must(t, in.take(lines))
	must(t, in.finish())
	var got []string
	for _, l := range b.lines {
		text := strings.ReplaceAll(l.Text, long, "long ")
		if l.Open {
			text += " …"
		}
		got = append(got, text)
	}
	if diff := cmp.Diff([]string{"a", "long b", "long  …", "c", "##octopus[setVariable name=' …"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestEndlessLine reads a line that never ends and checks that no secret is cut
// where it is logged in parts.
func TestEndlessLine(t *testing.T) {
	secret := strings.Repeat("secret", 4)
	b := newBench(t, nil)
	hide := func(text string) string { return strings.ReplaceAll(text, secret, "********") }
	in, err := newIntake(context.Background(), b.job(Job{Masked: hide}, false))
	must(t, err)
	endless := strings.Repeat("."+secret, 3<<20/len(secret))
	var seq int64
	for rest := endless; rest != ""; seq++ {
		n := min(len(rest), wire.MaxText)
		must(t, in.take([]runner.Line{{Seq: seq + 1, Stream: runner.Stdout, Text: rest[:n]}}))
		rest = rest[n:]
	}
	must(t, in.finish())
	var got strings.Builder
	lines := strings.Split(strings.TrimSuffix(b.text(), "\n"), "\n")
	for _, line := range lines {
		line = strings.TrimPrefix(line, "Info: ")
		if shown := strings.NewReplacer(secret, "", ".", "").Replace(line); shown != "" {
			t.Errorf("a part shows %.60q", shown)
		}
		got.WriteString(line)
	}
	if got.String() != endless || len(lines) < 2 || b.cursor != seq {
		t.Errorf("%d of %d bytes in %d lines up to %d of %d", got.Len(), len(endless), len(lines), b.cursor, seq)
	}
}

// wanted are the files that the checkpoint says are still wanted.
func (b *bench) wanted(t *testing.T) []wanted {
	t.Helper()
	in, err := newIntake(context.Background(), b.job(Job{}, true))
	must(t, err)
	return in.state.Wanted
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestIntakeRemembers checks what outlives a restart besides lines: masks,
// sealed, and the reason of a failure.
func TestIntakeRemembers(t *testing.T) {
	b := newBench(t, nil)
	job := Job{Tools: &Tools{
		Seal: func(plain string) string { return "sealed:" + base(plain) },
		Open: func(sealed string) (string, error) {
			data, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(sealed, "sealed:"))
			return string(data), err
		},
	}}
	in, err := newIntake(context.Background(), b.job(job, false))
	must(t, err)
	must(t, in.take(numbered([]string{format("mask", "value", "hush hush"), format("resultMessage", "message", "no luck")})))
	if strings.Contains(string(b.data), "hush") {
		t.Errorf("the checkpoint shows the secret: %s", b.data)
	}
	b.secrets = nil
	in, err = newIntake(context.Background(), b.job(job, true))
	must(t, err)
	must(t, in.take([]runner.Line{{Seq: 3, Stream: runner.Stdout, Text: "x"}}))
	if diff := cmp.Diff([]string{"hush hush"}, b.secrets); diff != "" {
		t.Error(diff)
	}
	if in.state.Result != "no luck" {
		t.Errorf("the result is %q", in.state.Result)
	}
}
