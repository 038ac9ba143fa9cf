package target

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kube"
	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/runner/wire"
)

// podWay is the way to the pod of one ticket. Beyond the pod's life it is the
// way to any other agent, over a session that the API server passes on.
type podWay struct {
	pods               *Pods
	name, ticket, task string
	far                *remote
	resumed            bool // somebody may have started the job before
	canceled           atomic.Bool

	mu  sync.Mutex
	uid string // of the pod once it is known; no other is ever made then
}

func (w *podWay) known() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.uid
}

func (w *podWay) know(uid string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.uid = uid
}

// again is how long the API server is left alone after it did not answer, or a
// quota had no room.
const again = time.Second

// Anchor makes the pod, if there is none, and waits until its agent runs.
func (w *podWay) Anchor(ctx context.Context, wait func(reason string) error) (string, error) {
	first, began := w.known() == "", time.Now()
	at, err := w.anchor(ctx, wait)
	switch {
	case !first || ctx.Err() != nil || errors.Is(err, ErrGone):
	case err != nil:
		w.pods.counts.failed.Add(1)
	default:
		w.pods.counts.started.Add(1)
		w.pods.counts.took.Add(int64(time.Since(began)))
	}
	return at, err
}

func (w *podWay) anchor(ctx context.Context, wait func(reason string) error) (string, error) {
	timed, stop := context.WithTimeout(ctx, w.pods.patience())
	defer stop()
	watch := &podWatch{way: w, wait: wait}
	for {
		err := w.anchorOnce(timed, watch)
		switch {
		case err == nil:
			return podAt + w.known(), nil
		case ctx.Err() != nil:
			return "", ctx.Err()
		case timed.Err() != nil:
			return "", fault.New(fault.Unavailable, "The worker pod did not run within %v. %s", w.pods.patience(), watch.last)
		case errors.Is(err, errMakeAnother):
			continue
		case !Temporary(err):
			return "", err
		}
		if err := watch.tell(err.Error()); err != nil {
			return "", err
		}
		pause := time.NewTimer(again)
		select {
		case <-pause.C:
		case <-timed.Done():
			pause.Stop()
		}
	}
}

// errMakeAnother says that the pod that was found is on its way out, and that
// its job was never begun.
var errMakeAnother = errors.New("the pod is gone before it was used")

func (w *podWay) anchorOnce(ctx context.Context, watch *podWatch) error {
	made := false
	if w.known() == "" {
		var err error
		if made, err = w.make(ctx); err != nil {
			return err
		}
	}
	err := w.pods.Cluster.Await(ctx, w.name, watch.look)
	var gone *podGone
	switch {
	case errors.As(err, &gone) && made:
		return fault.New(fault.Unavailable, "The worker pod ended before it was given the job. %s", gone.exit.Reason)
	case err == nil, gone != nil, errors.Is(err, errMakeAnother), errors.As(err, new(*fault.Error)):
		return err
	}
	return w.pods.refused("watch pods", err)
}

// make makes the pod; one that is there already is as good.
func (w *podWay) make(ctx context.Context) (made bool, err error) {
	labels := map[string]string{LabelWorker: label(w.pods.Instance), "app.kubernetes.io/managed-by": "tako"}
	if w.task != "" {
		labels[LabelTask] = label(w.task)
	}
	manifest, err := w.pods.Manifest.make(w.name, w.ticket, labels, w.pods.Owner)
	if err != nil {
		return false, err
	}
	pod, err := w.pods.Cluster.Create(ctx, manifest)
	switch {
	case err == nil:
		w.know(pod.Metadata.UID)
		return true, nil
	case kube.Is(err, http.StatusConflict):
		return false, nil
	case kube.Is(err, http.StatusForbidden) && strings.Contains(err.Error(), "exceeded quota"):
		return false, newProblem(fault.Unavailable, ErrUnreachable, err, "The quota of the namespace %s has no room for a worker pod yet.", w.pods.Cluster.Namespace)
	}
	return false, w.pods.refused("create pods", err)
}

// podWatch sees a pod come up.
type podWatch struct {
	way     *podWay
	wait    func(reason string) error
	began   time.Time
	failing time.Time // since when it goes wrong
	last    string    // what it waits for
	told    string
}

// tellAfter is how long a pod may take to start without a word.
const tellAfter = 5 * time.Second

// look judges one state of the pod. Its error ends the watch.
func (p *podWatch) look(pod *kube.Pod) (bool, error) {
	w := p.way
	if w.known() == "" {
		if pod == nil {
			return false, errMakeAnother
		}
		if pod.Metadata.DeletionTimestamp != nil {
			return false, nil // until it is gone
		}
		w.know(pod.Metadata.UID)
	}
	s := w.judge(pod)
	switch {
	case s.gone != nil:
		return false, s.gone
	case s.runs:
		return true, nil
	case s.never:
		return false, fault.New(fault.Unavailable, "%s", s.waits)
	case !s.failing:
		p.failing = time.Time{}
	case p.failing.IsZero():
		p.failing = time.Now()
	}
	if s.failing && time.Since(p.failing) >= w.pods.pullPatience() {
		return false, fault.New(fault.Unavailable, "%s", s.waits)
	}
	return false, p.tell(s.waits)
}

// tell passes on what the pod waits for, each reason once.
func (p *podWatch) tell(reason string) error {
	p.last = reason
	if p.began.IsZero() {
		p.began = time.Now()
	}
	if p.wait == nil || reason == p.told || reason == startingPod && time.Since(p.began) < tellAfter {
		return nil
	}
	p.told = reason
	return p.wait(reason)
}

// adopt finds the pod that was made for the ticket; none is made.
func (w *podWay) adopt(ctx context.Context) error {
	if w.known() != "" {
		return nil
	}
	pod, err := w.pods.Cluster.Get(ctx, w.name)
	if err != nil {
		return w.pods.refused("read pods", err)
	}
	if pod == nil {
		return lostPod("There is no pod %s: it was never made, or was deleted.", w.name)
	}
	w.know(pod.Metadata.UID)
	return nil
}

// dialTime is how long a session with a container that runs is tried for.
const dialTime = 15 * time.Second

// dial opens a session with the agent, as soon as it runs.
func (w *podWay) dial(ctx context.Context) (*link, error) {
	watch := &podWatch{way: w}
	for deadline := time.Now().Add(dialTime); ; {
		err := w.pods.Cluster.Await(ctx, w.name, watch.look)
		if err != nil && !errors.Is(err, ErrGone) && !errors.As(err, new(*fault.Error)) {
			err = w.pods.refused("watch pods", err)
		}
		if err != nil {
			return nil, err
		}
		l, err := w.session(ctx)
		if err == nil || ctx.Err() != nil || !Temporary(err) || time.Now().After(deadline) {
			return l, err
		}
		// A container that has just ended, or just begun, is told of a little late.
		pause := time.NewTimer(again / 4)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
		}
	}
}

func (w *podWay) session(ctx context.Context) (*link, error) {
	s, err := w.pods.Cluster.Exec(ctx, w.name, workContainer, "tako-agent", "attach", "--home", podHome)
	switch {
	case kube.Is(err, http.StatusForbidden):
		return nil, w.pods.refused("exec into pods", err)
	case err != nil:
		return nil, newProblem(fault.Unavailable, ErrDisconnected, err, "The worker pod %s cannot be talked to.", w.name)
	}
	stop := context.AfterFunc(ctx, func() { s.Close() })
	r, err := awaitMagic(s)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		s.Close()
		return nil, newProblem(fault.Unavailable, ErrDisconnected, err, "The agent in the worker pod %s does not answer. %s", w.name, s.Said())
	}
	return &link{Conn: wire.NewConn(r, s, s, nil)}, nil
}

// Probe makes the pod and describes it.
func (w *podWay) Probe(ctx context.Context) (Host, error) {
	if _, err := w.Anchor(ctx, nil); err != nil {
		return Host{}, err
	}
	return w.far.Probe(ctx)
}

// Reachable makes sure that the pod is there and answers.
func (w *podWay) Reachable(ctx context.Context) error {
	if _, err := w.Anchor(ctx, nil); err != nil {
		return err
	}
	return w.far.Reachable(ctx)
}

// Has reports whether the package is in the pod.
func (w *podWay) Has(ctx context.Context, pkg runner.Package) (bool, error) {
	if _, err := w.Anchor(ctx, nil); err != nil {
		return false, err
	}
	return w.far.Has(ctx, pkg)
}

// Put brings a package into the pod.
func (w *podWay) Put(ctx context.Context, pkg runner.Package, open func() (io.ReadCloser, error)) (bool, error) {
	if _, err := w.Anchor(ctx, nil); err != nil {
		return false, err
	}
	return w.far.Put(ctx, pkg, open)
}

// Start starts the job. If its pod was known before and is gone, that is for
// Follow to say: it may have run.
func (w *podWay) Start(ctx context.Context, ticket string, job runner.Job) error {
	if err := runner.CheckTicket(ticket); err != nil {
		return fault.New(fault.Invalid, "%v", err)
	}
	_, err := w.Anchor(ctx, nil)
	if err == nil {
		err = w.far.Start(ctx, ticket, job)
	}
	if errors.Is(err, ErrGone) {
		return nil
	}
	return err
}

// Follow gives the lines after the cursor and then the exit.
func (w *podWay) Follow(ctx context.Context, ticket string, after int64, emit func([]runner.Line) error) (runner.Exit, error) {
	err := w.adopt(ctx)
	var exit runner.Exit
	if err == nil {
		exit, err = w.far.Follow(ctx, ticket, after, func(batch []runner.Line) error {
			if err := emit(batch); err != nil {
				return err
			}
			after = batch[len(batch)-1].Seq
			return nil
		})
	}
	var gone *podGone
	if errors.As(err, &gone) {
		exit, err = gone.exit, nil
		exit.Last = after
		if exit.Lost {
			w.pods.counts.lost.Add(1)
		}
	}
	return exit, err
}

// Get reads a file that the job left.
func (w *podWay) Get(ctx context.Context, ticket, path string) (io.ReadCloser, int64, error) {
	if err := w.adopt(ctx); err != nil {
		return nil, 0, gonePod(err)
	}
	file, size, err := w.far.Get(ctx, ticket, path)
	return file, size, gonePod(err)
}

// gonePod makes an error for people of a pod that is gone.
func gonePod(err error) error {
	if errors.Is(err, ErrGone) {
		return fault.Wrap(fault.NotFound, err, "The worker pod is gone, and its files with it")
	}
	return err
}

// cancelTime is how long the agent is asked to cancel before its pod is
// deleted.
const cancelTime = 20 * time.Second

// Cancel asks the job to end. An agent that cannot be asked loses its pod,
// which ends the job all the same.
func (w *podWay) Cancel(ctx context.Context, ticket string) error {
	if err := w.adopt(ctx); err != nil {
		return gonePod(err)
	}
	timed, stop := context.WithTimeout(ctx, cancelTime)
	defer stop()
	err := w.far.Cancel(timed, ticket)
	if err == nil || ctx.Err() != nil || timed.Err() == nil && !Temporary(err) {
		return gonePod(err)
	}
	w.canceled.Store(true)
	if err := w.pods.Cluster.Delete(ctx, w.name, w.known(), int(cancelTime.Seconds())); err != nil {
		return w.pods.refused("delete pods", err)
	}
	return nil
}

// Complete lets the agent go. What remains is the pod's name, by which the
// ticket is known until Sweep.
func (w *podWay) Complete(ctx context.Context, ticket string) error {
	if err := w.adopt(ctx); errors.Is(err, ErrGone) {
		return nil
	} else if err != nil {
		return err
	}
	pod, err := w.pods.Cluster.Get(ctx, w.name)
	if err != nil {
		return w.pods.refused("read pods", err)
	}
	s := w.judge(pod)
	switch {
	case s.gone != nil:
		return nil
	case !s.runs:
		if err := w.pods.Cluster.Delete(ctx, w.name, w.known(), 1); err != nil {
			return w.pods.refused("delete pods", err)
		}
		return nil
	}
	w.untilKept(ctx)
	if err := w.far.Complete(ctx, ticket); err != nil && !errors.Is(err, ErrGone) {
		return err
	}
	return nil
}

// keptTime is how long a pod is held for what was committed to be kept elsewhere. Where
// that cannot be done for longer, pods that stayed would take the place of new ones.
const keptTime = 20 * time.Second

func (w *podWay) untilKept(ctx context.Context) {
	if w.pods.Kept == nil {
		return
	}
	ctx, stop := context.WithTimeout(ctx, keptTime)
	defer stop()
	if err := w.pods.Kept(ctx); err != nil {
		slog.Warn("a worker pod is let go before the backup has what became of its job", "pod", w.name, "error", err)
	}
}

// Close gives the session up; the pod stays.
func (w *podWay) Close() error { return w.far.Close() }
