package control

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
	"github.com/takodeploy/tako/operator/slo"
)

func TestService(t *testing.T) {
	c := with(t)
	var acme cloud.Instance
	if err := c.Client.Get(t.Context(), types.NamespacedName{Name: "acme"}, &acme); err != nil {
		t.Fatal(err)
	}
	acme.Status.Service = &cloud.Service{}
	slo.Note(acme.Status.Service, cloud.ServiceUp, c.Now().Add(-2*time.Hour))
	slo.Note(acme.Status.Service, cloud.ServiceUnplanned, c.Now().Add(-time.Minute))
	if err := c.Client.Update(t.Context(), &acme); err != nil {
		t.Fatal(err)
	}
	ask := func(query string) (status int, text string) {
		request := httptest.NewRequestWithContext(t.Context(), "GET", "/api/slo"+query, nil)
		request.Header.Set("Authorization", "Bearer see")
		answer := httptest.NewRecorder()
		c.Handler().ServeHTTP(answer, request)
		return answer.Code, answer.Body.String()
	}
	status, text := ask("")
	var said struct {
		Month string
		All   slo.Report
		Items []slo.Report
	}
	if err := json.Unmarshal([]byte(text), &said); err != nil || status != 200 || said.Month != "2026-11" || len(said.Items) != 1 {
		t.Fatalf("%d %s: %v", status, text, err)
	}
	if i := said.Items[0]; i.Instance != "acme" || i.UnplannedSeconds != 60 || i.UpSeconds != 7140 || i.Outages != 1 || i.Availability == nil || said.All.UnplannedSeconds != 60 {
		t.Errorf("%+v", i)
	}
	if status, text := ask("?month=2026-10"); status != 200 || !strings.Contains(text, `"items":[]`) {
		t.Errorf("a month before it was there: %d %s", status, text)
	}
	if status, text := ask("?month=soon"); status != 400 || !strings.Contains(text, "give one such as 2026-11") {
		t.Errorf("no month: %d %s", status, text)
	}
}
