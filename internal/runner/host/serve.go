package host

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/runner/wire"
)

// serve answers one request of a connection.
func (e *engine) serve(s *wire.Stream) {
	defer s.Close()
	var q wire.Request
	err := json.Unmarshal(s.Request(), &q)
	if err != nil {
		err = wire.Errorf(wire.CodeInvalid, "The request makes no sense: %v.", err)
	} else {
		err = e.answer(s, &q)
	}
	if err == nil || errors.Is(err, wire.ErrClosed) {
		return
	}
	var coded *wire.Error
	if !errors.As(describe(err, q.Op), &coded) {
		return
	}
	slog.Info("request refused", "op", q.Op, "ticket", q.Ticket, "error", coded.Message)
	if q.Op == wire.OpFollow { // the reply has gone out; the error is a record
		data, _ := json.Marshal(coded)
		_ = s.WriteLast(wire.AppendRecord(nil, wire.Record{Kind: wire.RecordError, Text: data}))
	} else {
		_ = wire.WriteLastMessage(s, wire.Reply{Error: coded})
	}
}

func (e *engine) answer(s *wire.Stream, q *wire.Request) error {
	switch q.Op {
	case wire.OpStart:
		return e.answerStart(s, q)
	case wire.OpFollow:
		t, err := e.find(q.Ticket)
		if err != nil {
			return err
		}
		return t.follow(s, q.After)
	case wire.OpCancel:
		t, err := e.find(q.Ticket)
		if err != nil {
			return err
		}
		t.cancel(runner.ErrCanceled)
		return reply(s, wire.Reply{})
	case wire.OpAhead:
		t, err := e.find(q.Ticket)
		if err != nil {
			return err
		}
		return reply(s, wire.Reply{Waits: t.waits(), Ahead: e.locks.ahead(t.name)})
	case wire.OpComplete:
		if err := e.complete(q.Ticket); err != nil {
			return err
		}
		return reply(s, wire.Reply{})
	case wire.OpHas, wire.OpPut:
		if q.Package == nil {
			return wire.Errorf(wire.CodeInvalid, "The request names no package.")
		}
		if q.Op == wire.OpPut {
			return e.answerPut(s, q.Package)
		}
		have, err := e.cache.has(q.Package)
		if err != nil {
			return err
		}
		return reply(s, wire.Reply{Have: have})
	case wire.OpGet:
		return e.answerGet(s, q)
	case wire.OpProbe:
		host := e.describeMachine()
		return reply(s, wire.Reply{Host: &host})
	}
	return wire.Errorf(wire.CodeInvalid, "The agent knows no operation %q.", q.Op)
}

func reply(s *wire.Stream, r wire.Reply) error {
	return wire.WriteLastMessage(s, r)
}

func (e *engine) answerStart(s *wire.Stream, q *wire.Request) error {
	data, err := io.ReadAll(io.LimitReader(s, wire.MaxJob+1))
	if err != nil {
		return fmt.Errorf("%w: %w", wire.ErrClosed, err)
	}
	job, err := wire.DecodeJob(data)
	if err != nil {
		return wire.Errorf(wire.CodeInvalid, "The job makes no sense: %v.", err)
	}
	if err := e.start(q.Ticket, job); err != nil {
		return err
	}
	return reply(s, wire.Reply{})
}

func (e *engine) answerPut(s *wire.Stream, pkg *runner.Package) error {
	have, release, err := e.cache.claim(pkg, s.Gone())
	if err != nil {
		return err
	}
	if have {
		return reply(s, wire.Reply{Have: true})
	}
	defer release()
	if err := e.cache.room(pkg.Size); err != nil {
		return err
	}
	if err := wire.WriteMessage(s, wire.Reply{}); err != nil {
		return err
	}
	if err := e.cache.take(pkg, s); err != nil {
		return err
	}
	return reply(s, wire.Reply{Have: true})
}

func (e *engine) answerGet(s *wire.Stream, q *wire.Request) error {
	t, err := e.find(q.Ticket)
	if err != nil {
		return err
	}
	path := q.Path
	if !filepath.IsAbs(path) {
		path = filepath.Join(t.filesDir(), path)
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return wire.Errorf(wire.CodeInvalid, "%s is not a file.", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := wire.WriteMessage(s, wire.Reply{Size: info.Size()}); err != nil {
		return err
	}
	n, err := io.CopyBuffer(struct{ io.Writer }{s}, io.LimitReader(f, info.Size()), make([]byte, 32<<10))
	if err != nil {
		return fmt.Errorf("%w: %w", wire.ErrClosed, err)
	}
	if n < info.Size() {
		// A file that shrank: the reader learns it from the missing bytes.
		slog.Warn("file shrank while it was sent", "path", path, "size", info.Size(), "sent", n)
	}
	return s.CloseWrite()
}
