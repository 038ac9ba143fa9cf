package step

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/target"
)

// shaky is a way that fails as often as it is told to, and may not hear that
// a job is to stop.
type shaky struct {
	target.Transport
	mu      sync.Mutex
	starts  int // that get through but whose answer is lost
	follows int
	deaf    bool
}

func (s *shaky) fail(times *int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if *times == 0 {
		return nil
	}
	*times--
	return fmt.Errorf("The line is down: %w.", target.ErrDisconnected)
}

func (s *shaky) Start(ctx context.Context, ticket string, job runner.Job) error {
	return errors.Join(s.Transport.Start(ctx, ticket, job), s.fail(&s.starts))
}

func (s *shaky) Follow(ctx context.Context, ticket string, after int64, emit func([]runner.Line) error) (runner.Exit, error) {
	if err := s.fail(&s.follows); err != nil {
		return runner.Exit{}, err
	}
	return s.Transport.Follow(ctx, ticket, after, emit)
}

func (s *shaky) Cancel(ctx context.Context, ticket string) error {
	s.mu.Lock()
	deaf := s.deaf
	s.mu.Unlock()
	if deaf {
		return nil
	}
	return s.Transport.Cancel(ctx, ticket)
}

// shake makes the bench's ways shaky.
func (b *bench) shake(s *shaky) {
	inner := b.reach
	b.reach = reachFunc(func(place Place) (target.Transport, error) {
		way, _, err := inner.Reach(context.Background(), "", place)
		s.Transport = way
		return s, err
	})
}

func TestLineIsDown(t *testing.T) {
	counter := t.TempDir() + "/runs"
	b := newBench(t, localReach(t))
	b.shake(&shaky{starts: 2, follows: 2})
	o := b.run(Script, bash("echo x >> "+counter+"; echo ran"))
	if o.State != Succeeded || !strings.HasPrefix(b.text(Info), "Info: The server is back after ") || !strings.HasSuffix(b.text(Info), "\nInfo: ran\n") || strings.Count(b.text(Info), "is back") != 2 {
		t.Errorf("%+v\n%s", o, b.text())
	}
	if got := read(t, counter); got != "x\n" {
		t.Errorf("it ran like this: %q", got)
	}
	if got := b.text(WaitLine); strings.Count(got, "\n") != 2 || !strings.Contains(got, "The line is down") {
		t.Error(got)
	}
}

// heard is a way that says at first that the machine was heard of until the line
// broke.
type heard struct{ shaky }

func (w *heard) Follow(ctx context.Context, ticket string, after int64, emit func([]runner.Line) error) (runner.Exit, error) {
	if err := w.fail(&w.follows); err != nil {
		return runner.Exit{}, errors.Join(emit(nil), err)
	}
	return w.Transport.Follow(ctx, ticket, after, emit)
}

// The patience with a machine that was heard of begins anew, though its script
// has said nothing since the line was down for the first time, long ago.
func TestLineIsDownAgain(t *testing.T) {
	for _, known := range []bool{true, false} {
		b := newBench(t, localReach(t))
		way, release, err := b.reach.Reach(t.Context(), "", Place{})
		must(t, err)
		defer release()
		job := b.job(bash("echo ran"), false)
		r := &remote{job: job, alive: t.Context(), begun: true, missed: time.Now().Add(-24 * time.Hour)}
		line := shaky{Transport: way, follows: 1}
		if r.way = &line; known {
			r.way = &heard{shaky{Transport: way, follows: 1}}
		}
		r.in, err = newIntake(t.Context(), job)
		must(t, err)
		work, _ := build(job, "script", nil)
		must(t, way.Start(t.Context(), job.Ticket, work))
		o, err := r.follow(t.Context())
		if must(t, err); (o.State == Lost) == known {
			t.Errorf("heard of meanwhile: %v, and it ended as %+v", known, o)
		}
	}
}

func TestLineStaysDown(t *testing.T) {
	b := newBench(t, localReach(t))
	way := &shaky{follows: 1000}
	b.shake(way)
	job := bash("sleep 60")
	job.Tools, job.Place = &Tools{Patience: 500 * time.Millisecond}, Place{ID: "Machines-1", Name: "web"}
	ctx, stop := context.WithCancelCause(context.Background())
	o, err := Script.Run(ctx, b.job(job, false))
	if err != nil || o.State != Lost || !strings.HasPrefix(o.Error, "web could not be reached for 500ms. Nobody knows how far the action came: ") {
		t.Errorf("%+v, %v", o, err)
	}
	stop(ErrCanceled)
	way.mu.Lock()
	way.follows = 0
	way.mu.Unlock()
	_, err = Script.Run(ctx, b.job(bash("sleep 60"), true)) // ends what is left
	must(t, err)
}

// TestDeaf gives up a job that does not stop.
func TestDeaf(t *testing.T) {
	b := newBench(t, localReach(t))
	way := &shaky{deaf: true}
	b.shake(way)
	job := bash("echo started; sleep 60")
	job.Tools = &Tools{Grace: 300 * time.Millisecond}
	ctx, stop := context.WithCancelCause(context.Background())
	go func() {
		b.await("the script's start", func() bool { return len(b.lines) > 0 })
		stop(ErrCanceled)
	}()
	o, err := Script.Run(ctx, b.job(job, false))
	if err != nil || o.State != Canceled || !strings.Contains(o.Error, "did not confirm within 300ms that it has stopped; it may still be running there.") {
		t.Errorf("%+v, %v", o, err)
	}
	way.mu.Lock()
	way.deaf = false
	way.mu.Unlock()
	_, err = Script.Run(ctx, b.job(job, true))
	must(t, err)
}

// TestDeafSinceLong goes on with a job that was canceled long ago and does not
// stop: the wait for it does not begin anew.
func TestDeafSinceLong(t *testing.T) {
	b := newBench(t, localReach(t))
	way := &shaky{deaf: true}
	b.shake(way)
	job := bash("echo started; sleep 60")
	job.Tools = &Tools{Grace: time.Hour}
	ctx, stop := context.WithCancelCause(context.Background())
	go func() {
		b.await("the script's start", func() bool { return len(b.lines) > 0 })
		stop(CanceledAt{time.Now().Add(-time.Hour)})
	}()
	o, err := Script.Run(ctx, b.job(job, false))
	if err != nil || o.State != Canceled || !strings.Contains(o.Error, "may still be running there.") || len(o.Lines) != 1 {
		t.Errorf("%+v, %v", o, err)
	}
	way.mu.Lock()
	way.deaf = false
	way.mu.Unlock()
	_, err = Script.Run(ctx, b.job(job, true))
	must(t, err)
}

// TestForgotten asks for a job that the far end does not know.
func TestForgotten(t *testing.T) {
	b := newBench(t, localReach(t))
	b.cursor = 7
	o := b.runAgain(context.Background(), bash("echo never"))
	if o.State != Lost || !strings.Contains(o.Error, "does not know ticket") {
		t.Errorf("%+v", o)
	}
	b.cursor = 0
	late := bash("echo never")
	late.Started = time.Now().Add(-13 * time.Hour)
	if o := b.runAgain(context.Background(), late); o.State != Lost {
		t.Errorf("%+v", o)
	}
	ctx, stop := context.WithCancelCause(context.Background())
	stop(ErrCanceled)
	if o := b.runAgain(ctx, bash("echo never")); o.State != Canceled {
		t.Errorf("%+v", o)
	}
	if got := b.text(); got != "" {
		t.Error(got)
	}
}

func (b *bench) runAgain(ctx context.Context, job Job) Outcome {
	b.t.Helper()
	o, err := Script.Run(ctx, b.job(job, true))
	must(b.t, err)
	return o
}

// TestIsolation runs two jobs on a target, which is for one at a time, and on
// a worker, which is for many.
func TestIsolation(t *testing.T) {
	for _, tt := range []struct {
		place    Place
		together bool
	}{{Place{ID: "Machines-1"}, false}, {Place{ID: "Workers-1", Worker: true}, true}, {Place{}, true}} {
		reach := localReach(t)
		dir := t.TempDir()
		// Each says that it is there and waits a while for the other.
		script := func(me, other string) Job {
			j := bash(fmt.Sprintf(`touch %s/%s; for i in $(seq 10); do [ -e %s/%s ] && echo together && break; sleep 0.05; done; rm %s/%s`, dir, me, dir, other, dir, me))
			j.Place, j.Ticket = tt.place, me
			return j
		}
		var wg sync.WaitGroup
		benches := []*bench{newBench(t, reach), newBench(t, reach)}
		for i, me := range []string{"a", "b"} {
			wg.Go(func() { benches[i].run(Script, script(me, map[string]string{"a": "b", "b": "a"}[me])) })
		}
		wg.Wait()
		text := benches[0].text(Info) + benches[1].text(Info)
		if got := strings.Contains(text, "together"); got != tt.together {
			t.Errorf("on %+v they ran together: %t\n%s", tt.place, got, text)
		}
	}
}
