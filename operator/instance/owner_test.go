package instance

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
)

// TestAPrefixOfAnotherCluster is not taken but on demand, and is not erased with the
// one that had it before.
func TestAPrefixOfAnotherCluster(t *testing.T) {
	there := Owner{Cluster: "there", Instance: "theirs", Since: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)}
	takeOver := func(i *cloud.Instance) {
		i.Annotations = map[string]string{cloud.AnnotationTakePrefix: "there"}
	}
	t.Run("before it is begun", func(t *testing.T) {
		s := newStage(t, neighbour("acme", "shared", 0))
		s.owners["shared"] = there
		s.settle("acme")
		i := s.want("acme", cloud.Provisioning, "Its part of the bucket, shared, is that of the instance theirs of another cluster (there, since 2026-11-01).")
		if s.pod("acme") != nil || i.Status.Prefix != "" {
			t.Errorf("it was begun: %+v", i.Status)
		}
		s.change("acme", takeOver)
		s.settle("acme")
		s.want("acme", cloud.Ready, "It serves")
		if o := s.owners["shared"]; o.Cluster != "here" || o.Instance != "acme" {
			t.Errorf("it is marked as that of %+v", o)
		}
	})
	t.Run("which took it over", func(t *testing.T) {
		s := newStage(t, neighbour("acme", "shared", 0))
		s.settle("acme")
		s.owners["shared"] = there
		s.begin()
		s.change("acme", func(i *cloud.Instance) { i.Spec.Admin.Email = "a@example.com" })
		s.settle("acme")
		if i := s.get("acme"); !strings.Contains(i.Status.Conditions[0].Message, "theirs of another cluster") || i.Status.Conditions[0].Reason != "PrefixShared" || s.pod("acme") == nil {
			t.Errorf("%+v", i.Status)
		}
		s.removed("acme")
		if len(s.erased) > 0 {
			t.Errorf("%v was erased, which the other cluster has", s.erased)
		}
	})
}

// shelf is a bucket that knows objects and the condition that there is none.
type shelf struct {
	mu      sync.Mutex
	objects map[string][]byte
	before  func() // what is put
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPut && s.before != nil {
		s.before()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	text, ok := s.objects[r.URL.Path]
	switch {
	case r.Method == http.MethodPut && ok && r.Header.Get("If-None-Match") == "*":
		w.WriteHeader(http.StatusPreconditionFailed)
	case r.Method == http.MethodPut:
		body, _ := io.ReadAll(r.Body)
		first, rest, _ := bytes.Cut(body, []byte("\r\n")) // in signed pieces
		if bytes.Contains(first, []byte(";chunk-signature=")) {
			body, _, _ = bytes.Cut(rest, []byte("\r\n"))
		}
		s.objects[r.URL.Path] = body
		w.Header().Set("ETag", `"e"`)
	case !ok:
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "<Error><Code>NoSuchKey</Code></Error>")
	default:
		w.Header().Set("ETag", `"e"`)
		w.Header().Set("Last-Modified", time.Unix(0, 0).UTC().Format(http.TimeFormat))
		_, _ = w.Write(text)
	}
}

func TestMark(t *testing.T) {
	at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	ours, theirs := Owner{"here", "acme", at}, Owner{"there", "theirs", at}
	const name, text = "/cloud/one/.owners/shared", `{"Cluster":"there","Instance":"theirs","Since":"2026-11-01T00:00:00Z"}`
	for _, test := range []struct {
		what, there, meanwhile, from string
		want                         Owner
	}{
		{what: "nobody's", want: ours},
		{what: "another's", there: text, want: theirs},
		{what: "taken over", there: text, from: "there", want: ours},
		{what: "taken over from one that does not have it", there: text, from: "elsewhere", want: theirs},
		{what: "another was quicker", meanwhile: text, want: theirs},
	} {
		t.Run(test.what, func(t *testing.T) {
			s := &shelf{objects: map[string][]byte{}}
			if test.there != "" {
				s.objects[name] = []byte(test.there)
			}
			if test.meanwhile != "" {
				s.before = func() { s.objects[name] = []byte(test.meanwhile) }
			}
			server := httptest.NewServer(s)
			defer server.Close()
			c := Cloud{Place: "s3://cloud/one", Endpoint: server.URL, Region: "here", AccessKey: "key", SecretKey: "secret"}
			got, err := c.Mark(t.Context(), "shared", ours, test.from)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
