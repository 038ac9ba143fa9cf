package target

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/runner/wire"
)

const (
	followWindow = 128 << 10 // what a flood may have under way to one follower
	batchSize    = 64 << 10
	firstBackoff = 200 * time.Millisecond
	lastBackoff  = 5 * time.Second
)

// emitted wraps an error of the caller's own emit, which is no reason to try
// again.
type emitted struct{ error }

// Follow gives the lines after the cursor and then the exit.
func (r *remote) Follow(ctx context.Context, ticket string, after int64, emit func([]runner.Line) error) (runner.Exit, error) {
	if err := runner.CheckTicket(ticket); err != nil {
		return runner.Exit{}, fault.New(fault.Invalid, "%v", err)
	}
	f := &follower{after: after, emit: emit}
	deadline := time.Time{}
	backoff := firstBackoff
	for {
		exit, heard, err := r.followOnce(ctx, ticket, f)
		if err == nil {
			return exit, nil
		}
		if heard && ctx.Err() == nil && !errors.As(err, new(emitted)) {
			// The caller's patience begins anew.
			if err := emit(nil); err != nil {
				return runner.Exit{}, err
			}
		}
		var own emitted
		var refused *wire.Error
		switch {
		case errors.As(err, &own):
			return runner.Exit{}, own.error
		case ctx.Err() != nil:
			return runner.Exit{}, ctx.Err()
		case errors.As(err, &refused):
			if refused.Code == wire.CodeNotFound {
				return runner.Exit{Code: runner.ExitUnknown, Lost: true, Reason: refused.Message, Last: f.after}, nil
			}
			return runner.Exit{}, farEnd(r.name, refused)
		case errors.Is(err, wire.ErrClosed):
			err = gone(r.name, err)
		case !Temporary(err):
			return runner.Exit{}, err
		}
		if now := time.Now(); deadline.IsZero() || heard {
			deadline, backoff = now.Add(r.options.Reconnect), firstBackoff
		} else if now.Add(backoff).After(deadline) {
			return runner.Exit{}, err
		}
		pause := time.NewTimer(backoff)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return runner.Exit{}, ctx.Err()
		}
		backoff = min(2*backoff, lastBackoff)
	}
}

// followOnce also reports whether the machine was heard of meanwhile.
func (r *remote) followOnce(ctx context.Context, ticket string, f *follower) (exit runner.Exit, heard bool, err error) {
	request, err := json.Marshal(wire.Request{Op: wire.OpFollow, Ticket: ticket, After: f.after})
	if err != nil {
		return exit, false, err
	}
	began := time.Now()
	var conn *wire.Conn
	ask := func(c *wire.Conn, request []byte, window int) (*wire.Stream, error) {
		conn = c
		return c.Ask(request, window)
	}
	err = r.once(ctx, request, followWindow, ask, func(s *wire.Stream) error {
		exit, err = f.run(s)
		return err
	})
	return exit, conn != nil && conn.Heard(began), err
}

// follower takes records off a stream and hands lines on in batches.
type follower struct {
	after int64
	emit  func([]runner.Line) error

	batch []runner.Line
	size  int
}

func (f *follower) run(s *wire.Stream) (runner.Exit, error) {
	f.batch, f.size = nil, 0
	buf := make([]byte, 0, 16<<10)
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := s.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = wire.ErrClosed // an end without an exit is a broken one
			}
			return runner.Exit{}, err
		}
		rest := buf
		for {
			record, next, ok, err := wire.ParseRecord(rest)
			if err != nil {
				return runner.Exit{}, fmt.Errorf("reading a job's output: %w", err)
			}
			if !ok {
				break
			}
			rest = next
			if exit, ended, err := f.take(record); ended || err != nil {
				return exit, err
			}
		}
		buf = buf[:copy(buf[:cap(buf)], rest)]
		if s.Buffered() == 0 || f.size >= batchSize {
			if err := f.flush(); err != nil {
				return runner.Exit{}, err
			}
		}
	}
}

func (f *follower) take(record wire.Record) (exit runner.Exit, ended bool, err error) {
	switch record.Kind {
	case wire.RecordStdout, wire.RecordStderr, wire.RecordOpenStdout, wire.RecordOpenStderr:
		if record.Seq > f.after+int64(len(f.batch)) {
			f.batch = append(f.batch, record.Line())
			f.size += len(record.Text)
		}
		if f.size >= batchSize {
			return exit, false, f.flush()
		}
		return exit, false, nil
	case wire.RecordExit:
		if err := f.flush(); err != nil {
			return exit, false, err
		}
		if err := json.Unmarshal(record.Text, &exit); err != nil {
			return exit, false, fmt.Errorf("reading a job's exit: %w", err)
		}
		return exit, true, nil
	case wire.RecordError:
		refused := &wire.Error{}
		if err := json.Unmarshal(record.Text, refused); err != nil {
			return exit, false, fmt.Errorf("reading the far end's error: %w", err)
		}
		return exit, false, refused
	}
	return exit, false, nil // a kind of a later version
}

func (f *follower) flush() error {
	if len(f.batch) == 0 {
		return nil
	}
	if err := f.emit(f.batch); err != nil {
		return emitted{err}
	}
	f.after = f.batch[len(f.batch)-1].Seq
	f.batch, f.size = nil, 0
	return nil
}

// Get reads a file that the job left.
func (r *remote) Get(ctx context.Context, ticket, path string) (io.ReadCloser, int64, error) {
	request := wire.Request{Op: wire.OpGet, Ticket: ticket, Path: path}
	encoded, err := json.Marshal(request)
	if err != nil {
		return nil, 0, err
	}
	for attempt := 1; ; attempt++ {
		file, size, err := r.open(ctx, encoded)
		var refused *wire.Error
		switch {
		case err == nil:
			return file, size, nil
		case ctx.Err() != nil:
			return nil, 0, ctx.Err()
		case errors.As(err, &refused):
			return nil, 0, farEnd(r.name, refused)
		case !errors.Is(err, wire.ErrClosed):
			return nil, 0, err
		case attempt == 3:
			return nil, 0, gone(r.name, err)
		}
	}
}

const getWindow = 512 << 10

func (r *remote) open(ctx context.Context, request []byte) (io.ReadCloser, int64, error) {
	l, err := r.connect(ctx)
	if err != nil {
		return nil, 0, err
	}
	s, err := l.Ask(request, getWindow)
	if err != nil {
		return nil, 0, err
	}
	stop := context.AfterFunc(ctx, func() { s.Close() })
	var answer wire.Reply
	if err := hear(s, &answer); err != nil {
		stop()
		s.Close()
		return nil, 0, err
	}
	return &farFile{name: r.name, s: s, stop: stop, left: answer.Size}, answer.Size, nil
}

// farFile is a file being read from the far end.
type farFile struct {
	name string
	s    *wire.Stream
	stop func() bool
	left int64
}

// Read gives the next bytes. A file that ends too early is an error.
func (f *farFile) Read(p []byte) (int, error) {
	if f.left == 0 {
		return 0, io.EOF
	}
	n, err := f.s.Read(p[:min(int64(len(p)), f.left)])
	f.left -= int64(n)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if errors.Is(err, wire.ErrClosed) {
		err = gone(f.name, err)
	}
	return n, err
}

// Close ends the reading.
func (f *farFile) Close() error {
	f.stop()
	return f.s.Close()
}
