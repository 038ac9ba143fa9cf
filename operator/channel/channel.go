// Package channel brings a version of the server to the instances of a channel,
// in waves: a few first, more when those stay healthy, and back again when they
// do not.
package channel

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
)

// Index finds instances by channel.
const Index = "spec.channel"

// Reconciler brings channels forward.
type Reconciler struct {
	client.Client
	Now func() time.Time
}

// Reconcile takes a channel as far as it can go now.
func (r *Reconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	var c cloud.Channel
	if err := r.Get(ctx, request.NamespacedName, &c); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	var list cloud.InstanceList
	// plan changes none of them: they need not be copied out of the cache.
	if err := r.List(ctx, &list, client.MatchingFields{Index: c.Name}, client.UnsafeDisableDeepCopy); err != nil {
		return reconcile.Result{}, fmt.Errorf("listing the channel's instances: %w", err)
	}
	before := c.DeepCopy()
	give, after := plan(&c, list.Items, r.Now())
	// What was decided is written down first: given again, it changes nothing.
	if !equality.Semantic.DeepEqual(before.Status, c.Status) {
		if err := r.Status().Update(ctx, &c); err != nil {
			return reconcile.Result{}, client.IgnoreNotFound(err)
		}
	}
	for _, g := range give {
		if err := r.give(ctx, g); err != nil {
			return reconcile.Result{}, err
		}
	}
	return reconcile.Result{RequeueAfter: after}, nil
}

// gift is an image that an instance gets.
type gift struct {
	name, image string
	repair      bool // now, whatever the maintenance window says
}

func (r *Reconciler) give(ctx context.Context, g gift) error {
	marks := map[string]any{cloud.AnnotationImage: g.image, cloud.AnnotationRepair: nil}
	if g.repair {
		marks[cloud.AnnotationRepair] = g.image
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": marks}})
	if err != nil {
		return fmt.Errorf("writing down an image: %w", err)
	}
	i := &cloud.Instance{ObjectMeta: metav1.ObjectMeta{Name: g.name}}
	if err := r.Patch(ctx, i, client.RawPatch(types.MergePatchType, patch)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("giving %s its version: %w", g.name, err)
	}
	return nil
}

// plan decides what each instance gets, and notes how far the channel has come.
func plan(c *cloud.Channel, all []cloud.Instance, now time.Time) ([]gift, time.Duration) {
	s := &c.Status
	all = slices.DeleteFunc(slices.Clone(all), func(i cloud.Instance) bool { return i.DeletionTimestamp != nil })
	order(all, c.Spec.Image)
	if s.Image != c.Spec.Image {
		*s = cloud.ChannelStatus{Image: c.Spec.Image, Good: s.Good, State: cloud.ChannelRolling, Wave: 1}
		if s.Good == "" {
			s.Good, s.State = s.Image, cloud.ChannelDone // there is nothing to come from
		}
	}
	s.Instances, s.Done, s.Failed = int32(len(all)), 0, nil
	for _, i := range all {
		if i.Status.Image == s.Image && settled(i, s.Image) {
			s.Done++
		}
		if i.Status.Refused == s.Image {
			s.Failed = append(s.Failed, i.Name)
		}
	}
	slices.Sort(s.Failed)
	var after time.Duration
	if s.State == cloud.ChannelRolling {
		after = roll(c, all, now)
	}
	var give []gift
	for n, i := range all {
		if g, change := giftOf(c, i, n); change {
			give = append(give, g)
		}
	}
	return give, after
}

// order sorts instances so that each version begins with others.
func order(all []cloud.Instance, image string) {
	keys := map[string]string{}
	for n := range all {
		sum := sha256.Sum256([]byte(image + "\n" + all[n].Name))
		keys[all[n].Name] = string(sum[:8])
	}
	slices.SortFunc(all, func(a, b cloud.Instance) int { return strings.Compare(keys[a.Name], keys[b.Name]) })
}

// upTo is how many instances have the version after a wave, from 1; none after
// wave 0.
func upTo(c *cloud.Channel, wave int32, instances int) int {
	if wave < 1 {
		return 0
	}
	percent := c.Spec.Waves[min(int(wave), len(c.Spec.Waves))-1]
	return (instances*int(percent) + 99) / 100
}

// roll stops at failures, and goes to the next wave when one has been healthy.
func roll(c *cloud.Channel, all []cloud.Instance, now time.Time) time.Duration {
	s := &c.Status
	if len(s.Failed) > int(c.Spec.MaxFailed) {
		s.State, s.Healthy = cloud.ChannelStopped, nil
		s.Message = fmt.Sprintf("Stopped in wave %d: %s did not become healthy on %s. The wave goes back to %s; give another image to go on.", s.Wave, strings.Join(s.Failed, ", "), s.Image, s.Good)
		return 0
	}
	end := upTo(c, s.Wave, len(all))
	waiting := 0
	for _, i := range all[:end] {
		if !settled(i, s.Image) {
			waiting++
		}
	}
	if waiting > 0 {
		s.Healthy = nil
		s.Message = fmt.Sprintf("Wave %d of %d: %d of %d instances do not have the version yet; those with a maintenance window wait for it.", s.Wave, len(c.Spec.Waves), waiting, end)
		return 0
	}
	if s.Healthy == nil {
		t := metav1.NewTime(now)
		s.Healthy = &t
	}
	if left := s.Healthy.Add(c.Spec.Soak.Duration).Sub(now); left > 0 {
		s.Message = fmt.Sprintf("Wave %d of %d is healthy; the next begins at %s UTC if it stays so.", s.Wave, len(c.Spec.Waves), now.Add(left).UTC().Format("15:04:05"))
		return left
	}
	s.Healthy = nil
	if int(s.Wave) >= len(c.Spec.Waves) {
		s.State, s.Good, s.Message = cloud.ChannelDone, s.Image, "All instances have the version."
		return 0
	}
	s.Wave++
	s.Message = fmt.Sprintf("Wave %d of %d begins.", s.Wave, len(c.Spec.Waves))
	return time.Millisecond
}

// settled says whether an instance has nothing more to do for a version.
// Suspended ones get it when they are taken back.
func settled(i cloud.Instance, image string) bool {
	switch i.Status.Phase {
	case cloud.Suspended:
		return true
	case cloud.Ready, cloud.Hibernated:
		return i.Status.Image == image || i.Status.Refused == image
	}
	return false
}

// giftOf is what an instance shall have, and whether that is a change.
func giftOf(c *cloud.Channel, i cloud.Instance, place int) (gift, bool) {
	s := c.Status
	g := gift{name: i.Name, image: s.Good}
	has := i.Annotations[cloud.AnnotationImage]
	switch s.State {
	case cloud.ChannelRolling:
		if place < upTo(c, s.Wave, int(s.Instances)) {
			g.image = s.Image
		} else if has == s.Image {
			return g, false // others came or went meanwhile; nothing is taken back for that
		}
	case cloud.ChannelStopped:
		if has == s.Image && place < upTo(c, s.Wave-1, int(s.Instances)) {
			return g, false // an earlier wave, which is healthy
		}
		g.repair = has == s.Image
	}
	return g, has != g.image
}

// SetupWithManager has the reconciler called when channels or their instances
// change.
func (r *Reconciler) SetupWithManager(ctx context.Context, m ctrl.Manager) error {
	err := m.GetFieldIndexer().IndexField(ctx, &cloud.Instance{}, Index, channelOf)
	if err != nil {
		return fmt.Errorf("indexing instances by channel: %w", err)
	}
	toChannel := handler.EnqueueRequestsFromMapFunc(func(_ context.Context, o client.Object) []reconcile.Request {
		var all []reconcile.Request
		for _, name := range channelOf(o) {
			all = append(all, reconcile.Request{NamespacedName: types.NamespacedName{Name: name}})
		}
		return all
	})
	moved := predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		a, ok1 := e.ObjectOld.(*cloud.Instance)
		b, ok2 := e.ObjectNew.(*cloud.Instance)
		return ok1 && ok2 && (a.Spec.Channel != b.Spec.Channel || a.Status.Phase != b.Status.Phase || a.Status.Image != b.Status.Image || a.Status.Refused != b.Status.Refused)
	}}
	err = ctrl.NewControllerManagedBy(m).Named("channel").For(&cloud.Channel{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&cloud.Instance{}, toChannel, builder.WithPredicates(moved)).Complete(r)
	if err != nil {
		return fmt.Errorf("watching channels: %w", err)
	}
	return nil
}

func channelOf(o client.Object) []string {
	if i, ok := o.(*cloud.Instance); ok && i.Spec.Channel != "" {
		return []string{i.Spec.Channel}
	}
	return nil
}
