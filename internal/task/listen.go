package task

import (
	"context"
	"crypto/rand"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/takodeploy/tako/internal/store"
)

// channel is the PostgreSQL channel on which nodes hint each other.
const channel = "tako_task"

// shared reports whether other nodes may work on the same store.
func (q *Queue) shared() bool { return q.store.Engine == store.PostgreSQL }

// tell sends a change once the transaction is committed: in this process, and
// to other nodes where there can be any. The growth of records and logs stays
// in the process; who watches it elsewhere looks for itself.
func (q *Queue) tell(tx *store.Tx, c Change) {
	tx.After(func() { q.bus.send(c) })
	if tx.Engine() != store.PostgreSQL || c.Kind == Advanced {
		return
	}
	payload := strings.Join([]string{q.self, string(c.Kind), c.Task, string(c.Status.State), string(c.Status.Hold)}, " ")
	// A hint that cannot be sent is one that was lost: the poll finds out.
	_, _ = tx.Exec("select pg_notify($1, $2)", channel, payload)
}

// listen passes on the hints of other nodes until stop is called.
func (q *Queue) listen(ctx context.Context, log *slog.Logger) (stop func()) {
	if !q.shared() {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			err := q.receive(ctx)
			if ctx.Err() != nil {
				return
			}
			log.Warn("hints of other nodes cannot be received; the queue is polled", "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(5 * time.Second):
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

func (q *Queue) receive(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, q.store.URL)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "listen "+channel); err != nil {
		return err
	}
	q.bus.send(Change{Kind: Enqueued}) // something may have happened before
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		part := strings.Split(n.Payload, " ")
		if len(part) != 5 || part[0] == q.self {
			continue
		}
		q.bus.send(Change{Kind: ChangeKind(part[1]), Task: part[2], Status: Status{State(part[3]), Hold(part[4])}})
	}
}

// newSelf names this process among those that hint each other.
func newSelf() string {
	var b [8]byte
	_, _ = rand.Read(b[:])
	var n uint64
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return strconv.FormatUint(n, 36)
}
