package instance

import (
	"context"
	"fmt"

	"github.com/takodeploy/tako/internal/blob"
)

// Forget removes everything below an instance's prefix of the bucket.
func (c Cloud) Forget(ctx context.Context, prefix string) error {
	place, err := blob.Open(ctx, blob.Options{Store: c.Place, Endpoint: c.Endpoint, Region: c.Region, AccessKey: c.AccessKey, SecretKey: c.SecretKey})
	if err != nil {
		return fmt.Errorf("opening the bucket: %w", err)
	}
	for info, err := range place.List(ctx, prefix+"/") {
		if err != nil {
			return fmt.Errorf("looking for what is there: %w", err)
		}
		if err := place.Delete(ctx, info.Name); err != nil {
			return fmt.Errorf("deleting %s: %w", info.Name, err)
		}
	}
	return nil
}
