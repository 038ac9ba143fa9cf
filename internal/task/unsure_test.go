package task

import (
	"bytes"
	"errors"
	"net"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/store/storetest"
)

// cutter stands between a node and PostgreSQL. When it is armed it lets the
// next commit through and hangs up before the answer: the node cannot know
// whether what it wrote is there.
type cutter struct {
	to     string
	armed  atomic.Int32
	refuse atomic.Bool // hang up before the commit instead
}

func newCutter(t *testing.T, database string) (*cutter, string) {
	t.Helper()
	u := must[*url.URL](t)(url.Parse(database))
	c := &cutter{to: u.Host}
	l := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go c.pass(conn)
		}
	}()
	u.Host = l.Addr().String()
	return c, u.String()
}

func (c *cutter) pass(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", c.to)
	if err != nil {
		return
	}
	defer server.Close()
	var cut atomic.Bool
	go func() {
		b := make([]byte, 64<<10)
		for {
			n, err := client.Read(b)
			if c.refuse.Load() && bytes.Contains(b[:n], []byte("commit\x00")) {
				_ = server.Close()
				return
			}
			if bytes.Contains(b[:n], []byte("commit\x00")) && c.armed.Add(-1) >= 0 {
				cut.Store(true)
			}
			if err != nil {
				_ = server.Close()
				return
			}
			_, _ = server.Write(b[:n])
		}
	}()
	b := make([]byte, 64<<10)
	for {
		n, err := server.Read(b)
		if err != nil || cut.Load() {
			return
		}
		if _, err := client.Write(b[:n]); err != nil {
			return
		}
	}
}

// TestNothingIsStoredTwice loses the answers of commits and lets the node try
// again.
func TestNothingIsStoredTwice(t *testing.T) {
	c, through := newCutter(t, storetest.PostgresURL(t))
	db := must[*store.DB](t)(store.Open(t.Context(), "", through))
	defer db.Close()
	q := NewQueue(db, Options{})
	ctx := t.Context()
	if err := q.Join(ctx, "n", 9); err != nil {
		t.Fatal(err)
	}
	begin := func(name string) *Execution {
		must[*Task](t)(q.Enqueue(ctx, New{Name: name}))
		got := must[[]*Task](t)(q.Claim(ctx, "n", time.Minute))[0]
		return &Execution{Task: *got, q: q, mask: newMasks(), ctx: ctx, stop: func(error) {}}
	}
	said := func(text string) Save {
		return Save{Logs: []Lines{{Path: "1", Lines: []Line{{Category: Info, Text: text}}}}, Events: []Event{{Kind: EventRevision, Text: text}}}
	}
	counts := func(x *Execution) (lines, events int64) {
		got := must[*Task](t)(q.Get(ctx, x.Task.ID))
		err := db.View(ctx, func(tx *store.Tx) error {
			list, err := readEvents(tx, x.Task.ID, 0)
			events = int64(len(list))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return got.LogLines, events
	}

	t.Run("one save", func(t *testing.T) {
		x := begin("One")
		for i, lost := range []int32{1, 0, 2, 1} {
			c.armed.Store(lost)
			if err := x.Save(ctx, said("line")); err != nil {
				t.Fatal(err)
			}
			if lines, events := counts(x); lines != int64(i+1) || events != int64(i+1) {
				t.Fatalf("after save %d there are %d lines and %d events", i+1, lines, events)
			}
		}
		c.armed.Store(1)
		if err := x.Save(ctx, Save{Outcome: &Outcome{Act: Succeed}}); err != nil {
			t.Errorf("the end that is stored is reported as %v", err)
		}
		if got := must[*Task](t)(q.Get(ctx, x.Task.ID)); got.State != Success || !x.Ended() {
			t.Errorf("the task is %s, ended: %v", got.Status, x.Ended())
		}
	})
	t.Run("saves that share a commit", func(t *testing.T) {
		a, b := begin("A"), begin("B")
		c.armed.Store(1)
		fresh := 0
		ws := []*write{}
		for _, x := range []*Execution{a, b} {
			k := must[*commit](t)(x.prepare(said("line")))
			ws = append(ws, &write{ctx: ctx, do: k.write, done: make(chan struct{})})
		}
		ws = append(ws, &write{ctx: ctx, done: make(chan struct{}), do: func(tx *store.Tx) error {
			fresh++
			_, err := q.EnqueueTx(tx, New{Name: "Fresh"})
			return err
		}})
		q.journal.commit(ws)
		var n int64
		err := db.View(ctx, func(tx *store.Tx) error {
			_, err := tx.QueryRow([]any{&n}, "select count(*) from task where name = 'Fresh'")
			return err
		})
		if err != nil || n != 1 {
			t.Errorf("what was to be added once is there %d times (%v), after %d tries", n, err, fresh)
		}
	})
	t.Run("another has the task", func(t *testing.T) {
		x := begin("Other")
		if _, err := q.Cancel(ctx, x.Task.ID); err != nil {
			t.Fatal(err)
		}
		if err := q.release(ctx, x.Task.ID, x.Task.Epoch); err != nil {
			t.Fatal(err)
		}
		if got := must[[]*Task](t)(q.Claim(ctx, "n", time.Minute)); len(got) != 1 {
			t.Fatalf("%d tasks were taken over", len(got))
		}
		if err := x.Save(ctx, said("too late")); !errors.Is(err, errFenced) {
			t.Errorf("saving gave %v", err)
		}
	})
}
