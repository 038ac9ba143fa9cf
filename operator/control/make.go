package control

import (
	"encoding/json"
	"fmt"
	"net/http"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/controller-runtime/pkg/client"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
)

// wish is what a new instance shall be. What is left out the API server fills in,
// which is why nothing here has a value of its own. Which part of the bucket it
// gets nobody can say here: it might be another's.
type wish struct {
	Name        string        `json:"name,omitempty"`
	Customer    string        `json:"customer,omitempty"`
	Hosts       []string      `json:"hosts,omitempty"`
	Channel     string        `json:"channel,omitempty"`
	Image       string        `json:"image,omitempty"`
	TaskCap     int32         `json:"taskCap,omitempty"`
	Window      *cloud.Window `json:"maintenanceWindow,omitempty"`
	Hibernation *struct {
		IdleAfter string `json:"idleAfter,omitempty"`
	} `json:"hibernation,omitempty"`
	Storage *struct {
		Volume      string `json:"volume,omitempty"`
		SizeGiB     int32  `json:"sizeGiB,omitempty"`
		KeepBackups string `json:"keepBackups,omitempty"`
	} `json:"storage,omitempty"`
	Admin *struct {
		Username string `json:"username,omitempty"`
		Email    string `json:"email,omitempty"`
	} `json:"admin,omitempty"`
	DeletionGrace string `json:"deletionGrace,omitempty"`
}

// named refuses a name that no namespace could be made of.
func named(name string) error {
	if len(validation.IsDNS1123Label(name)) > 0 || len(name) > 50 {
		return refusal{http.StatusUnprocessableEntity, fmt.Sprintf("%q cannot be the name of an instance, since its namespace is named after it: give small letters, digits and hyphens within, 50 at most.", name)}
	}
	return nil
}

// create asks for a new instance.
func (c *Control) create(r *http.Request, u *User) (any, error) {
	var wanted wish
	if err := read(r, &wanted); err != nil {
		return nil, err
	}
	if err := named(wanted.Name); err != nil {
		return nil, err
	}
	name := wanted.Name
	wanted.Name = ""
	text, err := json.Marshal(wanted)
	if err != nil {
		return nil, fmt.Errorf("writing down the instance: %w", err)
	}
	if err := c.note(r.Context(), Entry{User: u.Name, Subject: u.subject, Did: "create", Instance: name, With: text}); err != nil {
		return nil, err
	}
	var spec map[string]any
	if err := json.Unmarshal(text, &spec); err != nil {
		return nil, fmt.Errorf("writing down the instance: %w", err)
	}
	o := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	o.SetGroupVersionKind(cloud.GroupVersion.WithKind("Instance"))
	o.SetName(name)
	o.SetAnnotations(map[string]string{annotationBy: u.Name})
	if err := c.Client.Create(r.Context(), o); err != nil {
		return nil, fmt.Errorf("making the instance: %w", err)
	}
	var i cloud.Instance
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &i); err != nil {
		return nil, fmt.Errorf("reading the instance: %w", err)
	}
	return c.shown(&i), nil
}

// remove has an instance deleted: its server completes its backup, which is kept
// for the instance's grace.
func (c *Control) remove(r *http.Request, u *User) (any, error) {
	var i cloud.Instance
	if err := c.Client.Get(r.Context(), types.NamespacedName{Name: r.PathValue("name")}, &i); err != nil {
		return nil, fmt.Errorf("reading the instance: %w", err)
	}
	if err := c.note(r.Context(), Entry{User: u.Name, Subject: u.subject, Did: "delete", Instance: i.Name}); err != nil {
		return nil, err
	}
	// The one that was looked at, and not another that has its name by now.
	if err := c.Client.Delete(r.Context(), &i, client.Preconditions{UID: &i.UID}); err != nil {
		return nil, fmt.Errorf("deleting the instance: %w", err)
	}
	return map[string]any{"name": i.Name, "keptFor": short(i.Spec.DeletionGrace)}, nil
}
