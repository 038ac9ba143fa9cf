package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/task"
)

var _ = area(func(a *API) []Route {
	return []Route{
		{Method: "GET", Pattern: "M/ui/events", Handle: a.stream, Query: []string{"after", "topics"}, Summary: "What happens, as server-sent events, for the topics of the query"},
		{Method: "GET", Pattern: "ui/position", Handle: a.position, Summary: "Where the stream of events is: one that begins after it tells everything that happens from here on", Answer: streamPosition{}},
	}
})

// streamPosition is taken before the first of what a stream shall keep up to date is
// read, so that nothing falls between the reading and the stream's beginning.
type streamPosition struct{ At string }

func (a *API) position(r *Request) (any, error) {
	changes, events, err := a.hub.ends(r.Context())
	if err != nil {
		return nil, err
	}
	return streamPosition{(&cursor{changes: changes, events: events}).String()}, nil
}

// Drain ends the streams of events, so that a server that stops does not wait
// for them; their clients go on elsewhere, or here after the next start.
func (a *API) Drain() { a.hub.drain() }

// stream is one client's stream of events. What it holds in memory does not
// depend on how slow the client is.
type stream struct {
	r       *Request
	h       *hub
	topics  topics
	at      cursor
	control *http.ResponseController
	wait    time.Duration // how long the client may take nothing
	out     bytes.Buffer
	rights  *access.Set // by which followed tasks were last looked at

	seen      map[string]int64 // versions of followed tasks whose nodes were told
	read      map[string]int64 // versions of those whose lines were told
	final     map[string]bool  // followed tasks that have ended
	closed    map[string]bool  // followed logs that were told to their ends
	nodes     map[string]map[string]streamNode
	nodesAt   time.Time
	keys      map[string]bool // of the dashboard, not told yet
	keysAt    time.Time
	following []string
}

// errGone says that the client takes nothing any more.
type errGone struct{ error }

func (a *API) stream(r *Request) (any, error) {
	if r.Header.Get("Sec-Fetch-Site") == "cross-site" {
		return nil, fault.New(fault.Forbidden, "Events are only for pages of this server; the header Sec-Fetch-Site says that another site asks.")
	}
	if ok := len(r.Rights.Permissions(r.Space)) > 0 || r.Space == "" && len(r.Rights.Spaces()) > 0; !ok {
		return nil, fault.New(fault.Forbidden, "You do not have permission to perform this action. Please contact your administrator. None of your teams has a role here.")
	}
	t, err := readTopics(r.List("topics"))
	if err != nil {
		return nil, err
	}
	s := &stream{r: r, h: a.hub, topics: t, control: http.NewResponseController(r.W), wait: a.hub.patience, seen: map[string]int64{}, read: map[string]int64{}, final: map[string]bool{},
		closed: map[string]bool{}, nodes: map[string]map[string]streamNode{}, keys: map[string]bool{}}
	last := r.Header.Get("Last-Event-ID")
	if last == "" {
		last = r.Q("after")
	}
	resumed, lost, err := s.begin(last)
	if err != nil {
		return nil, err
	}
	// Whatever happens to these tasks after they were looked at is told.
	if err := s.admit(); err != nil {
		return nil, err
	}
	switch ok, err := a.hub.join(r.Context(), r.Principal.UserID); {
	case err != nil:
		return nil, err
	case !ok:
		return nil, fault.New(fault.Unavailable, "You have %d streams of events open, or the server is about to stop. Close some, or try again.", mostStreams)
	}
	defer a.hub.leave(r.Principal.UserID)
	for _, id := range s.following {
		defer a.hub.watch(id)()
	}
	h := r.W.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no")
	r.written = true
	r.W.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return Done{}, nil
	}
	err = s.run(resumed, lost)
	if _, gone := err.(errGone); gone || r.Context().Err() != nil {
		err = nil
	}
	return Done{}, err
}

// admit makes sure that the caller may see the tasks that are followed.
func (s *stream) admit() error {
	for _, id := range s.topics.follow {
		t, err := s.r.task(id)
		if err != nil {
			return err
		}
		s.final[t.ID] = t.State.Final()
	}
	s.following = slices.Clone(s.topics.follow)
	s.rights = s.r.Rights
	return nil
}

// begin finds where the stream goes on after the last event that was got, if any
// was. A browser that comes back by itself sends its id; a page that asks for other
// topics than before sends it in the query.
func (s *stream) begin(last string) (resumed, lost bool, err error) {
	changes, events, err := s.h.ends(s.r.Context())
	if err != nil {
		return false, false, err
	}
	s.at = cursor{changes: changes, events: events, logs: s.topics.logs}
	if last == "" {
		return false, false, nil
	}
	c, ok := parseCursor(last)
	if ok {
		// Lines have numbers that never change.
		for id := range s.at.logs {
			s.at.logs[id] = max(s.at.logs[id], c.logs[id])
		}
	}
	if !ok || !c.follows(changes, events) {
		return false, true, nil
	}
	s.at.changes, s.at.events = c.changes, c.events
	return true, false, nil
}

// run tells what happens until the client goes or the server stops.
func (s *stream) run(resumed, lost bool) error {
	fmt.Fprintf(&s.out, "retry: %d\n", 1500+rand.IntN(1000)) // not all at once after a restart
	s.send("ready", struct {
		Node    string
		Resumed bool
	}{s.r.api.Node, resumed})
	if lost {
		s.send("resync", struct{ Reason string }{"What happened since cannot be told any more. Read anew what you show."})
	}
	s.stale("*")
	beat := time.NewTicker(s.h.beat)
	defer beat.Stop()
	soon := time.NewTimer(time.Hour)
	defer soon.Stop()
	for beats := 0; ; {
		versions, news := s.h.versions(s.following)
		more, err := s.tell(versions)
		if err == nil {
			err = s.flush()
		}
		if err != nil {
			return err
		}
		if more {
			news = closedChannel
		}
		soon.Reset(s.due())
		select {
		case <-s.r.Context().Done():
			return nil
		case <-s.h.drained:
			s.send("drain", struct{}{})
			return s.flush()
		case <-news:
		case <-soon.C:
		case <-beat.C:
			if beats++; beats%4 == 0 && !s.known() {
				return nil // the client comes back and is told why it may not
			}
			fmt.Fprintf(&s.out, ":\nid: %s\n\n", s.at.String())
		}
	}
}

var closedChannel = func() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// due is how long until there is something to tell that was held back.
func (s *stream) due() time.Duration {
	wait := time.Hour
	if len(s.keys) > 0 {
		wait = min(wait, time.Until(s.keysAt.Add(keysEvery)))
	}
	if len(s.following) > 0 {
		wait = min(wait, max(time.Until(s.nodesAt.Add(nodesEvery)), 0)+s.idle())
	}
	return max(wait, time.Millisecond)
}

// idle is zero when nodes were held back, and long when there is nothing.
func (s *stream) idle() time.Duration {
	versions, _ := s.h.versions(s.following)
	for id, v := range versions {
		if told, ok := s.seen[id]; !ok || told != v {
			return 0
		}
	}
	return time.Hour
}

// known reports whether the caller is still who it was.
func (s *stream) known() bool {
	p, err := s.r.api.Login.Authenticate(s.r.Context(), s.r.Request)
	if fault.Is(err, fault.Unauthenticated) || fault.Is(err, fault.Forbidden) {
		return false
	}
	return err != nil || p.UserID == s.r.Principal.UserID
}

// most is how many bytes are gathered before they are sent.
const most = 32 << 10

// send adds an event. Its id is where the client is when it has got it.
func (s *stream) send(name string, data any) {
	text, err := json.Marshal(data)
	if err != nil {
		panic(err) // the data are structs of texts and numbers
	}
	fmt.Fprintf(&s.out, "event: %s\nid: %s\ndata: %s\n\n", name, s.at.String(), text)
}

// flush sends what was added. A client that takes nothing for a while is given
// up; it may come back and go on where it was.
func (s *stream) flush() error {
	if s.out.Len() == 0 {
		return nil
	}
	_ = s.control.SetWriteDeadline(time.Now().Add(s.wait)) // without one, the connection itself ends some day
	_, err := s.r.W.Write(s.out.Bytes())
	if err == nil {
		err = s.control.Flush()
	}
	if err != nil {
		return errGone{err}
	}
	s.out.Reset()
	return nil
}

// tell tells everything that the client does not know yet; more is true when
// there is still some left.
func (s *stream) tell(versions map[string]int64) (more bool, err error) {
	ctx := s.r.Context()
	if s.r.Rights, err = s.r.api.rightsOf(ctx, s.r.Principal.UserID); err != nil {
		return false, err
	}
	if err := s.recheck(); err != nil {
		return false, err
	}
	moreChanges, err := s.tellChanges(ctx)
	if err != nil {
		return false, err
	}
	moreEvents, err := s.tellEvents(ctx)
	if err != nil {
		return false, err
	}
	moreLines, err := s.tellFollowed(ctx, versions)
	if err != nil {
		return false, err
	}
	s.tellDashboard()
	return moreChanges || moreEvents || moreLines, nil
}

// recheck stops following tasks that the caller may not see any more.
func (s *stream) recheck() error {
	if s.rights == s.r.Rights {
		return nil
	}
	s.rights = s.r.Rights
	var kept []string
	for _, id := range s.following {
		t, err := s.r.api.Tasks.Get(s.r.Context(), id)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return err
		}
		ok, err := s.r.May("TaskView", taskAt(t))
		if err != nil {
			return err
		}
		if ok {
			kept = append(kept, id)
		}
	}
	s.following = kept
	return nil
}

// keysEvery is how often the dashboard is called stale at most.
const keysEvery = time.Second

// tellDashboard says what of a dashboard is stale, not what it is now: that is
// read the ordinary way. A client that begins or comes back reads all of it, so
// nothing is lost by what had not been told to it.
func (s *stream) tellDashboard() {
	if !s.topics.dashboard || len(s.keys) == 0 || time.Since(s.keysAt) < keysEvery {
		return
	}
	s.send("dashboard", struct{ Keys []string }{slices.Sorted(maps.Keys(s.keys))})
	s.keysAt = time.Now()
	clear(s.keys)
}

// tellFollowed tells what the followed tasks have written and done.
func (s *stream) tellFollowed(ctx context.Context, versions map[string]int64) (more bool, err error) {
	nodes := time.Since(s.nodesAt) >= nodesEvery
	for _, id := range s.following {
		full, err := s.tellLines(ctx, id, versions[id])
		if err != nil {
			return false, err
		}
		more = more || full
		if told, ok := s.seen[id]; ok && told == versions[id] || !nodes {
			continue
		}
		if err := s.tellNodes(ctx, id); err != nil {
			return false, err
		}
		s.seen[id], s.nodesAt = versions[id], time.Now()
	}
	return more, nil
}

// linesAtOnce is how many lines an event has at most.
const linesAtOnce = 200

type logNews struct {
	Task string
	From int64
	Next int64
	// Ended says that there are no lines after these and never will be.
	Ended bool
	Lines []logLine
}

// tellLines tells the next lines of a task, if it has a version that was not
// told to its end.
func (s *stream) tellLines(ctx context.Context, id string, version int64) (more bool, err error) {
	read, ok := s.read[id]
	if _, wanted := s.topics.logs[id]; !wanted || s.closed[id] || ok && read == version {
		return false, nil
	}
	final := s.final[id] // known before the lines are read: then these are all
	from := s.at.logs[id] + 1
	page, err := s.r.api.Tasks.Log(ctx, id, from, linesAtOnce, task.Narrow{})
	if err != nil {
		return false, err
	}
	if page.Done {
		s.read[id] = version
	}
	ended := page.Done && final
	if len(page.Lines) == 0 && !ended {
		return false, nil
	}
	names, err := s.r.api.Tasks.Outline(ctx, id)
	if err != nil {
		return false, err
	}
	s.at.logs[id] = page.Next - 1
	s.closed[id] = ended
	s.send("log", logNews{id, from, page.Next, ended, logLines(id, &names, page.Lines)})
	if s.out.Len() > most {
		err = s.flush()
	}
	return !page.Done, err
}
