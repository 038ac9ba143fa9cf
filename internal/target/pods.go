package target

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kube"
)

// Pods runs each ticket in a pod of its own in a Kubernetes cluster. The pod
// is named by its ticket, so that whoever asks for it finds the same one; it
// needs neither the server's process nor its connection, and what is left of it
// when its job was completed says that the ticket has run.
type Pods struct {
	Cluster  *kube.Cluster
	Manifest *PodManifest
	// Instance tells the pods of one installation from those of another.
	Instance string
	// Owner is removed together with the pods; nil for none.
	Owner *kube.Owner

	// Kept waits until what the server has committed so far can no longer be lost with
	// its disk. A pod is not let go before, since nobody else could tell once more how
	// its job ended. nil where no disk is lost while a server goes on.
	Kept func(ctx context.Context) error

	Options Options
	// Patience is how long a pod may take until its container runs: a node may
	// have to be added first; 10 min.
	Patience time.Duration
	// PullPatience is how long pulling the image may go wrong; 2 min.
	PullPatience time.Duration

	counts struct {
		started, failed, lost, took atomic.Int64
	}
}

// PodCounts are what became of the pods of one server's life.
type PodCounts struct {
	Started, Failed, Lost int64
	Took                  time.Duration // until they could be given a job, together
}

// Counts gives what became of pods so far.
func (p *Pods) Counts() PodCounts {
	return PodCounts{Started: p.counts.started.Load(), Failed: p.counts.failed.Load(), Lost: p.counts.lost.Load(), Took: time.Duration(p.counts.took.Load())}
}

// PodTicket names the work that a pod is for.
type PodTicket struct {
	Ticket string
	Task   string // for people, and for Sweep
	// At is what Anchor has given, by whichever server; empty if the job has
	// not been begun.
	At string
}

// Anchored is a Transport whose far end is made for the one job.
type Anchored interface {
	Transport
	// Anchor makes the far end unless it was made, and gives what leads back to
	// it. Who has kept that before the job is started can never start it at a
	// second far end. wait is called with what is waited for.
	Anchor(ctx context.Context, wait func(reason string) error) (at string, err error)
}

// ErrGone says that the far end that a job was begun at is not there any more.
var ErrGone = errors.New("the far end is gone")

// podAt starts what Anchor gives.
const podAt = "pod:"

// IsPodAnchor reports whether a note of where a job has begun is of a pod.
func IsPodAnchor(at string) bool { return strings.HasPrefix(at, podAt) }

// Open makes the way to the pod of a ticket. Nothing is made before it is
// used.
func (p *Pods) Open(t PodTicket) (Anchored, error) {
	uid, ok := strings.CutPrefix(t.At, podAt)
	if t.At != "" && !ok {
		return nil, newProblem(fault.Unavailable, ErrGone, nil, "The action began on a built-in worker, before this server was told to use worker pods.")
	}
	w := &podWay{pods: p, name: PodName(t.Ticket), ticket: t.Ticket, task: t.Task, uid: uid, resumed: uid != ""}
	options := p.Options
	options.ConnectTimeout = p.patience() + options.withDefaults().ConnectTimeout
	w.far = newRemote("the worker pod "+w.name, options, w.dial)
	return w, nil
}

func (p *Pods) patience() time.Duration {
	if p.Patience == 0 {
		return 10 * time.Minute
	}
	return p.Patience
}

func (p *Pods) pullPatience() time.Duration {
	if p.PullPatience == 0 {
		return 2 * time.Minute
	}
	return p.PullPatience
}

// FindOwner looks for what owns this process's own pod and outlives it, which
// is a stateful set; then worker pods go when it is removed.
func (p *Pods) FindOwner(ctx context.Context) error {
	name, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("finding the own pod: %w", err)
	}
	pod, err := p.Cluster.Get(ctx, name)
	if err != nil {
		return p.refused("read its own pod", err)
	}
	if pod == nil {
		return nil
	}
	for _, owner := range pod.Metadata.OwnerReferences {
		if owner.Kind == "StatefulSet" {
			owner.Controller = false
			p.Owner = &owner
		}
	}
	return nil
}

// refused turns the API server's no, or its silence, into an error for people.
func (p *Pods) refused(what string, err error) error {
	var no *kube.Error
	switch {
	case !errors.As(err, &no):
		return newProblem(fault.Unavailable, ErrUnreachable, err, "The cluster's API server cannot be reached.")
	case no.Temporary():
		return newProblem(fault.Unavailable, ErrUnreachable, err, "The cluster's API server does not answer as it should.")
	case no.Code == 401:
		// A token ends with the pod that it is of, before the server in that pod does
		// where the pod is removed by force: its task goes on with the next server.
		return newProblem(fault.Unavailable, ErrUnreachable, err, "The cluster's API server does not take the token of the server's service account.")
	case no.Code == 403 && !strings.Contains(no.Message, "PodSecurity"):
		return fault.Wrap(fault.Forbidden, err, "The server may not %s in the namespace %s; its service account needs a role with the pods of this namespace", what, p.Cluster.Namespace)
	}
	return fault.Wrap(fault.Invalid, err, "The cluster does not let the server %s; look at the manifest of worker pods", what)
}

// sweepAfter is how long what is left of a pod stays after its task has ended, for a
// server that was set back by a moment, and how old a pod is at least whose task
// nobody knows, because the server was set back beyond its beginning. runsAfter is how
// long one may still run: nobody follows it any more, since its job was begun by a
// server whose last moments are lost, and it takes the room of others.
const (
	sweepAfter = 10 * time.Minute
	runsAfter  = time.Minute
)

// Sweep removes the pods of tasks that have ended a while ago. ended tells when
// a task has; the zero time is not yet, and false that there is no such task.
func (p *Pods) Sweep(ctx context.Context, ended func(task string) (time.Time, bool, error)) error {
	list, err := p.Cluster.List(ctx, LabelWorker+"="+label(p.Instance))
	if err != nil {
		return p.refused("list pods", err)
	}
	for _, pod := range list {
		at, known, err := ended(pod.Metadata.Labels[LabelTask])
		if err != nil {
			return err
		}
		stays := at.IsZero() || time.Since(at) < runsAfter || time.Since(at) < sweepAfter && over(pod)
		if !known {
			stays = time.Since(pod.Metadata.CreationTimestamp) < sweepAfter
		}
		if stays || pod.Metadata.DeletionTimestamp != nil {
			continue
		}
		if err := p.Cluster.Delete(ctx, pod.Metadata.Name, pod.Metadata.UID, 1); err != nil {
			return p.refused("delete pods", err)
		}
	}
	return nil
}

// over says whether nothing of a pod runs, and it takes no room.
func over(p kube.Pod) bool { return p.Status.Phase == kube.Succeeded || p.Status.Phase == kube.Failed }
