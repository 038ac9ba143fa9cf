package retention

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// packages applies the policies of the spaces' own feeds.
func (r *round) packages(ctx context.Context) error {
	n, err := r.Feed.Retain(ctx, r.now, r.x.Task.SpaceID, func(p *catalog.BuiltInPackage) {
		r.say(task.Highlight, "Package %s %s was removed: nothing has chosen it for long enough.", p.PackageID, p.Version)
	})
	r.say(task.Info, "%s removed.", counted(n, "package was", "packages were"))
	return err
}

// builds removes what is known of builds whose packages are gone.
func (r *round) builds(ctx context.Context) error {
	n, err := r.Feed.RetainBuilds(ctx, r.now, r.x.Task.SpaceID)
	r.say(task.Info, "What was known of %s removed.", counted(n, "build was", "builds were"))
	return err
}

// Of the tasks of each name that nothing stands for any more, so many are kept
// at least, and so many at most and not for longer.
const (
	fewestTasks = 20
	mostTasks   = 20_000
	taskDays    = 30
)

// tasks removes old tasks. Those that stand for deployments and runs go with
// them.
func (r *round) tasks(ctx context.Context) error {
	var names []string
	err := r.DB.View(ctx, func(tx *store.Tx) error {
		return tx.Query(func(scan func(...any) error) error {
			var name string
			err := scan(&name)
			names = append(names, name)
			return err
		}, "select distinct name from task where name not in ($1, $2) order by name", deploy.TaskDeploy, "RunbookRun")
	})
	if err != nil {
		return err
	}
	for _, name := range names {
		removed := 0
		for {
			n, err := r.clearTasks(ctx, name)
			if err != nil {
				return err
			}
			if removed += n; n == 0 {
				break
			}
			if err := r.rest(ctx); err != nil {
				return err
			}
		}
		if removed > 0 {
			r.say(task.Highlight, "%s of the name %s removed: ended more than %d days ago, or with %d newer ones.",
				counted(removed, "task", "tasks"), name, taskDays, mostTasks)
		}
	}
	return nil
}

// clearTasks removes some of the old tasks of a name.
func (r *round) clearTasks(ctx context.Context, name string) (removed int, err error) {
	err = r.DB.Do(ctx, func(tx *store.Tx) error {
		removed = 0
		var few, many int64
		for limit, to := range map[int]*int64{fewestTasks: &few, mostTasks: &many} {
			if _, err := tx.QueryRow([]any{to}, "select num from task where name = $1 and hold = 'Done' order by num desc limit 1 offset $2", name, limit-1); err != nil {
				return fmt.Errorf("counting tasks of the name %s: %w", name, err)
			}
		}
		var ids []string
		err := tx.Query(func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			ids = append(ids, id)
			return err
		}, `select id from task where name = $1 and num < $2 and hold = 'Done' and (completed < $3 or num < $4) and (space = $5 or $5 = '') order by num limit $6`,
			name, few, r.now.AddDate(0, 0, -taskDays).UnixMilli(), many, r.x.Task.SpaceID, batch)
		if err != nil {
			return fmt.Errorf("looking for old tasks: %w", err)
		}
		for _, id := range ids {
			t, err := task.GetTx(tx, id)
			if err != nil {
				return err
			}
			if err := r.Deploy.RemoveTask(tx, t); err != nil {
				return err
			}
			removed++
		}
		return nil
	})
	return removed, err
}

// unclaimedAfter is the age at which a file without a document is nobody's: an
// upload takes less.
const unclaimedAfter = 48 * time.Hour

// files removes the contents of artifacts that are gone. The logs of tasks that
// are gone are removed by the queue.
func (r *round) files(ctx context.Context) error {
	if r.x.Task.SpaceID != "" {
		r.say(task.Info, "Files are looked at by the task for all spaces.")
		return nil
	}
	removed := 0
	var some []string
	sweep := func() error {
		n, err := r.sweep(ctx, some)
		removed, some = removed+n, nil
		return err
	}
	for info, err := range r.Blobs.List(ctx, "artifacts/") {
		if err != nil {
			return err
		}
		if r.now.Sub(info.Modified) <= unclaimedAfter {
			continue
		}
		if some = append(some, info.Name); len(some) == 256 {
			if err := sweep(); err != nil {
				return err
			}
		}
	}
	if err := sweep(); err != nil {
		return err
	}
	r.say(task.Info, "%s that nothing refers to removed.", counted(removed, "file", "files"))
	return nil
}

// sweep removes those of some files that no artifact has.
func (r *round) sweep(ctx context.Context, names []string) (removed int, err error) {
	for _, name := range names {
		var there bool
		err := r.DB.View(ctx, func(tx *store.Tx) (err error) {
			var id string
			there, err = tx.QueryRow([]any{&id}, "select id from document where id = $1", strings.TrimPrefix(name, "artifacts/"))
			return err
		})
		if err != nil {
			return removed, err
		}
		if there {
			continue
		}
		if err := r.Blobs.Delete(ctx, name); err != nil {
			return removed, err
		}
		removed++
	}
	return removed, nil
}
