package catalog_test

import (
	"strings"
	"testing"

	. "github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
)

// TestEndpointNeedsStyle checks that a target or worker without a way to reach
// it is refused, however it is left out.
func TestEndpointNeedsStyle(t *testing.T) {
	r := newRoom(t)
	env := create(r, Environments, `{"Name":"Env"}`).ID
	for _, endpoint := range []string{``, `,"Endpoint":{}`, `,"Endpoint":null`, `,"Endpoint":{"CommunicationStyle":""}`, `,"Endpoint":{"Uri":"https://x:10933/"}`} {
		_, err := post(r, Machines, `{"Name":"M","EnvironmentIds":["`+env+`"],"Roles":["web"]`+endpoint+`}`)
		if !fault.Is(err, fault.Invalid) || !strings.Contains(explain(err), "Endpoint.CommunicationStyle must not be empty. It is one of None, TentaclePassive") {
			t.Errorf("%s: %s", endpoint, explain(err))
		}
	}
}
