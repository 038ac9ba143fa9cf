package control

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
)

// turnKey has an instance get another key to its part of the bucket, as when
// somebody may have seen the one that it has.
func (c *Control) turnKey(r *http.Request, u *User) (any, error) {
	var i cloud.Instance
	if err := c.Client.Get(r.Context(), types.NamespacedName{Name: r.PathValue("name")}, &i); err != nil {
		return nil, fmt.Errorf("reading the instance: %w", err)
	}
	switch {
	case i.DeletionTimestamp != nil:
		return nil, refusal{http.StatusConflict, i.Name + " is being deleted, and its key to the bucket goes with it."}
	case i.Status.BucketKey == "":
		return nil, refusal{http.StatusConflict, fmt.Sprintf("%s has no key to the bucket that the operator made. Replace the secret bucket-%s of namespace %s, "+
			"or the key of the whole cloud where there is none, take the old one back where it was made, and restart the server.", i.Name, i.Name, c.Home)}
	}
	if err := c.note(r.Context(), Entry{User: u.Name, Subject: u.subject, Did: "replace key", Instance: i.Name}); err != nil {
		return nil, err
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": map[string]any{cloud.AnnotationTurnKey: c.Now().UTC().Format(time.RFC3339Nano)}}})
	if err != nil {
		return nil, fmt.Errorf("writing down that the key is to be replaced: %w", err)
	}
	if err := c.Client.Patch(r.Context(), &i, client.RawPatch(types.MergePatchType, patch)); err != nil {
		return nil, fmt.Errorf("asking for another key: %w", err)
	}
	return c.shown(&i), nil
}
