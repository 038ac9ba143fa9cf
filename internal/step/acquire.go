package step

import (
	"context"
	"fmt"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/target"
)

// AcquirePackages fetches what a target's later actions need before the first
// of them begins, so that a package that is missing, or a target that is not
// there, stops the deployment while nothing has happened yet. What is used
// elsewhere than on the target is only looked up: which worker will need it is
// not known yet.
var AcquirePackages = Register("Tako.AcquirePackages", ExecutorFunc(func(ctx context.Context, job *Job) (Outcome, error) {
	if job.Tools == nil || job.Tools.Reach == nil {
		return Failure("This server has no way to any machine."), nil
	}
	in, err := newIntake(ctx, job)
	if err != nil {
		return Outcome{}, err
	}
	if job.Target == "" {
		return lookUp(ctx, job, in)
	}
	place := job.Place
	if place.ID != job.Target {
		place = Place{ID: job.Target}
	}
	way, release, err := job.Tools.Reach.Reach(ctx, job.SpaceID, place)
	if fault.Is(err, fault.Invalid) {
		// Nothing runs on such a target itself: steps work on it from elsewhere.
		return lookUp(ctx, job, in)
	}
	if err != nil {
		return failed(ctx, err)
	}
	defer release()
	if _, err := acquire(ctx, job, way, in); err != nil {
		return failed(ctx, err)
	}
	return Success(), nil
}))

// lookUp makes sure that the packages are there.
func lookUp(ctx context.Context, job *Job, in *intake) (Outcome, error) {
	for i, p := range job.Packages {
		if p.Acquire == ByNobody {
			continue
		}
		found, _, err := open(ctx, job, p)
		if err != nil {
			return failed(ctx, err)
		}
		if err := in.found(i, Verbose, "Package %s %s is in its feed, %d bytes.", p.PackageID, p.Version, found.Size); err != nil {
			return Outcome{}, err
		}
	}
	return Success(), nil
}

// failed is the outcome of an error before anything was done elsewhere: a
// failure when a person can do something about it, else the server's own.
func failed(ctx context.Context, err error) (Outcome, error) {
	switch {
	case ctx.Err() != nil && giveUp(ctx) == nil:
		return stopped(context.Cause(ctx), ""), nil
	case ctx.Err() != nil:
		return Outcome{}, ctx.Err()
	case !fault.Is(err, fault.Away) && (fault.Mendable(err) || target.Temporary(err)):
		return Failure("%s", plain(err)), nil
	}
	return Outcome{}, err
}

// invalid is an error that a person can do something about.
func invalid(format string, args ...any) error { return fault.New(fault.Invalid, format, args...) }

// acquire brings the job's packages to the far end, each content once.
func acquire(ctx context.Context, job *Job, way target.Transport, in *intake) ([]runner.Package, error) {
	var list []runner.Package
	for i, p := range job.Packages {
		if p.Acquire == ByNobody {
			continue
		}
		found, content, err := open(ctx, job, p)
		if err != nil {
			return nil, err
		}
		sent, err := way.Put(ctx, found, content)
		if err != nil {
			return nil, err
		}
		list = append(list, found)
		if sent {
			err = in.found(i, Info, "Package %s %s: sent %d bytes.", p.PackageID, p.Version, found.Size)
		} else {
			err = in.found(i, Verbose, "Package %s %s: already there.", p.PackageID, p.Version)
		}
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// open finds a package of the job in its feed.
func open(ctx context.Context, job *Job, p Package) (runner.Package, opener, error) {
	if job.Tools == nil || job.Tools.Packages == nil {
		return runner.Package{}, nil, fault.New(fault.Unavailable, "This server has no feeds to take package %s from.", p.PackageID)
	}
	found, content, err := job.Tools.Packages.Open(ctx, job.SpaceID, p.FeedID, p.PackageID, p.Version)
	if err != nil {
		if !fault.Mendable(err) {
			return found, nil, fmt.Errorf("opening package %s %s: %w", p.PackageID, p.Version, err)
		}
		return found, nil, err
	}
	found.Name, found.ID, found.Version = p.Reference, p.PackageID, p.Version
	return found, content, nil
}
