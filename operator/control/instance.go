package control

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
	"github.com/takodeploy/tako/operator/cost"
)

// annotationBy tells on a restore who asked for it.
const annotationBy = "cloud.tako.dev/asked-by"

// Shown is an instance as people want to see it.
type Shown struct {
	Name      string        `json:"name"`
	Customer  string        `json:"customer"`
	Hosts     []string      `json:"hosts"`
	State     cloud.Phase   `json:"state"`
	Since     *time.Time    `json:"since,omitempty"`
	Well      bool          `json:"well"`
	Says      string        `json:"says"`
	Version   string        `json:"version"`           // image that it runs
	Channel   string        `json:"channel,omitempty"` // that it follows
	Image     string        `json:"image,omitempty"`   // that it stays on
	Refused   string        `json:"refused,omitempty"` // image that did not become healthy
	Window    *cloud.Window `json:"maintenanceWindow,omitempty"`
	Suspended bool          `json:"suspended"`
	TaskCap   int32         `json:"taskCap"`
	IdleAfter string        `json:"idleAfter"`
	Grace     string        `json:"deletionGrace"`
	Made      *time.Time    `json:"made,omitempty"`
	Backup    *Backup       `json:"backup,omitempty"`
	Cost      *Cost         `json:"cost,omitempty"` // absent where nothing was measured
	Restores  []Restored    `json:"restores,omitempty"`
}

// Backup is where an instance's backup lies and how far it reaches.
type Backup struct {
	Prefix  string `json:"prefix"`
	Keep    string `json:"keep"`
	Key     string `json:"key,omitempty"`     // that was made for it
	Turning bool   `json:"turning,omitempty"` // the one before it is still good
}

// Cost is what an instance costs in a month, in dollars.
type Cost struct {
	All      float64 `json:"all"`
	Server   float64 `json:"server"`
	Workers  float64 `json:"workers"`
	Storage  float64 `json:"storage"`
	Requests float64 `json:"requests"`
	Shared   float64 `json:"shared"`
}

// Restored is a restore from or into an instance.
type Restored struct {
	Name   string     `json:"name"`
	Source string     `json:"source"`
	Target string     `json:"target"`
	Time   *time.Time `json:"time,omitempty"`
	State  string     `json:"state"`
	Says   string     `json:"says"`
	By     string     `json:"by,omitempty"`
}

func moment(t *metav1.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	utc := t.UTC()
	return &utc
}

// short is a duration without what is zero at its end: 168h, and not 168h0m0s.
func short(d metav1.Duration) string {
	text := d.Duration.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func (c *Control) shown(i *cloud.Instance) Shown {
	s := Shown{Name: i.Name, Customer: i.Spec.Customer, Hosts: i.Spec.Hosts, State: i.Status.Phase, Since: moment(&i.Status.Since), Version: i.Status.Image,
		Channel: i.Spec.Channel, Refused: i.Status.Refused, Window: i.Spec.MaintenanceWindow, Suspended: i.Spec.Suspended,
		Image: i.Spec.Image, TaskCap: i.Spec.TaskCap, IdleAfter: short(i.Spec.Hibernation.IdleAfter), Grace: short(i.Spec.DeletionGrace), Made: moment(&i.CreationTimestamp)}
	if r := apimeta.FindStatusCondition(i.Status.Conditions, "Ready"); r != nil {
		s.Well, s.Says = r.Status == metav1.ConditionTrue, r.Message
	}
	if i.Status.Prefix != "" {
		s.Backup = &Backup{Prefix: i.Status.Prefix, Keep: short(i.Spec.Storage.KeepBackups), Key: i.Status.BucketKey, Turning: i.Status.Turning}
	}
	if use, ok := c.Uses[i.Name]; ok {
		b := c.Prices.Monthly([]cost.Use{use}, c.Sharers)[0]
		s.Cost = &Cost{b.All, b.Server, b.Workers, b.Storage, b.Requests, b.Shared}
	}
	return s
}

// list gives instances in pages.
func (c *Control) list(r *http.Request, _ *User) (any, error) {
	limit := int64(100)
	if text := r.URL.Query().Get("limit"); text != "" {
		var err error
		if limit, err = strconv.ParseInt(text, 10, 64); err != nil || limit < 1 || limit > 1000 {
			return nil, refusal{http.StatusBadRequest, "limit is a number from 1 to 1000."}
		}
	}
	var all cloud.InstanceList
	if err := c.Client.List(r.Context(), &all, client.Limit(limit), client.Continue(r.URL.Query().Get("continue"))); err != nil {
		return nil, fmt.Errorf("listing instances: %w", err)
	}
	items := make([]Shown, len(all.Items))
	for n := range all.Items {
		items[n] = c.shown(&all.Items[n])
	}
	return map[string]any{"items": items, "continue": all.Continue}, nil
}

func (c *Control) show(r *http.Request, _ *User) (any, error) {
	var i cloud.Instance
	if err := c.Client.Get(r.Context(), types.NamespacedName{Name: r.PathValue("name")}, &i); err != nil {
		return nil, fmt.Errorf("reading the instance: %w", err)
	}
	s := c.shown(&i)
	var restores cloud.RestoreList
	if err := c.Client.List(r.Context(), &restores); err != nil {
		return nil, fmt.Errorf("listing restores: %w", err)
	}
	for _, o := range restores.Items {
		if o.Spec.Source == i.Name || o.Spec.Target == i.Name {
			s.Restores = append(s.Restores, Restored{Name: o.Name, Source: o.Spec.Source, Target: o.Spec.Target, Time: moment(o.Spec.Time),
				State: o.Status.State, Says: o.Status.Message, By: o.Annotations[annotationBy]})
		}
	}
	return s, nil
}

// change is what may be changed of an instance; what is left out stays. How long a
// backup outlives its instance is not: it is what somebody who deletes by mistake,
// or with another's session, is caught by.
type change struct {
	Suspended   *bool           `json:"suspended,omitempty"`
	Window      json.RawMessage `json:"maintenanceWindow,omitempty"` // null for any time
	Customer    string          `json:"customer,omitempty"`
	Hosts       []string        `json:"hosts,omitempty"`
	Channel     *string         `json:"channel,omitempty"` // to follow, instead of an image
	Image       *string         `json:"image,omitempty"`   // to stay on, instead of a channel
	TaskCap     int32           `json:"taskCap,omitempty"`
	Hibernation *struct {
		IdleAfter string `json:"idleAfter,omitempty"`
	} `json:"hibernation,omitempty"`
}

// spec is what is noted and sent to the API server. Who gives a channel takes the
// image away, and the other way round.
func (g change) spec() ([]byte, error) {
	text, err := json.Marshal(g)
	if err != nil {
		return nil, fmt.Errorf("writing down the change: %w", err)
	}
	var spec map[string]any
	if err := json.Unmarshal(text, &spec); err != nil {
		return nil, fmt.Errorf("writing down the change: %w", err)
	}
	switch {
	case g.Channel != nil && g.Image != nil:
		return nil, refusal{http.StatusBadRequest, "Give either a channel to follow or an image to stay on."}
	case g.Channel != nil:
		spec["image"] = nil
	case g.Image != nil:
		spec["channel"] = nil
	}
	return json.Marshal(spec)
}

func (c *Control) change(r *http.Request, u *User) (any, error) {
	var wanted change
	if err := read(r, &wanted); err != nil {
		return nil, err
	}
	spec, err := wanted.spec()
	if err != nil {
		return nil, err
	}
	i := &cloud.Instance{ObjectMeta: metav1.ObjectMeta{Name: r.PathValue("name")}}
	if err := c.Client.Get(r.Context(), client.ObjectKeyFromObject(i), i); err != nil {
		return nil, fmt.Errorf("reading the instance: %w", err)
	}
	if err := c.note(r.Context(), Entry{User: u.Name, Subject: u.subject, Did: "change", Instance: i.Name, With: spec}); err != nil {
		return nil, err
	}
	if err := c.Client.Patch(r.Context(), i, client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"spec":%s}`, spec))); err != nil {
		return nil, fmt.Errorf("changing the instance: %w", err)
	}
	return c.shown(i), nil
}

// back is what a restore may say.
type back struct {
	Time   *time.Time `json:"time,omitempty"`   // the newest unless given
	Target string     `json:"target,omitempty"` // itself unless given
	Hosts  []string   `json:"hosts,omitempty"`  // of a new target
}

func (c *Control) restore(r *http.Request, u *User) (any, error) {
	var wanted back
	if err := read(r, &wanted); err != nil {
		return nil, err
	}
	name := r.PathValue("name")
	if err := c.Client.Get(r.Context(), types.NamespacedName{Name: name}, &cloud.Instance{}); err != nil {
		return nil, fmt.Errorf("reading the instance: %w", err)
	}
	if wanted.Time != nil && wanted.Time.After(c.Now()) {
		return nil, refusal{http.StatusBadRequest, "time lies in the future: give one that has been, or leave it out for the newest."}
	}
	if wanted.Target == "" {
		wanted.Target = name
	}
	if err := named(wanted.Target); err != nil {
		return nil, err
	}
	text, err := json.Marshal(wanted)
	if err != nil {
		return nil, fmt.Errorf("writing down the restore: %w", err)
	}
	if err := c.note(r.Context(), Entry{User: u.Name, Subject: u.subject, Did: "restore", Instance: name, With: text}); err != nil {
		return nil, err
	}
	o := &cloud.Restore{ObjectMeta: metav1.ObjectMeta{GenerateName: name + "-", Annotations: map[string]string{annotationBy: u.Name}},
		Spec: cloud.RestoreSpec{Source: name, Target: wanted.Target, Hosts: wanted.Hosts}}
	if wanted.Time != nil {
		at := metav1.NewTime(*wanted.Time)
		o.Spec.Time = &at
	}
	if err := c.Client.Create(r.Context(), o); err != nil {
		return nil, fmt.Errorf("asking for the restore: %w", err)
	}
	return Restored{Name: o.Name, Source: name, Target: wanted.Target, Time: wanted.Time, State: cloud.RestoreWaiting, By: u.Name}, nil
}
