package control

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Entry is one thing that somebody asked for.
type Entry struct {
	Time     time.Time       `json:"time"`
	User     string          `json:"user"`
	Subject  string          `json:"subject,omitempty"` // as the issuer calls them that vouched for them
	Did      string          `json:"did"`
	Instance string          `json:"instance,omitempty"`
	Channel  string          `json:"channel,omitempty"`
	With     json.RawMessage `json:"with,omitempty"`
}

// auditName is a config map that a day's entries are in. Thousands fit into one;
// when it is full the next part is begun, lest somebody who fills a day keeps
// everybody from doing anything until it is over.
func auditName(day time.Time, part int) string {
	name := "tako-audit-" + day.UTC().Format(time.DateOnly)
	if part > 0 {
		name += fmt.Sprintf("-%d", part)
	}
	return name
}

// mostParts is far more than a day has.
const mostParts = 1000

// note writes an entry before what it tells of is done: nothing happens of which
// nobody can say who wanted it. Each has a key of its own, so that those who
// write at once do not meet.
func (c *Control) note(ctx context.Context, e Entry) error {
	e.Time = c.Now().UTC()
	text, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("writing the audit: %w", err)
	}
	key := e.Time.Format("150405.000000000") + "-" + rand.Text()[:8]
	data := map[string]string{key: string(text)}
	patch, err := json.Marshal(map[string]any{"data": data})
	if err != nil {
		return fmt.Errorf("writing the audit: %w", err)
	}
	for part := range mostParts {
		day := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: c.Home, Name: auditName(e.Time, part)}, Data: data}
		err = c.Client.Create(ctx, day)
		if !apierrors.IsAlreadyExists(err) {
			break
		}
		err = c.Client.Patch(ctx, day, client.RawPatch(types.MergePatchType, patch))
		if !apierrors.IsInvalid(err) && !apierrors.IsRequestEntityTooLargeError(err) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("writing the audit: %w", err)
	}
	return nil
}

// entries are those of a day, in their order.
func (c *Control) entries(ctx context.Context, day time.Time) ([]Entry, error) {
	all := []Entry{}
	for part := range mostParts {
		var kept corev1.ConfigMap
		err := c.Client.Get(ctx, types.NamespacedName{Namespace: c.Home, Name: auditName(day, part)}, &kept)
		if apierrors.IsNotFound(err) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("reading the audit: %w", err)
		}
		for key, text := range kept.Data {
			var e Entry
			if err := json.Unmarshal([]byte(text), &e); err != nil {
				return nil, fmt.Errorf("reading entry %s of the audit: %w", key, err)
			}
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b Entry) int {
		if n := a.Time.Compare(b.Time); n != 0 {
			return n
		}
		return strings.Compare(a.Did, b.Did)
	})
	return all, nil
}
