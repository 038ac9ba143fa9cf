package control

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
)

// Rolled is a channel as people want to see it.
type Rolled struct {
	Name      string     `json:"name"`
	Image     string     `json:"image"`          // that it brings
	Good      string     `json:"good,omitempty"` // that every instance had last
	State     string     `json:"state"`
	Says      string     `json:"says"`
	Wave      int32      `json:"wave"`
	Waves     []int32    `json:"waves"`
	Soak      string     `json:"soak"`
	MaxFailed int32      `json:"maxFailed"`
	Healthy   *time.Time `json:"healthy,omitempty"`
	Instances int32      `json:"instances"`
	Done      int32      `json:"done"`
	Failed    []string   `json:"failed,omitempty"`
}

func rolled(o *cloud.Channel) Rolled {
	s := o.Status
	return Rolled{Name: o.Name, Image: o.Spec.Image, Good: s.Good, State: s.State, Says: s.Message, Wave: s.Wave, Waves: o.Spec.Waves, Soak: short(o.Spec.Soak),
		MaxFailed: o.Spec.MaxFailed, Healthy: moment(s.Healthy), Instances: s.Instances, Done: s.Done, Failed: s.Failed}
}

func (c *Control) channels(r *http.Request, _ *User) (any, error) {
	var all cloud.ChannelList
	if err := c.Client.List(r.Context(), &all); err != nil {
		return nil, fmt.Errorf("listing channels: %w", err)
	}
	items := make([]Rolled, len(all.Items))
	for n := range all.Items {
		items[n] = rolled(&all.Items[n])
	}
	return map[string]any{"items": items}, nil
}

// plan is what may be said of a channel; what is left out stays, or is filled in
// by the API server.
type plan struct {
	Name      string  `json:"name,omitempty"` // of a new one
	Image     string  `json:"image,omitempty"`
	Waves     []int32 `json:"waves,omitempty"`
	Soak      string  `json:"soak,omitempty"`
	MaxFailed *int32  `json:"maxFailed,omitempty"`
}

// planned reads a plan, notes it and gives it as a specification.
func (c *Control) planned(r *http.Request, u *User, did, name string) (string, []byte, error) {
	var wanted plan
	if err := read(r, &wanted); err != nil {
		return "", nil, err
	}
	name = cmp.Or(name, wanted.Name)
	if wanted.Name != "" && wanted.Name != name {
		return "", nil, refusal{http.StatusBadRequest, "name: a channel cannot be renamed; make another."}
	}
	wanted.Name = ""
	text, err := json.Marshal(wanted)
	if err != nil {
		return "", nil, fmt.Errorf("writing down the channel: %w", err)
	}
	if did == "change channel" {
		if err := c.Client.Get(r.Context(), types.NamespacedName{Name: name}, &cloud.Channel{}); err != nil {
			return "", nil, fmt.Errorf("reading the channel: %w", err)
		}
	}
	return name, text, c.note(r.Context(), Entry{User: u.Name, Subject: u.subject, Did: did, Channel: name, With: text})
}

// openChannel makes a channel.
func (c *Control) openChannel(r *http.Request, u *User) (any, error) {
	name, text, err := c.planned(r, u, "create channel", "")
	if err != nil {
		return nil, err
	}
	var spec map[string]any
	if err := json.Unmarshal(text, &spec); err != nil {
		return nil, fmt.Errorf("writing down the channel: %w", err)
	}
	o := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	o.SetGroupVersionKind(cloud.GroupVersion.WithKind("Channel"))
	o.SetName(name)
	if err := c.Client.Create(r.Context(), o); err != nil {
		return nil, fmt.Errorf("making the channel: %w", err)
	}
	var made cloud.Channel
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &made); err != nil {
		return nil, fmt.Errorf("reading the channel: %w", err)
	}
	return rolled(&made), nil
}

// changeChannel has a channel bring another version, or go about it otherwise.
func (c *Control) changeChannel(r *http.Request, u *User) (any, error) {
	name, text, err := c.planned(r, u, "change channel", r.PathValue("name"))
	if err != nil {
		return nil, err
	}
	o := &cloud.Channel{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if err := c.Client.Patch(r.Context(), o, client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"spec":%s}`, text))); err != nil {
		return nil, fmt.Errorf("changing the channel: %w", err)
	}
	return rolled(o), nil
}

// Version is an image, with what has to do with it.
type Version struct {
	Image     string   `json:"image"`
	Instances int      `json:"instances"`          // that run it
	Refused   []string `json:"refused,omitempty"`  // instances on which it did not become healthy
	Channels  []string `json:"channels,omitempty"` // that bring it
}

// versions are the images that instances run, refuse or shall get.
func (c *Control) versions(r *http.Request, _ *User) (any, error) {
	known := map[string]*Version{}
	of := func(image string) *Version {
		if known[image] == nil {
			known[image] = &Version{Image: image}
		}
		return known[image]
	}
	var channels cloud.ChannelList
	if err := c.Client.List(r.Context(), &channels); err != nil {
		return nil, fmt.Errorf("listing channels: %w", err)
	}
	for _, o := range channels.Items {
		of(o.Spec.Image).Channels = append(of(o.Spec.Image).Channels, o.Name)
	}
	for next := ""; ; {
		var some cloud.InstanceList
		if err := c.Client.List(r.Context(), &some, client.Limit(500), client.Continue(next)); err != nil {
			return nil, fmt.Errorf("listing instances: %w", err)
		}
		for _, i := range some.Items {
			if i.Status.Image != "" {
				of(i.Status.Image).Instances++
			}
			if i.Status.Refused != "" {
				of(i.Status.Refused).Refused = append(of(i.Status.Refused).Refused, i.Name)
			}
		}
		if next = some.Continue; next == "" {
			break
		}
	}
	items := make([]*Version, 0, len(known))
	for _, v := range known {
		items = append(items, v)
	}
	slices.SortFunc(items, func(a, b *Version) int {
		return cmp.Or(cmp.Compare(b.Instances, a.Instances), cmp.Compare(a.Image, b.Image))
	})
	return map[string]any{"items": items}, nil
}
