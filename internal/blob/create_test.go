package blob

import (
	"bytes"
	"fmt"
	"sync"
	"testing"

	"github.com/takodeploy/tako/internal/fault"
)

// TestOneCreates has many ask for one name at once.
func TestOneCreates(t *testing.T) {
	each(t, func(t *testing.T, s opened) {
		errs := make([]error, 16)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() { errs[i] = Create(t.Context(), s.Store, "writer/1", []byte(fmt.Sprint(i))) })
		}
		all.Wait()
		winner := -1
		for i, err := range errs {
			switch {
			case err == nil && winner < 0:
				winner = i
			case !fault.Is(err, fault.Conflict):
				t.Errorf("number %d, after number %d: %v", i, winner, err)
			}
		}
		if got := get(t, s, "writer/1"); !bytes.Equal(got, []byte(fmt.Sprint(winner))) {
			t.Errorf("number %d succeeded, but what is there is of %s", winner, got)
		}
		if err := Create(t.Context(), s.Store, "../x", nil); !fault.Is(err, fault.Invalid) {
			t.Errorf("a name that leads out: %v", err)
		}
	})
}
