package setting

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/takodeploy/tako/internal/store"
)

// Values are the settings that every request minds.
type Values struct {
	Server      ServerValues
	Maintenance MaintenanceValues
	Portal      PortalValues
	Features    FeatureValues
}

// believed is how long another node's change may take to be seen.
const believed = 2 * time.Second

// Live remembers the values, so that no request has to read them. It is safe
// for concurrent use.
type Live struct {
	DB *store.DB

	mu    sync.Mutex
	known Values
	until time.Time
	turn  int // counts what was forgotten
}

// Values gives the settings as they are, or were two seconds ago.
func (l *Live) Values(ctx context.Context) (Values, error) {
	l.mu.Lock()
	v, ok, turn := l.known, time.Now().Before(l.until), l.turn
	l.mu.Unlock()
	if ok {
		return v, nil
	}
	err := l.DB.View(ctx, func(tx *store.Tx) (err error) {
		v, err = read(tx)
		return err
	})
	if err != nil {
		return v, fmt.Errorf("reading the settings: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.turn == turn {
		l.known, l.until = v, time.Now().Add(believed)
	}
	return v, nil
}

func read(tx *store.Tx) (v Values, err error) {
	if v.Server, err = Server.Get(tx); err != nil {
		return v, err
	}
	if v.Maintenance, err = Maintenance.Get(tx); err != nil {
		return v, err
	}
	if v.Portal, err = Portal.Get(tx); err != nil {
		return v, err
	}
	v.Features, err = Features.Get(tx)
	return v, err
}

// Forget makes the next request read the values again.
func (l *Live) Forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.until = time.Time{}
	l.turn++
}
