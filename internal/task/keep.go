package task

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/takodeploy/tako/internal/store"
)

// The log of a task that has ended moves from the table into a blob. Any of
// the steps may be the last before a crash, and any node may go on:
//
//  1. A row of task_archive says that the log is to be moved, and to where. It
//     comes with the task's end. From here on the blob can be found and removed
//     whatever happens.
//  2. The blob is written. It is written again, the same, if that is not known.
//  3. The row says that the blob has all lines. Readers turn to it now.
//  4. The chunks are deleted, some at a time.
//
// Nobody replaces a blob that is complete by one that is not: a writer that
// does not see every line, since another has come to 4, gives up.

const (
	// archiveEvery is how often ended tasks are looked for.
	archiveEvery = 10 * time.Second
	// archiveAll is how often what may have been left half-way is looked for.
	archiveAll = time.Hour
	// archiveFor is how long moving one log may take; then another may begin.
	archiveFor = 10 * time.Minute
)

// KeepLogs moves the logs of ended tasks and tidies up after removed ones,
// until ctx ends.
func (q *Queue) KeepLogs(ctx context.Context) error {
	var looked time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(archiveEvery + rand.N(archiveEvery/4)):
		}
		now, lasts := q.tidied.Lasts(q.store, q.now())
		if lasts {
			continue
		}
		list := q.noted
		if time.Since(looked) > archiveAll {
			list, looked = q.movable, time.Now()
		}
		_, err := q.tidy(ctx, list)
		switch {
		case err == nil:
			q.tidied.Begin(now, time.Time{})
		case ctx.Err() == nil:
			slog.Warn("logs of ended tasks were not moved; it is tried again", "error", err)
		}
	}
}

// Tidy moves the logs of tasks that have ended, removes the blobs of those
// that are gone, and forgets old changes. It gives the number of logs moved.
func (q *Queue) Tidy(ctx context.Context) (moved int, err error) { return q.tidy(ctx, q.movable) }

// tidy does so with the logs that list gives.
func (q *Queue) tidy(ctx context.Context, list func(context.Context) ([]string, error)) (moved int, err error) {
	if err := q.forget(ctx); err != nil {
		return 0, err
	}
	if q.opts.Blobs == nil {
		return 0, nil
	}
	if err := q.removeBlobs(ctx); err != nil {
		return 0, err
	}
	ids, err := list(ctx)
	for _, id := range ids {
		if ctx.Err() != nil {
			return moved, ctx.Err()
		}
		done, e := q.moveLog(ctx, id)
		if done {
			moved++
		}
		err = errors.Join(err, e) // the others can be moved all the same
	}
	return moved, err
}

// noteLog notes that the log of a task that ends is to be moved.
func (q *Queue) noteLog(tx *store.Tx, t *Task) error {
	if q.opts.Blobs == nil || t.LogLines == 0 || t.LogBytes < q.opts.SmallLog {
		return nil
	}
	_, err := tx.Exec("insert into task_archive (task, name, lines, size, since) values ($1, $2, 0, 0, 0) on conflict (task) do nothing", t.ID, archiveName(t.ID))
	if err != nil {
		return fmt.Errorf("note that the log of %s is to be moved: %w", t.ID, err)
	}
	return nil
}

func archiveName(id string) string { return "logs/" + id }

// noted lists what was noted and nobody is at.
func (q *Queue) noted(ctx context.Context) (ids []string, err error) {
	err = q.store.View(ctx, func(tx *store.Tx) error {
		return tx.Query(func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			ids = append(ids, id)
			return err
		}, "select task from task_archive where lines = 0 and since < $1 order by since limit 1000", millis(q.now().Add(-archiveFor)))
	})
	if err != nil {
		return nil, fmt.Errorf("look for logs to move: %w", err)
	}
	return ids, nil
}

// movable lists ended tasks that have chunks to move. The table is in the order
// of tasks, so that one look at it per task is enough.
func (q *Queue) movable(ctx context.Context) (ids []string, err error) {
	err = q.store.View(ctx, func(tx *store.Tx) error {
		return tx.Query(func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			ids = append(ids, id)
			return err
		}, `with recursive t(task) as (select min(task) from task_log
				union all select (select min(task) from task_log where task > t.task) from t where t.task is not null)
			select t.task from t join task on task.id = t.task 
			where task.hold = 'Done' and (task.log_bytes >= $1 or exists (select 1 from task_archive a where a.task = t.task)) limit 1000`, q.opts.SmallLog)
	})
	if err != nil {
		return nil, fmt.Errorf("look for logs to move: %w", err)
	}
	return ids, nil
}

// moveLog takes one log through the steps, from wherever it is.
func (q *Queue) moveLog(ctx context.Context, id string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, archiveFor)
	defer cancel()
	name, complete, err := q.claimLog(ctx, id)
	if err != nil {
		return false, err
	}
	if name != "" {
		if complete, err = q.fillBlob(ctx, id, name); err != nil || !complete {
			return false, err
		}
	}
	if !complete {
		return false, nil
	}
	return name != "", q.dropChunks(ctx, id)
}

// claimLog takes it on itself to write the blob, and gives its name; "" when
// it is complete already or another is at it.
func (q *Queue) claimLog(ctx context.Context, id string) (name string, complete bool, err error) {
	err = q.journal.Do(ctx, func(tx *store.Tx) error {
		name, complete = "", false
		now := q.now()
		if _, err := tx.QueryRow([]any{&name}, `insert into task_archive (task, name, lines, size, since) values ($1, $2, 0, 0, $3)
			on conflict (task) do update set since = excluded.since where task_archive.lines = 0 and task_archive.since < $4 returning name`,
			id, archiveName(id), millis(now), millis(now.Add(-archiveFor))); err != nil || name != "" {
			return err
		}
		var lines int64
		_, err := tx.QueryRow([]any{&lines}, "select lines from task_archive where task = $1", id)
		complete = lines > 0
		return err
	})
	if err != nil {
		return "", false, fmt.Errorf("begin to move the log of %s: %w", id, err)
	}
	return name, complete, nil
}

// fillBlob writes the blob and lets readers turn to it.
func (q *Queue) fillBlob(ctx context.Context, id, name string) (complete bool, err error) {
	t, err := q.Get(ctx, id)
	if err != nil {
		return false, err
	}
	outline, err := q.Outline(ctx, id)
	if err != nil {
		return false, err
	}
	in, out := io.Pipe()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		out.CloseWithError(q.writeArchive(ctx, id, t.LogLines, &outline, out))
	}()
	written, err := q.opts.Blobs.Put(ctx, name, in, -1)
	_ = in.CloseWithError(err) // whoever still writes stops
	<-ended
	if err != nil {
		return false, fmt.Errorf("move the log of %s: %w", id, err)
	}
	var n int64
	err = q.journal.Do(ctx, func(tx *store.Tx) (err error) {
		n, err = tx.Exec("update task_archive set lines = $1, size = $2 where task = $3 and lines = 0", t.LogLines, written.Size, id)
		if err == nil && n == 1 {
			_, err = dropSome(tx, id)
		}
		return err
	})
	if err != nil {
		return false, fmt.Errorf("finish moving the log of %s: %w", id, err)
	}
	return n == 1, nil
}

// writeArchive packs all lines of the table anew.
func (q *Queue) writeArchive(ctx context.Context, id string, count int64, outline *Outline, to io.Writer) error {
	buffered := bufio.NewWriterSize(to, 64<<10)
	w := newArchiveWriter(buffered, outline)
	r := &logReader{q: q, id: id}
	for from := int64(1); from <= count; {
		parts, err := r.chunks(ctx, Narrow{}, "first_line >= $2", "first_line", from)
		if err != nil {
			return err
		}
		if len(parts) == 0 {
			break
		}
		for i := range parts {
			lines, err := parts[i].lines()
			if err != nil {
				return fmt.Errorf("log of %s: %w", id, err)
			}
			for _, l := range lines {
				if err := w.add(l); err != nil {
					return err
				}
			}
			from = parts[i].last + 1
		}
	}
	if w.index.Lines != count {
		return fmt.Errorf("the log of %s has %d lines of %d", id, w.index.Lines, count)
	}
	if err := w.close(); err != nil {
		return err
	}
	return buffered.Flush()
}

// dropBatch is how many chunks are deleted in one transaction.
const dropBatch = 200

// dropChunks deletes what the blob has, a little at a time so that nobody has
// to wait long.
func (q *Queue) dropChunks(ctx context.Context, id string) error {
	for more := true; more; {
		err := q.journal.Do(ctx, func(tx *store.Tx) (err error) {
			more, err = dropSome(tx, id)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func dropSome(tx *store.Tx, id string) (more bool, err error) {
	n, err := tx.Exec(`delete from task_log where task = $1 and first_line <= coalesce(
		(select first_line from task_log where task = $1 order by first_line limit 1 offset $2), 9223372036854775807)`, id, dropBatch)
	if err != nil {
		return false, fmt.Errorf("delete the moved log of %s: %w", id, err)
	}
	return n > dropBatch, nil
}

// DeleteLogs removes the logs of tasks, in the caller's transaction; blobs go
// soon after it. The tasks may stay.
func DeleteLogs(tx *store.Tx, ids ...string) error {
	for _, id := range ids {
		if _, err := tx.Exec("delete from task_log where task = $1", id); err != nil {
			return fmt.Errorf("delete the log of %s: %w", id, err)
		}
		// While somebody may be writing the blob, it has to wait for that.
		_, err := tx.Exec("update task_archive set since = case when lines = 0 then since else 0 end, lines = -1 where task = $1", id)
		if err != nil {
			return fmt.Errorf("delete the stored log of %s: %w", id, err)
		}
	}
	return nil
}

// removeBlobs removes the blobs of logs that were deleted.
func (q *Queue) removeBlobs(ctx context.Context) error {
	type gone struct{ id, name string }
	var list []gone
	before := millis(q.now().Add(-2 * archiveFor))
	err := q.store.View(ctx, func(tx *store.Tx) error {
		return tx.Query(func(scan func(...any) error) error {
			var g gone
			err := scan(&g.id, &g.name)
			list = append(list, g)
			return err
		}, "select task, name from task_archive where lines = -1 and since < $1 limit 1000", before)
	})
	if err != nil {
		return fmt.Errorf("look for deleted logs: %w", err)
	}
	for _, g := range list {
		if err := q.opts.Blobs.Delete(ctx, g.name); err != nil {
			return fmt.Errorf("delete the stored log of %s: %w", g.id, err)
		}
		err := q.journal.Do(ctx, func(tx *store.Tx) error {
			_, err := tx.Exec("delete from task_archive where task = $1 and lines = -1", g.id)
			return err
		})
		if err != nil {
			return fmt.Errorf("forget the stored log of %s: %w", g.id, err)
		}
	}
	return nil
}
