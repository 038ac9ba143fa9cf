package step

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/target"
)

// home is where one built-in worker lives. Each node of a cluster has its own,
// and a job that one of them has begun is known to no other.
type home struct {
	Machine string // the host's name
	Dir     string
	ID      string // what the folder itself says that it is
}

// errElsewhere says that a job runs on a built-in worker which this node has
// no way to.
var errElsewhere = errors.New("the built-in worker is another node's")

// idFile tells a worker's folder from another that has its path on another
// machine.
const idFile = "id"

// Home describes this node's own built-in worker, for whoever goes on with
// what it has begun.
func (m *Machines) Home() (string, error) {
	h, err := m.home()
	if err != nil {
		return "", err
	}
	data, err := json.Marshal(h)
	return string(data), err
}

func (m *Machines) home() (home, error) {
	dir, err := filepath.Abs(m.Dir)
	if err != nil {
		return home{}, fmt.Errorf("finding the built-in worker: %w", err)
	}
	id, err := homeID(dir)
	if errors.Is(err, fs.ErrNotExist) {
		id, err = settle(dir)
	}
	if err != nil {
		return home{}, fmt.Errorf("naming the built-in worker: %w", err)
	}
	machine, err := os.Hostname()
	if err != nil {
		return home{}, fmt.Errorf("naming the built-in worker: %w", err)
	}
	return home{machine, dir, id}, nil
}

func homeID(dir string) (string, error) {
	data, err := os.ReadFile(filepath.Join(dir, idFile))
	return strings.TrimSpace(string(data)), err
}

// settle gives a folder an id, the same to all who do so at once.
func settle(dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	temp, err := os.CreateTemp(dir, idFile+"-")
	if err != nil {
		return "", err
	}
	defer os.Remove(temp.Name())
	_, err = temp.WriteString(string(secret.NewToken()) + "\n")
	if err := errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return "", err
	}
	if err := os.Link(temp.Name(), filepath.Join(dir, idFile)); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return homeID(dir)
}

// folder gives the folder of the built-in worker that a job has begun on. That
// of another node can be used if it is on this machine, which is where its
// processes are.
func (m *Machines) folder(at string) (string, error) {
	if at == "" {
		return m.Dir, nil
	}
	if target.IsPodAnchor(at) {
		f := fault.New(fault.Unavailable, "The action began in a worker pod, and this server does not use such any more. It may still run there, and nobody knows how far it comes.")
		f.Cause = errElsewhere
		return "", f
	}
	var h home
	if err := json.Unmarshal([]byte(at), &h); err != nil {
		return "", fmt.Errorf("reading where a job has begun: %w", err)
	}
	own, err := m.home()
	if err != nil {
		return "", err
	}
	if h.ID == own.ID {
		return m.Dir, nil
	}
	if id, err := homeID(h.Dir); err == nil && id == h.ID && h.Machine == own.Machine {
		return h.Dir, nil
	}
	f := fault.New(fault.Unavailable, "The action began on the built-in worker of another node, in %s on %s, which cannot be reached from here. It may still run there, and nobody knows how far it comes. Run what has to outlive a node on workers or targets that every node reaches.", h.Dir, h.Machine)
	f.Cause = errElsewhere
	return "", f
}

// settle says where the job is: the built-in worker that has begun it, or this
// node's own, which is noted before the job is started.
func (r *remote) settle() (Place, error) {
	p := r.job.Place
	if p.ID != "" {
		return p, nil
	}
	p.Ticket, p.Task = r.job.Ticket, r.job.TaskID
	if r.job.Tools.Home != nil && r.in.state.Home == "" && r.job.Cursor == 0 {
		at, err := r.job.Tools.Home()
		if err != nil {
			return p, err
		}
		r.in.state.Home, r.in.changed = at, true
	}
	p.Home = r.in.state.Home
	return p, nil
}
