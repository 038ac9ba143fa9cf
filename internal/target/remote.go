package target

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/runner/wire"
)

// Options are what all ways have in common; the zero value of each means its
// default.
type Options struct {
	ConnectTimeout time.Duration // until the far end answers; 30 s
	Idle           time.Duration // an unused connection is closed after; 60 s
	Reconnect      time.Duration // a follower tries to come back for so long before it says so; 20 s

	// TrustUnknown accepts a machine without an expected host key.
	// Host.Fingerprint then tells which it offered.
	TrustUnknown bool
}

func (o Options) withDefaults() Options {
	if o.ConnectTimeout == 0 {
		o.ConnectTimeout = 30 * time.Second
	}
	if o.Idle == 0 {
		o.Idle = time.Minute
	}
	if o.Reconnect == 0 {
		o.Reconnect = 20 * time.Second
	}
	return o
}

// link is one live connection to a far end.
type link struct {
	*wire.Conn
	fingerprint string
}

// remote is a Transport over a host at the far end, however it is reached.
type remote struct {
	name    string // for people
	options Options
	dial    func(ctx context.Context) (*link, error)

	mu      sync.Mutex
	current *link
	dialing chan struct{}
	closed  bool
	puts    map[string]*put
}

// put is a transfer that others wait for.
type put struct {
	done chan struct{}
	err  error
}

func newRemote(name string, options Options, dial func(ctx context.Context) (*link, error)) *remote {
	return &remote{name: name, options: options.withDefaults(), dial: dial, puts: map[string]*put{}}
}

// connect gives the kept connection, or makes one; callers at the same time
// share it.
func (r *remote) connect(ctx context.Context) (*link, error) {
	for {
		r.mu.Lock()
		if r.closed {
			r.mu.Unlock()
			return nil, fault.New(fault.Internal, "The connection to %s is used after it was closed.", r.name)
		}
		if l := r.current; l != nil {
			select {
			case <-l.Done():
				r.current = nil
			default:
				r.mu.Unlock()
				return l, nil
			}
		}
		if other := r.dialing; other != nil {
			r.mu.Unlock()
			select {
			case <-other:
				continue
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		mine := make(chan struct{})
		r.dialing = mine
		r.mu.Unlock()
		l, err := r.connectNow(ctx)
		r.mu.Lock()
		r.dialing = nil
		if err == nil && r.closed {
			l.Close()
			err = fault.New(fault.Internal, "The connection to %s was closed.", r.name)
		} else if err == nil {
			r.current = l
		}
		r.mu.Unlock()
		close(mine)
		return l, err
	}
}

func (r *remote) connectNow(ctx context.Context) (*link, error) {
	timed, stop := context.WithTimeout(ctx, r.options.ConnectTimeout)
	defer stop()
	l, err := r.dial(timed)
	if err != nil {
		if timed.Err() != nil && ctx.Err() == nil && !errors.Is(err, ErrTimeout) {
			err = newProblem(fault.Unavailable, ErrTimeout, err, "%s did not answer within %v.", r.name, r.options.ConnectTimeout)
		}
		return nil, err
	}
	go r.attend(l)
	return l, nil
}

const (
	pingEvery = 15 * time.Second
	quietMost = 50 * time.Second
)

// attend closes a connection that is idle, or that is dead without saying so.
func (r *remote) attend(l *link) {
	tick := time.NewTicker(min(pingEvery, max(r.options.Idle/2, time.Millisecond)))
	defer tick.Stop()
	pinged := time.Now()
	for {
		select {
		case <-l.Done():
			return
		case <-tick.C:
		}
		streams, since := l.Busy()
		if streams == 0 {
			if time.Since(since) >= r.options.Idle {
				r.drop(l)
				return
			}
			continue
		}
		if l.Quiet() > quietMost && time.Since(pinged) < quietMost {
			l.Close()
			return
		}
		if time.Since(pinged) >= pingEvery {
			pinged = time.Now()
			go func() { _ = l.Ping() }()
		}
	}
}

// drop closes an idle connection, unless somebody has just begun to use it.
func (r *remote) drop(l *link) {
	r.mu.Lock()
	if r.current == l {
		r.current = nil
	}
	r.mu.Unlock()
	for {
		streams, since := l.Busy()
		if streams == 0 && time.Since(since) >= r.options.Idle/2 {
			l.Close()
			return
		}
		select {
		case <-l.Done():
			return
		case <-time.After(r.options.Idle / 2):
		}
	}
}

// exchange opens a stream with a request and runs talk on it. A kept
// connection that turns out to be dead is replaced, twice at most: every
// request may be repeated.
func (r *remote) exchange(ctx context.Context, q wire.Request, window int, open opener, talk func(*wire.Stream) error) error {
	request, err := json.Marshal(q)
	if err != nil {
		return fmt.Errorf("encoding a request: %w", err)
	}
	for attempt := 1; ; attempt++ {
		err := r.once(ctx, request, window, open, talk)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var refused *wire.Error
		if errors.As(err, &refused) {
			return farEnd(r.name, refused)
		}
		if !errors.Is(err, wire.ErrClosed) {
			return err
		}
		if attempt == 3 {
			return gone(r.name, err)
		}
	}
}

// opener is Conn.Open, or Conn.Ask for a request without more.
type opener func(*wire.Conn, []byte, int) (*wire.Stream, error)

func (r *remote) once(ctx context.Context, request []byte, window int, open opener, talk func(*wire.Stream) error) error {
	l, err := r.connect(ctx)
	if err != nil {
		return err
	}
	s, err := open(l.Conn, request, window)
	if err != nil {
		return err
	}
	defer s.Close()
	stop := context.AfterFunc(ctx, func() { s.Close() })
	defer stop()
	return talk(s)
}

// smallWindow suffices for an answer that is one message.
const smallWindow = 64 << 10

// ask is an exchange whose answer is one message.
func (r *remote) ask(ctx context.Context, q wire.Request) (answer wire.Reply, err error) {
	err = r.exchange(ctx, q, smallWindow, (*wire.Conn).Ask, func(s *wire.Stream) error { return hear(s, &answer) })
	return answer, err
}

// hear reads the far end's answer.
func hear(s *wire.Stream, answer *wire.Reply) error {
	*answer = wire.Reply{}
	if err := wire.ReadMessage(s, answer); err != nil {
		return err
	}
	if answer.Error != nil {
		return answer.Error
	}
	return nil
}

// Probe connects and describes the machine.
func (r *remote) Probe(ctx context.Context) (Host, error) {
	answer, err := r.ask(ctx, wire.Request{Op: wire.OpProbe})
	if err != nil {
		return Host{}, err
	}
	h := answer.Host
	if h == nil {
		return Host{}, fault.New(fault.Internal, "%s did not describe itself.", r.name)
	}
	host := Host{
		OS: h.OS, Arch: h.Arch, Distribution: h.Distribution, Kernel: h.Kernel, Hostname: h.Hostname,
		User: h.User, Home: h.Home, Shells: h.Shells, DiskFree: h.DiskFree, DiskTotal: h.DiskTotal,
		MemoryTotal: h.MemoryTotal, AgentVersion: h.Version,
	}
	r.mu.Lock()
	if r.current != nil {
		host.Fingerprint = r.current.fingerprint
	}
	r.mu.Unlock()
	return host, nil
}

// lately is how long ago a machine may have been heard of to count as there.
const lately = 2 * time.Second

// Reachable probes unless the kept connection was in use a moment ago.
func (r *remote) Reachable(ctx context.Context) error {
	r.mu.Lock()
	l := r.current
	r.mu.Unlock()
	if l != nil && l.Quiet() < lately {
		select {
		case <-l.Done():
		default:
			return nil
		}
	}
	_, err := r.Probe(ctx)
	return err
}

// Start starts the job under the ticket, once.
func (r *remote) Start(ctx context.Context, ticket string, job runner.Job) error {
	if err := runner.CheckTicket(ticket); err != nil {
		return fault.New(fault.Invalid, "%v", err)
	}
	data, err := wire.EncodeJob(&job)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "The job cannot be sent to %s", r.name)
	}
	return r.exchange(ctx, wire.Request{Op: wire.OpStart, Ticket: ticket}, smallWindow, (*wire.Conn).Open, func(s *wire.Stream) error {
		if err := s.WriteLast(data); err != nil {
			return lastWord(s, err)
		}
		return hear(s, &wire.Reply{})
	})
}

// Cancel asks the job to end, then kills it.
func (r *remote) Cancel(ctx context.Context, ticket string) error {
	_, err := r.ask(ctx, wire.Request{Op: wire.OpCancel, Ticket: ticket})
	return err
}

// Ahead lists the jobs for which the ticket's waits.
func (r *remote) Ahead(ctx context.Context, ticket string) ([]runner.Ahead, bool, error) {
	answer, err := r.ask(ctx, wire.Request{Op: wire.OpAhead, Ticket: ticket})
	return answer.Ahead, answer.Waits, err
}

// Complete forgets the ticket.
func (r *remote) Complete(ctx context.Context, ticket string) error {
	_, err := r.ask(ctx, wire.Request{Op: wire.OpComplete, Ticket: ticket})
	return err
}

// Has reports whether the package is in the far end's cache.
func (r *remote) Has(ctx context.Context, pkg runner.Package) (bool, error) {
	answer, err := r.ask(ctx, wire.Request{Op: wire.OpHas, Package: &pkg})
	return answer.Have, err
}

// Close gives the connection up.
func (r *remote) Close() error {
	r.mu.Lock()
	l := r.current
	r.current, r.closed = nil, true
	r.mu.Unlock()
	if l != nil {
		return l.Close()
	}
	return nil
}

// Put makes sure that the package is in the far end's cache.
func (r *remote) Put(ctx context.Context, pkg runner.Package, open func() (io.ReadCloser, error)) (bool, error) {
	name, err := pkg.FileName()
	if err != nil {
		return false, fault.New(fault.Invalid, "%v", err)
	}
	for {
		r.mu.Lock()
		other := r.puts[name]
		if other == nil {
			break
		}
		r.mu.Unlock()
		select {
		case <-other.done:
		case <-ctx.Done():
			return false, ctx.Err()
		}
		if other.err == nil {
			return false, nil
		}
	}
	mine := &put{done: make(chan struct{})}
	r.puts[name] = mine
	r.mu.Unlock()
	sent := false
	mine.err = r.exchange(ctx, wire.Request{Op: wire.OpPut, Package: &pkg}, smallWindow, (*wire.Conn).Open, func(s *wire.Stream) error {
		var answer wire.Reply
		if err := hear(s, &answer); err != nil || answer.Have {
			return err
		}
		sent = true
		return send(s, open)
	})
	r.mu.Lock()
	delete(r.puts, name)
	r.mu.Unlock()
	close(mine.done)
	return sent && mine.err == nil, mine.err
}

// lastWord is what the far end said before it hung up, else the error itself.
func lastWord(s *wire.Stream, failed error) error {
	var refused *wire.Error
	if errors.As(hear(s, &wire.Reply{}), &refused) {
		return refused
	}
	return failed
}

var sendBuffers = sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }}

func send(s *wire.Stream, open func() (io.ReadCloser, error)) error {
	source, err := open()
	if err != nil {
		return fmt.Errorf("opening the package: %w", err)
	}
	defer source.Close()
	buf := sendBuffers.Get().(*[]byte)
	defer sendBuffers.Put(buf)
	for {
		n, err := source.Read(*buf)
		if n > 0 {
			if _, failed := s.Write((*buf)[:n]); failed != nil {
				return lastWord(s, failed)
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("reading the package: %w", err)
		}
	}
	if err := s.CloseWrite(); err != nil {
		return err
	}
	return hear(s, &wire.Reply{})
}
