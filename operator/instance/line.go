package instance

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
)

const (
	// perNode is how many instances a node is given to start at once.
	perNode = 4
	// slow is after how long one that is being made holds up others no more.
	slow = 10 * time.Second
	// inLine is how often the first in the line look whether it is their turn.
	inLine = 50 * time.Millisecond
)

// line is where new instances wait for their turn. Were all that come at once begun at
// once, all would be there when the last is; in a line, half are in half the time. What
// it knows is lost with the operator, and then some more are begun at once.
type line struct {
	mu      sync.Mutex
	waiting []string // who came first is first
	begun   map[string]time.Time
}

// turn is how long one waits before it asks again; 0 when it is its turn, which it is
// when fewer than room are being made.
func (l *line) turn(name string, room int, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	for other, at := range l.begun {
		if now.Sub(at) > slow {
			delete(l.begun, other)
		}
	}
	if _, is := l.begun[name]; is {
		return 0
	}
	place := slices.Index(l.waiting, name)
	if place < 0 {
		place = len(l.waiting)
		l.waiting = append(l.waiting, name)
	}
	if free := room - len(l.begun); place >= free {
		return inLine * time.Duration(1+place/room)
	}
	l.waiting = slices.Delete(l.waiting, place, place+1)
	if l.begun == nil {
		l.begun = map[string]time.Time{}
	}
	l.begun[name] = now
	return 0
}

// leave makes room for the next.
func (l *line) leave(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.begun, name)
	l.waiting = slices.DeleteFunc(l.waiting, func(other string) bool { return other == name })
}

// turn is how long a new instance waits before it is begun. One that is long in the
// making waits for nobody.
func (r *Reconciler) turn(ctx context.Context, i *cloud.Instance) (time.Duration, error) {
	phase := i.Status.Phase
	if i.Status.Begun || !i.DeletionTimestamp.IsZero() || phase != "" && (phase != cloud.Provisioning || r.Now().Sub(i.Status.Since.Time) > slow) {
		return 0, nil
	}
	nodes := metav1.PartialObjectMetadataList{}
	nodes.SetGroupVersionKind(schema.GroupVersionKind{Version: "v1", Kind: "NodeList"})
	if err := r.List(ctx, &nodes); err != nil {
		return 0, fmt.Errorf("counting the nodes: %w", err)
	}
	return r.line.turn(i.Name, perNode*max(1, len(nodes.Items)), r.Now()), nil
}
