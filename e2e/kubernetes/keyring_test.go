package kubernetes

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/kube/kubetest"
)

// keyring has the passwords of the instances' administrators as soon as they are
// made. It is told of them by one watch: a question every moment for each of many
// instances would take the time that is measured.
type keyring struct {
	mu        sync.Mutex
	passwords map[string]string
	more      chan struct{} // closed when another is there
}

func newKeyring(t *testing.T, c *kubetest.Cluster) *keyring {
	k := &keyring{passwords: map[string]string{}, more: make(chan struct{})}
	answer, err := c.HTTP().Get(c.Address + "/api/v1/secrets?watch=1&labelSelector=cloud.tako.dev/instance&fieldSelector=metadata.name=tako-administrator")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	go func() {
		for events := json.NewDecoder(answer.Body); ; {
			var event struct {
				Object struct {
					Metadata struct{ Namespace string }
					Data     struct{ Password []byte }
				}
			}
			if events.Decode(&event) != nil {
				return // the test is over
			}
			k.put(strings.TrimPrefix(event.Object.Metadata.Namespace, "tako-"), string(event.Object.Data.Password))
		}
	}()
	return k
}

func (k *keyring) put(name, password string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.passwords[name] == "" { // one that was restored has the people of its source
		k.passwords[name] = password
	}
	close(k.more)
	k.more = make(chan struct{})
}

func (k *keyring) get(name string) (string, <-chan struct{}) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.passwords[name], k.more
}

// wait gives a password once it is there, and none if that takes too long.
func (k *keyring) wait(name string, patience time.Duration) string {
	for late := time.After(patience); ; {
		password, more := k.get(name)
		if password != "" {
			return password
		}
		select {
		case <-more:
		case <-late:
			return ""
		}
	}
}
