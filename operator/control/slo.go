package control

import (
	"fmt"
	"net/http"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
	"github.com/takodeploy/tako/operator/slo"
)

// service reports how instances served in a month.
func (c *Control) service(r *http.Request, _ *User) (any, error) {
	month, err := slo.Month(r.URL.Query().Get("month"), c.Now())
	if err != nil {
		return nil, refusal{http.StatusBadRequest, "month: " + err.Error() + "."}
	}
	var all cloud.InstanceList
	if err := c.Client.List(r.Context(), &all); err != nil {
		return nil, fmt.Errorf("listing instances: %w", err)
	}
	each, together := slo.Of(all.Items, month, c.Now())
	return map[string]any{"month": month, "all": together, "items": each}, nil
}
