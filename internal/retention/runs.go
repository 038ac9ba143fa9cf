package retention

import (
	"context"
	"fmt"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// Run is a run of a runbook as far as keeping it goes.
type Run struct {
	ID, Environment string
	Created         time.Time
	Active          bool
}

// JudgeRuns lists the runs of one runbook, given the newest first, that are not
// kept. Each environment is counted for itself; what has not ended does not
// count.
func JudgeRuns(runs []Run, p Policy, now time.Time) (gone []Run) {
	kept := map[string]int{}
	for _, r := range runs {
		switch {
		case r.Active || p.Forever():
		case p.Days > 0 && r.Created.Before(now.AddDate(0, 0, -p.Days)), p.Count > 0 && kept[r.Environment] >= p.Count:
			gone = append(gone, r)
		default:
			kept[r.Environment]++
		}
	}
	return gone
}

// runs applies the policies of runbooks.
func (r *round) runs(ctx context.Context) error {
	return r.eachSpace(ctx, func(s *catalog.Space) error {
		var fallback catalog.RetentionPeriod
		var books []*catalog.Runbook
		err := r.DB.View(ctx, func(tx *store.Tx) (err error) {
			if fallback, err = catalog.DefaultRetention(tx, s.ID, catalog.RunbookRunRetention); err != nil {
				return err
			}
			books, _, err = catalog.Runbooks.List(tx, kind.Query{Space: s.ID})
			return err
		})
		if err != nil {
			return err
		}
		for _, b := range books {
			own := b.RunRetentionPolicy
			policy := policyOf(catalog.RetentionPeriod{Strategy: own.Strategy, Unit: own.Unit, QuantityToKeep: own.QuantityToKeep, ShouldKeepForever: own.ShouldKeepForever}, fallback)
			if policy.Forever() {
				continue
			}
			if err := r.clearRuns(ctx, b, policy); err != nil {
				return fmt.Errorf("runbook %s: %w", b.Name, err)
			}
		}
		return nil
	})
}

func (r *round) clearRuns(ctx context.Context, b *catalog.Runbook, policy Policy) error {
	var all []Run
	err := r.DB.View(ctx, func(tx *store.Tx) (err error) {
		all, err = runsOf(tx, b)
		return err
	})
	if err != nil {
		return err
	}
	gone := JudgeRuns(all, policy, r.now)
	removed := 0
	for _, one := range gone {
		err := r.DB.Do(ctx, func(tx *store.Tx) error { return r.removeRun(tx, one.ID) })
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !fault.Is(err, fault.NotFound):
			r.wrong("Run "+one.ID+" of "+b.Name, err)
		default:
			removed++
		}
		if err := r.rest(ctx); err != nil {
			return err
		}
	}
	if len(all) > 0 {
		r.say(task.Info, "Runbook %s keeps %s of each environment: %d of %s removed.", b.Name, policy, removed, counted(len(all), "run was", "runs were"))
	}
	return nil
}

// runsOf reads the runs of a runbook, the newest first.
func runsOf(tx *store.Tx, b *catalog.Runbook) (all []Run, err error) {
	err = tx.Query(func(scan func(...any) error) error {
		var r Run
		var created int64
		var hold string
		err := scan(&r.ID, &r.Environment, &created, &hold)
		r.Created, r.Active = time.UnixMilli(created), hold != "Done"
		all = append(all, r)
		return err
	}, `select d.id, d.data ->> 'EnvironmentId', d.created, coalesce(t.hold, 'Done') from deployment d left join task t on t.id = d.data ->> 'TaskId'
		where d.kind = 'RunbookRuns' and d.owner = $1 and d.data ->> 'RunbookId' = $2 order by d.created desc, length(d.id) desc, d.id desc`, b.ProjectID, b.ID)
	if err != nil {
		return nil, fmt.Errorf("reading the runs of %s: %w", b.ID, err)
	}
	return all, nil
}

func (r *round) removeRun(tx *store.Tx, id string) error {
	run, err := catalog.RunbookRuns.Get(tx, id)
	if err != nil {
		return err
	}
	return r.Deploy.RemoveRun(tx, run)
}
