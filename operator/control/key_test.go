package control

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
)

func TestReplaceKey(t *testing.T) {
	c := with(t)
	plain := &cloud.Instance{ObjectMeta: metav1.ObjectMeta{Name: "plain"}}
	if err := c.Client.Create(t.Context(), plain); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]struct {
		status int
		says   string
	}{
		"acme":  {http.StatusOK, ""},
		"plain": {http.StatusConflict, "Replace the secret bucket-plain of namespace tako-system"},
		"none":  {http.StatusNotFound, "not found"},
	} {
		answer := visit(t, c, "POST", "/api/instances/"+name+"/key", "", nil, map[string]string{"Authorization": "Bearer do"})
		var said struct{ Error string }
		if err := json.NewDecoder(answer.Body).Decode(&said); err != nil || answer.StatusCode != want.status || !strings.Contains(said.Error, want.says) {
			t.Errorf("%s: %s %q %v", name, answer.Status, said.Error, err)
		}
	}
	var acme cloud.Instance
	if err := c.Client.Get(t.Context(), types.NamespacedName{Name: "acme"}, &acme); err != nil {
		t.Fatal(err)
	}
	if at, err := time.Parse(time.RFC3339Nano, acme.Annotations[cloud.AnnotationTurnKey]); err != nil || !at.Equal(c.Now()) {
		t.Errorf("%v: %v", acme.Annotations, err)
	}
}
