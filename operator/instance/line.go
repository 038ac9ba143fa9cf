package instance

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
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
	waiting []ticket // who was made first is first
	begun   map[string]time.Time
}

// ticket is the place of one in the line.
type ticket struct {
	name string
	made time.Time
}

// turn is how long one waits before it asks again; 0 when it is its turn, which it is
// when fewer than room are being made.
func (l *line) turn(p ticket, room int, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	for other, at := range l.begun {
		if now.Sub(at) > slow {
			delete(l.begun, other)
		}
	}
	if _, is := l.begun[p.name]; is {
		return 0
	}
	at, there := slices.BinarySearchFunc(l.waiting, p, func(a, b ticket) int {
		return cmp.Or(a.made.Compare(b.made), strings.Compare(a.name, b.name))
	})
	if !there {
		l.waiting = slices.Insert(l.waiting, at, p)
	}
	if free := room - len(l.begun); at >= free {
		return inLine * time.Duration(1+at/room)
	}
	l.waiting = slices.Delete(l.waiting, at, at+1)
	if l.begun == nil {
		l.begun = map[string]time.Time{}
	}
	l.begun[p.name] = now
	return 0
}

// leave makes room for the next.
func (l *line) leave(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.begun, name)
	l.waiting = slices.DeleteFunc(l.waiting, func(p ticket) bool { return p.name == name })
}

// turn is how long a new instance waits before anything is made for it.
func (r *Reconciler) turn(ctx context.Context, i *cloud.Instance) (time.Duration, error) {
	if i.Status.Applied != "" || !i.DeletionTimestamp.IsZero() || i.Status.Image == "" && wantedImage(i) == "" {
		return 0, nil
	}
	nodes := metav1.PartialObjectMetadataList{}
	nodes.SetGroupVersionKind(schema.GroupVersionKind{Version: "v1", Kind: "NodeList"})
	if err := r.List(ctx, &nodes); err != nil {
		return 0, fmt.Errorf("counting the nodes: %w", err)
	}
	return r.line.turn(ticket{i.Name, i.CreationTimestamp.Time}, perNode*max(1, len(nodes.Items)), r.Now()), nil
}
