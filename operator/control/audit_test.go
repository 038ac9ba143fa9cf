package control

import (
	"context"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// narrow is a cluster whose config maps take two entries.
type narrow struct{ client.Client }

func (n narrow) Patch(ctx context.Context, o client.Object, p client.Patch, options ...client.PatchOption) error {
	var kept corev1.ConfigMap
	if err := n.Get(ctx, client.ObjectKeyFromObject(o), &kept); err == nil && len(kept.Data) == 2 {
		return apierrors.NewInvalid(schema.GroupKind{Kind: "ConfigMap"}, o.GetName(), nil)
	}
	return n.Client.Patch(ctx, o, p, options...)
}

// TestAFullDay goes on being written down, so that people can go on.
func TestAFullDay(t *testing.T) {
	c := with(t)
	c.Client = narrow{c.Client}
	for n := range 7 {
		if err := c.note(t.Context(), Entry{User: "vera", Did: fmt.Sprint(n)}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := c.entries(t.Context(), c.Now())
	if err != nil || len(all) != 7 {
		t.Fatalf("%+v %v", all, err)
	}
	for n, e := range all {
		if e.Did != fmt.Sprint(n) {
			t.Errorf("entry %d is %+v", n, e)
		}
	}
}
