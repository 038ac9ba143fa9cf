package step

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/runner/message"
	"github.com/takodeploy/tako/internal/variable"
)

// checkpoint is what has to be known of a job's output to go on reading it
// after a restart.
type checkpoint struct {
	Parser message.State
	// Result is the reason of a failure in the script's own words.
	Result string `json:",omitempty"`
	// Masks are the values that the script wants masked, sealed.
	Masks []string `json:",omitempty"`
	// Wanted are files that the script wants kept and that are not yet, their
	// names and paths sealed at rest.
	Wanted []wanted `json:",omitempty"`
	// Told says that what comes before the output was logged.
	Told bool `json:",omitempty"`
	// Found is of how many packages it was logged that they are there.
	Found int `json:",omitempty"`
	// Home is where the built-in worker is that has the job.
	Home string `json:",omitempty"`
}

// intake takes the lines of a job, tells service messages from text, and keeps
// what they say together with the cursor. The lines before a point at which
// the parser holds nothing back are committed; those after it wait in memory,
// and are read again after a restart.
type intake struct {
	job    *Job
	ctx    context.Context
	parser *message.Parser
	state  checkpoint
	seen   int64 // the last line that was read

	batch   Batch   // what is complete and waits to be committed
	held    []event // what follows a message or a line that is not complete
	pieces  pieces
	masks   []string
	changed bool // the checkpoint is not what was last committed
}

// event is one event of the parser with the time of its line.
type event struct {
	message.Event
	line runner.Line
}

// Masks are the values that a script wanted masked, from the checkpoint that
// its executor has left. They hold for the whole task, also after a restart.
func Masks(data json.RawMessage, open func(sealed string) (string, error)) ([]string, error) {
	var c checkpoint
	// A checkpoint of another executor has none.
	if len(data) == 0 || json.Unmarshal(data, &c) != nil {
		return nil, nil
	}
	var plain []string
	for _, sealed := range c.Masks {
		text, err := open(sealed)
		if err != nil {
			return nil, fmt.Errorf("opening a masked value: %w", err)
		}
		plain = append(plain, text)
	}
	return plain, nil
}

// newIntake goes on where the job's cursor and checkpoint are.
func newIntake(ctx context.Context, job *Job) (*intake, error) {
	in := &intake{job: job, ctx: ctx, seen: job.Cursor}
	if len(job.Data) > 0 {
		if err := json.Unmarshal(job.Data, &in.state); err != nil {
			return nil, fmt.Errorf("reading the checkpoint of %s: %w", job.Ticket, err)
		}
	}
	if in.state.Result != "" {
		plain, err := job.Tools.open(in.state.Result)
		if err != nil {
			return nil, fmt.Errorf("opening the result of %s: %w", job.Ticket, err)
		}
		in.state.Result = plain
	}
	var err error
	if in.state.Wanted, err = rewrite(in.state.Wanted, job.Tools.open); err != nil {
		return nil, fmt.Errorf("opening the artifacts of %s: %w", job.Ticket, err)
	}
	masks, err := Masks(job.Data, job.Tools.open)
	if err != nil {
		return nil, err
	}
	in.masks = masks
	in.batch.Secrets = append(in.batch.Secrets, masks...)
	in.batch.Secrets = append(in.batch.Secrets, secretsOf(job)...)
	in.parser = message.Resume(in.state.Parser)
	return in, nil
}

// secretsOf are the values that the job's log must not show.
func secretsOf(job *Job) []string {
	if job.Variables == nil {
		return nil
	}
	secrets, _ := job.Variables.Secrets(variable.Texts(job.Variables.Dictionary()))
	return secrets
}

// take reads lines and commits what is complete; it is what Follow emits to.
func (in *intake) take(lines []runner.Line) error {
	for _, line := range lines {
		in.read(line)
	}
	return in.commit()
}

// maxHeld is how many events may wait for a message to be completed. What
// takes longer is no message.
const maxHeld = 10000

func (in *intake) read(line runner.Line) {
	if line.Seq <= in.seen {
		return
	}
	in.seen = line.Seq
	stream := message.Stdout
	if line.Stream == runner.Stderr {
		stream = message.Stderr
	}
	in.hold(in.parser.Line(stream, line.Text), line)
	if in.parser.Pending() && len(in.held) > maxHeld {
		in.hold(in.parser.Flush(), line)
	}
	open := in.pieces.add(line)
	if in.parser.Pending() || open && in.pieces.size < maxWhole {
		return
	}
	in.release(open)
	in.batch.Cursor = line.Seq
	if state := in.parser.State(); state != in.state.Parser {
		in.state.Parser, in.changed = state, true
	}
}

func (in *intake) hold(events []message.Event, line runner.Line) {
	for _, e := range events {
		in.held = append(in.held, event{e, line})
	}
}

// release applies what was held. Of a line that goes on without end, the last
// part stays.
func (in *intake) release(open bool) {
	all := whole(in.held)
	in.held = in.held[:0]
	in.pieces.size = 0
	for _, e := range all {
		if open && e.line.Open && e.Message == nil && len(e.Line) > maxWhole/2 {
			tail := e
			e.Line, tail.Line = part(e.Line, in.job.masked)
			e.line.Open = false
			in.held = append(in.held, tail)
		}
		in.apply(e)
	}
}

// apply turns one event into what it means.
func (in *intake) apply(e event) {
	if e.Message == nil {
		in.say(Category(e.Level), e, e.Line)
		return
	}
	m := e.Message
	if v, ok := m.Variable(); ok {
		in.batch.Outputs = append(in.batch.Outputs, Output{Name: v.Name, Value: v.Value, Sensitive: v.Sensitive})
		if v.Sensitive {
			in.batch.Secrets = append(in.batch.Secrets, v.Value)
		}
		return
	}
	if a, ok := m.Artifact(); ok {
		in.want(wanted{Name: a.Name, Path: a.Path})
		return
	}
	if p, ok := m.Progress(); ok {
		in.batch.Progress, in.batch.Message = p.Percentage, p.Message
		return
	}
	if result, ok := m.Result(); ok {
		in.state.Result, in.changed = result, true
		return
	}
	if secret, ok := m.Mask(); ok {
		in.mask(secret)
		return
	}
	if _, _, ok := m.Switch(); !ok && !quiet[m.Name] {
		in.say(Verbose, e, fmt.Sprintf("The service message %q has no effect here.", m.Name))
	}
}

// quiet are messages that are about nothing a person asks for.
var quiet = map[string]bool{
	"calamari-timed-operation": true, "calamari-deployment-metric": true, "calamari-script-isolation-alert": true,
	"calamari-found-package": true, "foundPackage": true, "deltaVerification": true,
}

func (in *intake) say(c Category, e event, text string) {
	in.batch.Lines = append(in.batch.Lines, Line{Category: c, Time: e.line.Time, Text: text, Open: e.line.Open})
}

// mask keeps a value out of the log from here on, after a restart too.
func (in *intake) mask(secret string) {
	if secret == "" {
		return
	}
	in.batch.Secrets = append(in.batch.Secrets, secret)
	for _, known := range in.masks {
		if known == secret {
			return
		}
	}
	in.masks = append(in.masks, secret)
	in.state.Masks, in.changed = append(in.state.Masks, in.job.Tools.seal(secret)), true
}

// tell logs, once, what comes before the output.
func (in *intake) tell(lines []Line) error {
	if in.state.Told || len(lines) == 0 {
		return nil
	}
	in.state.Told, in.changed = true, true
	in.batch.Lines = append(in.batch.Lines, lines...)
	return in.commit()
}

// found logs, once for each package of the job, what became of it.
func (in *intake) found(n int, c Category, format string, args ...any) error {
	if n < in.state.Found {
		return nil
	}
	in.state.Found, in.changed = n+1, true
	return in.say1(c, format, args...)
}

// say1 logs a line at once.
func (in *intake) say1(c Category, format string, args ...any) error {
	in.batch.Lines = append(in.batch.Lines, Line{Category: c, Text: fmt.Sprintf(format, args...)})
	return in.commit()
}

// commit keeps what is complete.
func (in *intake) commit() error {
	b := &in.batch
	if b.Cursor == 0 && len(b.Lines)+len(b.Outputs)+len(b.Then)+len(b.Secrets) == 0 && b.Progress == 0 && b.Message == "" && !in.changed {
		return nil
	}
	if in.changed {
		state := in.state
		seal := func(plain string) (string, error) { return in.job.Tools.seal(plain), nil }
		state.Wanted, _ = rewrite(state.Wanted, seal)
		if state.Result != "" {
			// A script's own words may hold a secret; the checkpoint is at rest.
			state.Result = in.job.Tools.seal(state.Result)
		}
		data, err := json.Marshal(state)
		if err != nil {
			return fmt.Errorf("writing the checkpoint of %s: %w", in.job.Ticket, err)
		}
		b.Data = data
	}
	if err := in.job.Take(in.ctx, *b); err != nil {
		return err
	}
	in.batch, in.changed = Batch{}, false
	return nil
}

// finish reads what was held back at the end of the output as text.
func (in *intake) finish() error {
	in.hold(in.parser.Flush(), runner.Line{Open: true})
	in.release(false)
	if in.seen > in.job.Cursor {
		in.batch.Cursor = in.seen
	}
	return in.commit()
}
