package instance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
)

// guild is an IAM service in memory.
type guild struct {
	*httptest.Server
	mu       sync.Mutex
	policies map[string]string // by user
	keys     map[string][]string
	made     int
	asked    int
	refuse   string // the action that it does not do
	dropped  func(id string)
}

func newGuild(t *testing.T) *guild {
	g := &guild{policies: map[string]string{}, keys: map[string][]string{}}
	g.Server = httptest.NewServer(http.HandlerFunc(g.answer))
	t.Cleanup(g.Close)
	return g
}

func (g *guild) answer(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked++
	user, action := r.FormValue("UserName"), r.FormValue("Action")
	no := func(status int, code string) {
		w.WriteHeader(status)
		fmt.Fprintf(w, "<ErrorResponse><Error><Code>%s</Code><Message>about %s</Message></Error></ErrorResponse>", code, user)
	}
	_, known := g.policies[user]
	switch {
	case !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=id/20261127/us-east-1/iam/aws4_request, "):
		no(403, "SignatureDoesNotMatch")
	case action == g.refuse:
		no(403, "AccessDenied")
	case action == "CreateUser" && known:
		no(409, "EntityAlreadyExists")
	case action == "CreateUser":
		g.policies[user] = ""
	case !known:
		no(404, "NoSuchEntity")
	case action == "PutUserPolicy":
		g.policies[user] = r.FormValue("PolicyDocument")
	case action == "ListAccessKeys":
		fmt.Fprint(w, "<ListAccessKeysResponse><ListAccessKeysResult><AccessKeyMetadata>")
		for _, k := range g.keys[user] {
			n := 0
			_, _ = fmt.Sscanf(k, "key-%d", &n)
			fmt.Fprintf(w, "<member><AccessKeyId>%s</AccessKeyId><CreateDate>2026-11-27T12:00:%02dZ</CreateDate></member>", k, n%60)
		}
		fmt.Fprint(w, "</AccessKeyMetadata></ListAccessKeysResult></ListAccessKeysResponse>")
	case action == "CreateAccessKey" && len(g.keys[user]) >= 2:
		no(409, "LimitExceeded")
	case action == "CreateAccessKey":
		g.made++
		k := fmt.Sprint("key-", g.made)
		g.keys[user] = append(g.keys[user], k)
		fmt.Fprintf(w, "<CreateAccessKeyResponse><CreateAccessKeyResult><AccessKey><AccessKeyId>%s</AccessKeyId><SecretAccessKey>secret of %s</SecretAccessKey></AccessKey></CreateAccessKeyResult></CreateAccessKeyResponse>", k, k)
	case action == "DeleteAccessKey":
		if g.dropped != nil {
			g.dropped(r.FormValue("AccessKeyId"))
		}
		var left []string
		for _, k := range g.keys[user] {
			if k != r.FormValue("AccessKeyId") {
				left = append(left, k)
			}
		}
		g.keys[user] = left
	case action == "DeleteUser" && (len(g.keys[user]) > 0 || g.policies[user] != ""):
		no(409, "DeleteConflict")
	case action == "DeleteUserPolicy":
		g.policies[user] = ""
	case action == "DeleteUser":
		delete(g.policies, user)
		delete(g.keys, user)
	default:
		no(400, "InvalidAction")
	}
}

// may says whether a policy allows something to an object or a listing.
func may(t *testing.T, policy, action, key string) bool {
	t.Helper()
	var p struct {
		Statement []struct {
			Action    []string
			Resource  string
			Condition struct{ StringLike map[string][]string }
		}
	}
	if err := json.Unmarshal([]byte(policy), &p); err != nil {
		t.Fatal(err)
	}
	like := func(pattern, text string) bool {
		ok, err := path.Match(strings.ReplaceAll(pattern, "/", ":"), strings.ReplaceAll(text, "/", ":"))
		return err == nil && ok
	}
	for _, s := range p.Statement {
		for _, a := range s.Action {
			if a == action && action == "s3:ListBucket" {
				for _, pattern := range s.Condition.StringLike["s3:prefix"] {
					if s.Resource == "arn:aws:s3:::cloud" && like(pattern, key) {
						return true
					}
				}
			} else if a == action && like(s.Resource, "arn:aws:s3:::cloud/"+key) {
				return true
			}
		}
	}
	return false
}

// guarded is a stage whose bucket's keys a guild makes.
func guarded(t *testing.T) (*stage, *guild) {
	s, g := newStage(t, instance("acme")), newGuild(t)
	s.iam = g.URL
	s.begin()
	return s, g
}

func (s *stage) access() *corev1.Secret {
	s.t.Helper()
	var secret corev1.Secret
	s.check(s.c.Get(s.t.Context(), types.NamespacedName{Namespace: "tako-acme", Name: bucketSecret}, &secret))
	return &secret
}

const acmeUser = "tako-acme-12345678"

func TestEachInstanceHasAKeyForItsPrefixAlone(t *testing.T) {
	s, g := guarded(t)
	s.settle("acme")
	s.want("acme", cloud.Ready, "serves")
	if secret := s.access(); string(secret.Data["access-key"]) != "key-1" || string(secret.Data["secret-key"]) != "secret of key-1" || g.made != 1 {
		t.Errorf("it has %v, of %d keys made", secret.Data, g.made)
	}
	policy := g.policies[acmeUser]
	for what, want := range map[[2]string]bool{
		{"s3:PutObject", "acme-12345678/backup/x"}: true, {"s3:GetObject", "acme-12345678/files/x"}: true, {"s3:ListBucket", "acme-12345678/files/"}: true,
		{"s3:GetObject", "other-1/files/x"}: false, {"s3:PutObject", "other-1/x"}: false, {"s3:ListBucket", ""}: false, {"s3:ListBucket", "other-1/"}: false,
		{"s3:GetObject", "acme-123456789/x"}: false, {"s3:DeleteBucket", "acme-12345678/x"}: false,
	} {
		if may(t, policy, what[0], what[1]) != want {
			t.Errorf("%s of %q: want %v by %s", what[0], what[1], want, policy)
		}
	}
	asked := g.asked
	s.settle("acme")
	if g.asked != asked {
		t.Error("an instance that is as it should be asks for access again")
	}
}

// TestARestoreReadsTheOthersPrefix while it goes on, and no longer.
func TestARestoreReadsTheOthersPrefix(t *testing.T) {
	s, g := guarded(t)
	s.settle("acme")
	s.change("acme", func(i *cloud.Instance) {
		i.Annotations = map[string]string{cloud.AnnotationRestore: `{"name":"r1","from":"other-1","keyOf":"acme"}`}
	})
	if _, err := s.r.Reconcile(t.Context(), request("acme")); err != nil {
		t.Fatal(err)
	}
	if p := g.policies[acmeUser]; !may(t, p, "s3:GetObject", "other-1/backup/x") || !may(t, p, "s3:ListBucket", "other-1/backup/") || may(t, p, "s3:PutObject", "other-1/backup/x") {
		t.Errorf("before it restores it may do %s", p)
	}
	s.settle("acme")
	if i := s.want("acme", cloud.Ready, "serves"); i.Status.Restored != "r1" {
		t.Errorf("%+v", i.Status)
	}
	if _, err := s.r.Reconcile(t.Context(), request("acme")); err != nil {
		t.Fatal(err)
	}
	if p := g.policies[acmeUser]; may(t, p, "s3:GetObject", "other-1/backup/x") {
		t.Errorf("after that it may still do %s", p)
	}
	if g.made != 1 {
		t.Errorf("%d keys were made", g.made)
	}
}

// TestNoKeyIsLost: wherever the operator is ended, the key that the instance has
// is one that opens, at most one more is left over, and in the end none.
func TestNoKeyIsLost(t *testing.T) {
	for n := range 60 {
		s, g := guarded(t)
		s.budget = n
		do := func() bool {
			s.settle("acme")
			cut := s.budget == 0
			if cut {
				s.budget = -1
				s.begin()
				s.settle("acme")
			}
			return cut
		}
		do()
		id := string(s.access().Data["access-key"])
		if len(g.keys[acmeUser]) > 2 || !strings.Contains(strings.Join(g.keys[acmeUser], " ")+" ", id+" ") {
			t.Fatalf("killed at change %d it has %s of %v", n, id, g.keys)
		}
		s.check(s.c.Delete(t.Context(), s.get("acme")))
		do()
		s.now = s.now.Add(2 * time.Hour)
		do()
		if err := s.c.Get(t.Context(), types.NamespacedName{Name: "acme"}, &cloud.Instance{}); !apierrors.IsNotFound(err) {
			t.Fatalf("killed at change %d it is still there: %v", n, err)
		}
		if len(g.policies)+len(g.keys) > 0 {
			t.Fatalf("killed at change %d the users %v with %v are left", n, g.policies, g.keys)
		}
		if s.budget > 0 {
			return // the story has fewer changes
		}
	}
	t.Error("the story never ends")
}

func TestAccessThatIsRefusedIsSaid(t *testing.T) {
	s, g := guarded(t)
	g.refuse = "CreateAccessKey"
	_, err := s.r.Reconcile(t.Context(), request("acme"))
	if err == nil || !strings.Contains(err.Error(), "CreateAccessKey at "+g.URL+": AccessDenied") {
		t.Error(err)
	}
	s.want("acme", "", "AccessDenied: about "+acmeUser)
	g.refuse = ""
	s.settle("acme")
	s.want("acme", cloud.Ready, "serves")
}

// TestTheCloudsKeyGoesOn for an instance that has it already, where the service
// does not do what it is asked; and no longer than that.
func TestTheCloudsKeyGoesOn(t *testing.T) {
	s := newStage(t, instance("acme"))
	s.settle("acme")
	g := newGuild(t)
	g.refuse = "CreateUser"
	s.iam = g.URL
	s.begin()
	s.now = s.now.Add(time.Hour)
	s.settle("acme")
	s.want("acme", cloud.Hibernated, "Nobody used it")
	s.change("acme", func(i *cloud.Instance) {
		i.Annotations = map[string]string{cloud.AnnotationWake: s.now.Add(time.Second).Format(time.RFC3339Nano)}
	})
	s.settle("acme")
	s.want("acme", cloud.Ready, "serves")
	if string(s.access().Data["access-key"]) != "id" {
		t.Errorf("it has %v", s.access().Data)
	}
	g.refuse = ""
	s.settle("acme")
	if string(s.access().Data["access-key"]) != "key-1" {
		t.Errorf("it has %v", s.access().Data)
	}
}

func TestWhoMakesKeys(t *testing.T) {
	for name, test := range map[string]struct {
		cloud Cloud
		want  string
	}{
		"Amazon's bucket":           {Cloud{AccessKey: "id"}, amazon},
		"Amazon's bucket, told not": {Cloud{AccessKey: "id", IAM: "off"}, ""},
		"a bucket elsewhere":        {Cloud{AccessKey: "id", Endpoint: "http://s3"}, ""},
		"a service elsewhere":       {Cloud{AccessKey: "id", Endpoint: "http://s3", IAM: "http://iam"}, "http://iam"},
		"the machine's role":        {Cloud{IAM: "http://iam"}, ""},
	} {
		got := ""
		if smith := test.cloud.smith(time.Now); smith != nil {
			got = smith.endpoint
		}
		if got != test.want {
			t.Errorf("%s: %q", name, got)
		}
	}
	long := userOf(strings.Repeat("a", 99) + "b")
	if len(long) > 64 || long == userOf(strings.Repeat("a", 100)) {
		t.Errorf("users of long prefixes: %s", long)
	}
}
