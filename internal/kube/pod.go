package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Pod is what is read of a pod.
type Pod struct {
	Metadata Metadata  `json:"metadata"`
	Status   PodStatus `json:"status"`
}

// Metadata names a pod.
type Metadata struct {
	Name              string            `json:"name"`
	UID               string            `json:"uid"`
	Labels            map[string]string `json:"labels"`
	CreationTimestamp time.Time         `json:"creationTimestamp"`
	DeletionTimestamp *time.Time        `json:"deletionTimestamp"`
	OwnerReferences   []Owner           `json:"ownerReferences"`
}

// Owner is an object with which others are removed.
type Owner struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Name       string `json:"name"`
	UID        string `json:"uid"`
	Controller bool   `json:"controller,omitempty"`
}

// The phases of a pod that are told apart.
const (
	Pending   = "Pending"
	Running   = "Running"
	Succeeded = "Succeeded"
	Failed    = "Failed"
)

// PodStatus is how a pod is.
type PodStatus struct {
	Phase      string
	Reason     string // "Evicted", "DeadlineExceeded"
	Message    string
	Conditions []struct {
		Type, Status, Reason, Message string
	}
	InitContainerStatuses []ContainerStatus
	ContainerStatuses     []ContainerStatus
}

// ContainerStatus is how one container of a pod is.
type ContainerStatus struct {
	Name  string
	Image string
	State struct {
		Waiting    *Waiting
		Running    *struct{ StartedAt time.Time }
		Terminated *Terminated
	}
}

// Waiting says why a container does not run yet.
type Waiting struct{ Reason, Message string }

// Terminated says how a container ended.
type Terminated struct {
	ExitCode        int
	Reason, Message string
	FinishedAt      time.Time
}

// Create makes a pod.
func (c *Cluster) Create(ctx context.Context, manifest any) (*Pod, error) {
	var pod Pod
	if err := c.call(ctx, http.MethodPost, c.pods(), manifest, &pod); err != nil {
		return nil, err
	}
	return &pod, nil
}

// Get reads a pod; nil when there is none.
func (c *Cluster) Get(ctx context.Context, name string) (*Pod, error) {
	var pod Pod
	err := c.call(ctx, http.MethodGet, c.pods(name), nil, &pod)
	if Is(err, http.StatusNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &pod, nil
}

// List reads the pods with labels.
func (c *Cluster) List(ctx context.Context, labels string) ([]Pod, error) {
	var list struct{ Items []Pod }
	err := c.call(ctx, http.MethodGet, c.pods()+"?labelSelector="+url.QueryEscape(labels), nil, &list)
	return list.Items, err
}

// Delete removes the pod with a UID, giving its programs the seconds of grace.
// That it is gone already, or is another pod by now, is no error.
func (c *Cluster) Delete(ctx context.Context, name, uid string, grace int) error {
	err := c.call(ctx, http.MethodDelete, c.pods(name), map[string]any{
		"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": grace,
		"preconditions": map[string]string{"uid": uid},
	}, nil)
	if Is(err, http.StatusNotFound) || Is(err, http.StatusConflict) {
		return nil
	}
	return err
}

// watchTime is how long one watch lasts before another begins.
const watchTime = 5 * time.Minute

// Await reads a pod, now and whenever it changes, until done says so. A pod
// that is gone is nil.
func (c *Cluster) Await(ctx context.Context, name string, done func(*Pod) (bool, error)) error {
	only := "fieldSelector=" + url.QueryEscape("metadata.name="+name)
	for {
		var list struct {
			Metadata struct{ ResourceVersion string }
			Items    []Pod
		}
		if err := c.call(ctx, http.MethodGet, c.pods()+"?"+only, nil, &list); err != nil {
			return err
		}
		var pod *Pod
		if len(list.Items) > 0 {
			pod = &list.Items[0]
		}
		if over, err := done(pod); over || err != nil {
			return err
		}
		over, err := c.watch(ctx, only, list.Metadata.ResourceVersion, done)
		if over || err != nil {
			return err
		}
	}
}

// watch calls done with each change after a version. It ends without being
// over when the API server ends it, and the caller looks anew.
func (c *Cluster) watch(ctx context.Context, only, version string, done func(*Pod) (bool, error)) (over bool, err error) {
	query := "?watch=1&" + only + "&resourceVersion=" + url.QueryEscape(version) + "&timeoutSeconds=" + strconv.Itoa(int(watchTime.Seconds()))
	r, err := c.request(ctx, http.MethodGet, c.pods()+query, nil)
	if err != nil {
		return false, err
	}
	answer, err := c.http().Do(r)
	if err != nil {
		return false, err
	}
	defer answer.Body.Close()
	if err := refusal(answer); err != nil {
		if Is(err, http.StatusGone) {
			return false, nil
		}
		return false, err
	}
	for events := json.NewDecoder(answer.Body); ; {
		var event struct {
			Type   string
			Object json.RawMessage
		}
		if err := events.Decode(&event); err != nil {
			if errors.Is(err, io.EOF) {
				return false, nil
			}
			return false, fmt.Errorf("watching a pod: %w", err)
		}
		pod := &Pod{}
		switch event.Type {
		case "ADDED", "MODIFIED":
			if err := json.Unmarshal(event.Object, pod); err != nil {
				return false, fmt.Errorf("watching a pod: %w", err)
			}
		case "DELETED":
			pod = nil
		default: // an error, such as a version that is too old
			return false, nil
		}
		if over, err := done(pod); over || err != nil {
			return over, err
		}
	}
}
