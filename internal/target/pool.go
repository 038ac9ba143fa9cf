package target

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"sync"
)

// Pool keeps one connection for each endpoint, shared by all who use it, and
// closes it when it is idle. Endpoints are the same when all their values
// are, so a changed password makes a new connection.
type Pool struct {
	options Options

	mu      sync.Mutex
	remotes map[[sha256.Size]byte]*shared
}

// shared is a remote with a count of its users.
type shared struct {
	*remote
	users int
}

// NewPool makes an empty pool; the options are those of its connections.
func NewPool(options Options) *Pool {
	return &Pool{options: options, remotes: map[[sha256.Size]byte]*shared{}}
}

// SSH gives a way to an SSH endpoint. Its Close gives it back to the pool.
func (p *Pool) SSH(endpoint SSH) (Transport, error) {
	return p.take("ssh", endpoint, func() (*remote, error) { return openSSH(endpoint, p.options) })
}

// Local gives a way to a built-in worker. Its Close gives it back to the pool.
func (p *Pool) Local(local Local) (Transport, error) {
	return p.take("local", local, func() (*remote, error) { return openLocal(local, p.options) })
}

func (p *Pool) take(kind string, endpoint any, open func() (*remote, error)) (Transport, error) {
	text, err := json.Marshal(endpoint)
	if err != nil {
		return nil, fmt.Errorf("naming an endpoint: %w", err)
	}
	key := sha256.Sum256(append([]byte(kind), text...)) // the pool holds no passwords in the clear
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tidy()
	s := p.remotes[key]
	if s == nil {
		r, err := open()
		if err != nil {
			return nil, err
		}
		s = &shared{remote: r}
		p.remotes[key] = s
	}
	s.users++
	return &borrowed{remote: s.remote, give: sync.OnceFunc(func() {
		p.mu.Lock()
		s.users--
		p.mu.Unlock()
	})}, nil
}

// tidy forgets endpoints that nobody uses and that are not connected; the
// caller holds p.mu.
func (p *Pool) tidy() {
	for key, s := range p.remotes {
		if s.users == 0 && !s.connected() {
			delete(p.remotes, key)
		}
	}
}

// Connected is how many connections are open now.
func (p *Pool) Connected() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, s := range p.remotes {
		if s.connected() {
			n++
		}
	}
	return n
}

// Close closes every connection. What still uses one gets an error.
func (p *Pool) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for key, s := range p.remotes {
		_ = s.Close()
		delete(p.remotes, key)
	}
	return nil
}

// borrowed is a pooled transport in one user's hands.
type borrowed struct {
	*remote
	give func()
}

// Close gives the transport back; the connection stays for the next user.
func (b *borrowed) Close() error {
	b.give()
	return nil
}

func (r *remote) connected() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.current == nil {
		return false
	}
	select {
	case <-r.current.Done():
		return false
	default:
		return true
	}
}
