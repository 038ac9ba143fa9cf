package retention

import (
	"context"
	"fmt"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

const (
	// batch is how many deployments one transaction removes.
	batch = 20
	// mostKept is how many of the releases that stay are listed, of each shelf.
	mostKept = 200
)

// releases applies the policies of lifecycles.
func (r *round) releases(ctx context.Context) error {
	return r.eachSpace(ctx, func(s *catalog.Space) error {
		var g *ground
		var projects []*catalog.Project
		err := r.DB.View(ctx, func(tx *store.Tx) (err error) {
			if g, err = groundOf(tx, s.ID); err != nil {
				return err
			}
			projects, _, err = catalog.Projects.List(tx, kind.Query{Space: s.ID})
			return err
		})
		if err != nil {
			return err
		}
		var uses map[use]string
		looked, removed, everything := 0, 0, 0
		for _, p := range projects {
			var shelves []*group
			err := r.DB.View(ctx, func(tx *store.Tx) (err error) {
				if shelves, err = g.shelves(tx, p, r.now); err != nil || len(shelves) == 0 || uses != nil {
					return err
				}
				uses, err = usesOf(tx, s.ID)
				return err
			})
			if err != nil {
				return fmt.Errorf("project %s: %w", p.Name, err)
			}
			if len(shelves) == 0 {
				everything++
			}
			for _, at := range shelves {
				at.mark(p.ID, uses)
				n, err := r.clear(ctx, s, p, at)
				if err != nil {
					return err
				}
				looked, removed = looked+len(at.Releases), removed+n
			}
		}
		if everything > 0 {
			r.say(task.Info, "Space %s: %s.", s.Name, counted(everything, "project keeps", "projects keep")+" all releases")
		}
		if looked > 0 {
			r.say(task.Info, "Space %s: %d of %s removed.", s.Name, removed, counted(looked, "release was", "releases were"))
		}
		return nil
	})
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// clear removes from one shelf what is not to be kept.
func (r *round) clear(ctx context.Context, s *catalog.Space, p *catalog.Project, at *group) (removed int, err error) {
	if len(at.Releases) == 0 {
		return 0, nil
	}
	r.say(task.Info, "%s / %s / %s: keeping %s.", s.Name, p.Name, at.name, at.Shelf.terms())
	kept := 0
	for _, v := range at.Judge() {
		if !v.Delete {
			if kept++; kept <= mostKept {
				r.say(task.Info, "%s %s is kept: %s.", p.Name, v.Version, v.Reason)
			}
			continue
		}
		why, err := r.removeRelease(ctx, v)
		switch {
		case ctx.Err() != nil:
			return removed, ctx.Err()
		case err != nil:
			r.wrong(p.Name+" "+v.Version, err)
		case why != "":
			r.say(task.Info, "%s %s is kept: %s.", p.Name, v.Version, why)
		default:
			removed++
			r.say(task.Highlight, "%s %s was removed with %s: %s.", p.Name, v.Version, counted(len(v.Deployments), "deployment", "deployments"), v.Reason)
		}
		if err := r.rest(ctx); err != nil {
			return removed, err
		}
	}
	if kept > mostKept {
		r.say(task.Info, "%d more releases of %s are kept.", kept-mostKept, p.Name)
	}
	return removed, nil
}

// terms says the policies of a shelf.
func (s *Shelf) terms() string {
	if s.Passing {
		return fmt.Sprintf("what is deployed, and for %d days what is not", passingDays)
	}
	text := s.Policy.String() + " that were not deployed"
	for _, p := range s.Phases {
		text += ", " + p.Policy.String() + " of phase " + p.Name
	}
	return text
}

// removeRelease removes a release with its deployments, so many at a time. What
// has happened since it was judged is looked at again: why says what keeps it.
func (r *round) removeRelease(ctx context.Context, v Verdict) (why string, err error) {
	left := len(v.Deployments)
	for more := true; more && why == ""; {
		var gone int
		err := r.DB.Do(ctx, func(tx *store.Tx) error {
			more, why, gone = false, "", 0
			// Nobody can begin to deploy it while it is held.
			if err := tx.Hold(v.ID); err != nil {
				return err
			}
			release, err := catalog.Releases.Get(tx, v.ID)
			if fault.Is(err, fault.NotFound) {
				why = "somebody else has removed it"
				return nil
			}
			if err != nil {
				return err
			}
			some, total, err := catalog.Deployments.List(tx, kind.Query{Space: release.SpaceID, Match: map[string]string{"ReleaseId": v.ID}, Take: batch})
			if err != nil {
				return err
			}
			if total != left {
				why = "it was deployed in the meantime"
				return nil
			}
			for _, d := range some {
				if err := r.Deploy.Remove(tx, d); err != nil {
					return err
				}
			}
			if gone = len(some); gone < total {
				more = true
				return nil
			}
			return catalog.Releases.Remove(tx, release)
		})
		if err != nil {
			return "", err
		}
		if left -= gone; more {
			if err := r.rest(ctx); err != nil {
				return "", err
			}
		}
	}
	return why, nil
}
