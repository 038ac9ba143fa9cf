package step

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/variable"
)

func TestScript(t *testing.T) {
	b := newBench(t, localReach(t))
	o := b.run(Script, bash(`
echo "hello $(get_octopusvariable Who)"
write_verbose "details"
write_highlight "look"
write_warning "careful"
echo "to stderr" >&2
set_octopusvariable Answer 42
set_octopusvariable Key hidden-value -sensitive
update_progress 50 "half way"
write_verbose "artifacts:"
echo content > file.txt
new_octopusartifact file.txt kept.txt > artifact
grep '##octopus' artifact
`, variable.Value{Name: "Who", Value: "#{Name}"}, variable.Value{Name: "Name", Value: "world"}))
	if o.State != Succeeded || o.ExitCode == nil || *o.ExitCode != 0 {
		t.Errorf("outcome %+v; log:\n%s", o, b.text())
	}
	want := "Info: hello world\nHighlight: look\nWarning: careful\n"
	if diff := cmp.Diff(want, b.text(Info, Highlight, Warning)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff("Error: to stderr\n", b.text(Error)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Output{{Name: "Answer", Value: "42"}, {Name: "Key", Value: "hidden-value", Sensitive: true}}, b.outputs); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"kept.txt": "content\n"}, b.content()); diff != "" {
		t.Error(diff)
	}
}

func TestScriptFails(t *testing.T) {
	tests := []struct{ name, body, want string }{
		{"exit code", "exit 3", "The script ended with exit code 3."},
		{"in its own words", `fail_step "no luck"`, "no luck"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, localReach(t))
			o := b.run(Script, bash(tt.body))
			if o.State != Failed || o.Error != tt.want {
				t.Errorf("got %s %q; log:\n%s", o.State, o.Error, b.text())
			}
		})
	}
}

// TestScriptReattaches lets the process die after each number of commits, and
// another go on. Every line and every output must be there once.
func TestScriptReattaches(t *testing.T) {
	body := `
for i in 1 2 3 4 5; do
  echo "line $i"
  write_verbose "verbose $i"
  set_octopusvariable "Out$i" "$i"
  echo "$i" > "file$i"
  new_octopusartifact "$PWD/file$i" > artifact; grep '##octopus' artifact
  sleep 0.15
done
echo run >> "` + "#{Counter}" + `"
`
	for die := range 12 {
		t.Run("", func(t *testing.T) {
			counter := t.TempDir() + "/runs"
			b := newBench(t, localReach(t))
			job := bash(body, variable.Value{Name: "Counter", Value: counter})
			b.dieAt = die
			ctx, stop := context.WithTimeout(context.Background(), patience)
			defer stop()
			o, err := Script.Run(ctx, b.job(job, false))
			if err != nil {
				if !errors.Is(err, errDied) {
					t.Fatal(err)
				}
				b.dieAt = -1
				if o, err = Script.Run(ctx, b.job(job, true)); err != nil {
					t.Fatal(err)
				}
			}
			b.finish(o)
			if o.State != Succeeded {
				t.Errorf("outcome %+v", o)
			}
			want := "Info: line 1\nInfo: line 2\nInfo: line 3\nInfo: line 4\nInfo: line 5\n"
			if diff := cmp.Diff(want, b.text(Info)); diff != "" {
				t.Error(diff)
			}
			if len(b.outputs) != 5 {
				t.Errorf("outputs %v", b.outputs)
			}
			if len(b.kept) != 5 {
				t.Errorf("artifacts %v", b.kept)
			}
			if diff := cmp.Diff(map[string]string{"file1": "1\n", "file2": "2\n", "file3": "3\n", "file4": "4\n", "file5": "5\n"}, b.content()); diff != "" {
				t.Error(diff)
			}
			if got := read(t, counter); got != "run\n" {
				t.Errorf("the script ran like this: %q", got)
			}
		})
	}
}

func TestScriptIsStopped(t *testing.T) {
	tests := []struct {
		name  string
		cause error
		state State
		text  string
	}{
		{"canceled", ErrCanceled, Canceled, "The action was canceled."},
		{"over its limit", TimeUp(time.Minute), Failed, "The action took longer than its limit of 1 minute and was stopped."},
		{"out of time", ErrTimedOut, Failed, "The action took longer than it may and was stopped."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, localReach(t))
			ctx, stop := context.WithCancelCause(context.Background())
			go func() {
				b.await("the script's start", func() bool { return len(b.lines) > 0 })
				stop(tt.cause)
			}()
			began := time.Now()
			o, err := Script.Run(ctx, b.job(bash("echo started; sleep 60"), false))
			if err != nil {
				t.Fatal(err)
			}
			b.finish(o)
			if o.State != tt.state || o.Error != tt.text {
				t.Errorf("got %s %q", o.State, o.Error)
			}
			if took := time.Since(began); took > patience {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// TestLineIsBrokenOff stops a script between two writes of one line: what is
// there of the line is logged as one that was broken off.
func TestLineIsBrokenOff(t *testing.T) {
	b := newBench(t, localReach(t))
	ctx, stop := context.WithCancelCause(context.Background())
	go func() {
		b.await("the script's start", func() bool { return len(b.lines) > 0 })
		stop(ErrCanceled)
	}()
	o, err := Script.Run(ctx, b.job(bash("printf 'half a' >&2; printf 'whole\\nhalf b'; sleep 60"), false))
	must(t, err)
	b.finish(o)
	open := map[string]bool{}
	for _, l := range b.lines {
		if !strings.HasPrefix(l.Text, "Ended with the script: ") {
			open[l.Text] = l.Open
		}
	}
	if diff := cmp.Diff(map[string]bool{"whole": false, "half a": true, "half b": true}, open); diff != "" {
		t.Error(diff)
	}
}

// TestScriptIsLetGo ends the process: the script must run on, and be found.
func TestScriptIsLetGo(t *testing.T) {
	b := newBench(t, localReach(t))
	alive, die := context.WithCancel(context.Background())
	ctx, stop := context.WithCancelCause(alive)
	defer stop(nil)
	flag := t.TempDir() + "/go-on"
	body := bash("echo started; while [ ! -e " + flag + " ]; do sleep 0.05; done; echo ended")
	job := b.job(body, false)
	job.Alive = alive
	go func() {
		b.await("the script's start", func() bool { return len(b.lines) > 0 })
		die()
	}()
	if _, err := Script.Run(ctx, job); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	write(t, flag, "")
	o, err := Script.Run(context.Background(), b.job(body, true))
	if err != nil || o.State != Succeeded {
		t.Fatalf("%+v, %v", o, err)
	}
	b.finish(o)
	if diff := cmp.Diff("Info: started\nInfo: ended\n", b.text(Info)); diff != "" {
		t.Error(diff)
	}
}

func TestArtifactsThatAreNotThere(t *testing.T) {
	b := newBench(t, localReach(t))
	o := b.run(Script, bash(`echo "##octopus[createArtifact path='`+base("/nowhere/at all.txt")+`' name='`+base("a/b.txt")+`']"`))
	if o.State != Succeeded || len(b.kept) != 0 {
		t.Errorf("%+v, %v", o, b.kept)
	}
	if got := b.text(Warning); !strings.Contains(got, `The artifact "a/b.txt" cannot be kept: `) || !strings.Contains(got, "/nowhere/at all.txt") {
		t.Error(got)
	}
}
