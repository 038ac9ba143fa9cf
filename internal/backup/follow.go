package backup

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/benbjohnson/litestream"

	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
)

// Where things lie in a backup that is kept all the time.
const (
	databaseFolder = "database/"
	fileFolder     = "files/"
	goneFolder     = "gone/"
)

// pieceTime is how generations are named, so that they sort by their start.
const pieceTime = "20060102T150405.000Z"

const (
	// exactFor is how long each second can be restored; what is older comes in
	// steps of half a minute.
	exactFor = time.Hour
	// snapshotEvery is how often the whole database is written anew, from
	// which a restore begins.
	snapshotEvery = 24 * time.Hour
	// tidyEvery is how often what is out of date is looked for.
	tidyEvery = time.Hour
	// lastSync is how long a stop waits for the last changes to be copied.
	lastSync = 10 * time.Second
)

// Options say what follows what.
type Options struct {
	DB    *store.DB  // on SQLite
	Files blob.Store // that are copied too; nil when they are safe where they are
	To    blob.Store
	Keep  time.Duration
	Hold  *Hold // of the place, in which case it is To that is held; nil when nobody else can come
}

// Follower keeps a copy of a database, and of the files beside it, up to date.
//
// A database's history is a generation: a restored database, or one that was
// copied elsewhere, begins another, so that two never write into one history.
type Follower struct {
	options Options
	db      *litestream.DB
	store   *litestream.Store
	mirror  *mirror
	closed  atomic.Bool
}

// Follow begins to follow. Without a hold it does not wait for the place to be
// reachable.
func Follow(ctx context.Context, o Options) (*Follower, error) {
	if o.DB.Engine != store.SQLite {
		return nil, fault.New(fault.Invalid, "backup-to follows a database file only: back PostgreSQL up with its own means (continuous archiving, pg_basebackup), or once with 'tako admin backup'.")
	}
	if o.Hold != nil {
		o.To = o.Hold.Place()
	}
	generation, err := generationOf(ctx, filepath.Dir(o.DB.URL), o.Hold)
	if err != nil {
		return nil, err
	}
	if err := o.DB.LeaveJournal(ctx); err != nil {
		return nil, err
	}
	f := &Follower{options: o, db: litestream.NewDB(o.DB.URL)}
	f.db.Replica = litestream.NewReplicaWithClient(f.db, &copies{o.To, databaseFolder + generation + "/"})
	f.db.BusyTimeout = 10 * time.Second // like every other connection
	f.store = litestream.NewStore([]*litestream.DB{f.db}, litestream.CompactionLevels{
		{Level: 0}, {Level: 1, Interval: 30 * time.Second}, {Level: 2, Interval: 5 * time.Minute}, {Level: 3, Interval: time.Hour},
	})
	f.store.SnapshotInterval, f.store.SnapshotRetention = snapshotEvery, o.Keep
	f.store.SetL0Retention(exactFor)
	f.store.SetShutdownSyncTimeout(lastSync)
	log := slog.New(quiet{slog.Default().Handler()}).With("part", "backup")
	f.store.Logger = log
	f.db.SetLogger(log)
	if err := f.store.Open(ctx); err != nil {
		return nil, fmt.Errorf("following the database: %w", err)
	}
	if o.Files != nil {
		f.mirror = newMirror(o.Files, o.To, o.Keep)
	}
	return f, nil
}

// quiet drops what the library tells of each of its steps.
type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && q.Handler.Enabled(ctx, level)
}

func (q quiet) WithAttrs(a []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(a)} }

func (q quiet) WithGroup(name string) slog.Handler { return quiet{q.Handler.WithGroup(name)} }

// Files is the store of files that the server is to use, which tells the
// follower of each change; nil when files are not followed.
func (f *Follower) Files() blob.Store {
	if f.mirror == nil {
		return nil
	}
	return f.mirror
}

// Run copies files and removes what is out of date, until ctx ends.
func (f *Follower) Run(ctx context.Context) error {
	if f.mirror != nil {
		go f.mirror.run(ctx)
	}
	tick := time.NewTicker(tidyEvery)
	defer tick.Stop()
	for {
		if err := tidyGenerations(ctx, f.options.To, time.Now().Add(-f.options.Keep)); err != nil && ctx.Err() == nil {
			slog.Warn("old generations of the backup were not removed; it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Sync copies what the database has now, and waits for it.
func (f *Follower) Sync(ctx context.Context) error {
	if f.closed.Load() { // the library would open the database again
		return errors.New("the database is not followed any more")
	}
	if f.mirror != nil {
		if err := f.mirror.drain(ctx); err != nil {
			return err
		}
	}
	if err := f.db.SyncAndWait(ctx); err != nil {
		return fmt.Errorf("copying the database: %w", err)
	}
	return nil
}

// InSync reports whether the backup has all of the database, as far as this
// process knows; the place itself is not asked.
func (f *Follower) InSync() bool {
	at, err := f.db.Pos()
	return err == nil && f.db.Replica.Pos().TXID >= at.TXID
}

// Close copies what was written last and stops following. It comes after the
// database's own Close: whoever closes last clears the journal away, and a
// follower leaves it, to go on from there at the next start instead of copying
// the whole database again.
func (f *Follower) Close() error {
	f.closed.Store(true)
	ctx, cancel := context.WithTimeout(context.Background(), lastSync)
	defer cancel()
	if f.options.Hold != nil && f.options.Hold.Lost() {
		f.store.SetShutdownSyncTimeout(0) // no trying again: it stays refused
	}
	var err error
	if f.mirror != nil {
		err = f.mirror.drain(ctx)
	}
	// The library begins a second after the start, and copies nothing at a stop
	// before that.
	err = errors.Join(err, f.db.SyncAndWait(ctx))
	if err := errors.Join(err, f.store.Close(ctx)); err != nil {
		return fmt.Errorf("copying the last changes: %w", err)
	}
	return nil
}

// generationFile names the history that a data folder's database is written to.
const generationFile = "backup.generation"

// generationOf reads the generation of a data folder, or begins one.
func generationOf(ctx context.Context, dir string, hold *Hold) (string, error) {
	g, err := readGeneration(dir)
	if err != nil {
		return "", err
	}
	if g == "" {
		return beginGeneration(ctx, dir, strings.ToLower(rand.Text()[:8]), hold)
	}
	if hold != nil && hold.record.History != g {
		err = hold.writes(ctx, g)
	}
	return g, err
}

// readGeneration is the generation of a data folder; empty when it has none.
func readGeneration(dir string) (string, error) {
	text, err := os.ReadFile(filepath.Join(dir, generationFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("reading which generation of backups this is: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// beginGeneration names a generation that sorts after the one before, whatever
// the clock says. The place knows of it before the folder does: a folder whose
// history the place has not heard of would pass for one that was left behind.
func beginGeneration(ctx context.Context, dir, mark string, hold *Hold) (string, error) {
	start := time.Now().UTC()
	if hold != nil {
		if last, ok := began(hold.before); ok && !last.Before(start.Truncate(time.Millisecond)) {
			start = last.Add(time.Millisecond)
		}
	}
	generation := start.Format(pieceTime) + "-" + mark
	if hold != nil {
		if err := hold.writes(ctx, generation); err != nil {
			return "", err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, generationFile), []byte(generation+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("beginning a generation of backups: %w", err)
	}
	return generation, nil
}

// generations lists what there is, by start.
func generations(ctx context.Context, at blob.Store) ([]string, error) {
	var list []string
	for info, err := range at.List(ctx, databaseFolder) {
		if err != nil {
			return nil, fmt.Errorf("looking for backups: %w", err)
		}
		name, _, ok := strings.Cut(strings.TrimPrefix(info.Name, databaseFolder), "/")
		if _, dated := began(name); ok && dated && !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list, nil
}

// began is when a generation was begun.
func began(generation string) (time.Time, bool) {
	text, _, _ := strings.Cut(generation, "-")
	t, err := time.Parse(pieceTime, text)
	return t, err == nil
}

// tidyGenerations removes generations that had a successor before a time: no
// restore to a later one needs them.
func tidyGenerations(ctx context.Context, at blob.Store, before time.Time) error {
	list, err := generations(ctx, at)
	if err != nil {
		return err
	}
	for i := range len(list) - 1 {
		if next, _ := began(list[i+1]); next.Before(before) {
			if err := deleteAll(ctx, at, databaseFolder+list[i]+"/"); err != nil {
				return fmt.Errorf("removing an old generation of the backup: %w", err)
			}
		}
	}
	return nil
}
