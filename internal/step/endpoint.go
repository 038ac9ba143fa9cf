package step

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/target"
)

// Machines reaches the deployment targets and workers of the catalogue, and
// the built-in worker on the server's own machine.
type Machines struct {
	DB   *store.DB
	Pool *target.Pool
	// Dir is the folder of the built-in worker.
	Dir string
	// Pods take the place of the built-in worker, unless it is nil.
	Pods *target.Pods
}

// Reach opens the way to a place. The account's secrets are opened for the
// moment and not kept.
func (m *Machines) Reach(ctx context.Context, space string, place Place) (target.Transport, func(), error) {
	way, err := m.open(ctx, space, place)
	if err != nil {
		return nil, nil, err
	}
	return way, func() { _ = way.Close() }, nil
}

func (m *Machines) open(ctx context.Context, space string, place Place) (target.Transport, error) {
	switch {
	case place.ID == "" && m.Pods != nil:
		return m.Pods.Open(target.PodTicket{Ticket: place.Ticket, Task: place.Task, At: place.Home})
	case place.ID == "":
		dir, err := m.folder(place.Home)
		if err != nil {
			return nil, err
		}
		return m.Pool.Local(target.Local{Dir: dir})
	}
	var endpoint target.SSH
	err := m.DB.View(ctx, func(tx *store.Tx) error {
		name, e, err := EndpointOf(tx, space, place.ID)
		if err != nil {
			return err
		}
		endpoint, err = sshOf(tx, name, e)
		return err
	})
	if err != nil {
		return nil, err
	}
	return m.Pool.SSH(endpoint)
}

// EndpointOf gives the name and the endpoint of a target or worker.
func EndpointOf(tx *store.Tx, space, id string) (name string, e *catalog.Endpoint, err error) {
	var in string
	if strings.HasPrefix(id, "Workers-") {
		w, err := catalog.Workers.Get(tx, id)
		if err != nil {
			return "", nil, err
		}
		name, in, e = w.Name, w.SpaceID, &w.Endpoint
	} else {
		t, err := catalog.Machines.Get(tx, id)
		if err != nil {
			return "", nil, err
		}
		name, in, e = t.Name, t.SpaceID, &t.Endpoint
	}
	if space != "" && in != space {
		return "", nil, fault.New(fault.NotFound, "There is no machine %s in space %s.", id, space)
	}
	return name, e, nil
}

// sshOf makes an SSH endpoint of a machine's, its account and its proxy.
func sshOf(tx *store.Tx, name string, e *catalog.Endpoint) (target.SSH, error) {
	if e.CommunicationStyle != catalog.StyleSSH {
		return target.SSH{}, fault.New(fault.Invalid, "%s is reached in the way %s, in which this server cannot run anything.", name, e.CommunicationStyle)
	}
	s := target.SSH{Host: e.Host, Port: e.Port, Fingerprint: e.Fingerprint}
	account, err := catalog.Accounts.Get(tx, e.AccountID)
	if fault.Is(err, fault.NotFound) {
		return s, fault.Wrap(fault.Invalid, err, "The account of %s cannot be used", name)
	}
	if err != nil {
		return s, fmt.Errorf("reading the account of %s: %w", name, err)
	}
	s.User = account.Username
	switch account.AccountType {
	case catalog.AccountPassword:
		s.Password, err = account.Password.Open(tx)
	case catalog.AccountSSH:
		if s.PrivateKey, err = account.PrivateKeyFile.Open(tx); err == nil {
			s.Passphrase, err = account.PrivateKeyPassphrase.Open(tx)
		}
	default:
		return s, fault.New(fault.Invalid, "The account %s of %s is of the type %s, with which one cannot log in over SSH.", account.Name, name, account.AccountType)
	}
	if err != nil {
		return s, fmt.Errorf("opening the account %s: %w", account.ID, err)
	}
	if e.ProxyID != "" {
		s.Proxy, err = proxyOf(tx, name, e.ProxyID)
	}
	return s, err
}

func proxyOf(tx *store.Tx, machine, id string) (string, error) {
	p, err := catalog.Proxies.Get(tx, id)
	if fault.Is(err, fault.NotFound) {
		return "", fault.Wrap(fault.Invalid, err, "The proxy of %s cannot be used", machine)
	}
	if err != nil {
		return "", fmt.Errorf("reading the proxy of %s: %w", machine, err)
	}
	u := url.URL{Scheme: "http", Host: net.JoinHostPort(p.Host, strconv.Itoa(p.Port))}
	if p.Username != "" {
		password, err := p.Password.Open(tx)
		if err != nil {
			return "", fmt.Errorf("opening the proxy %s: %w", id, err)
		}
		u.User = url.UserPassword(p.Username, password)
	}
	return u.String(), nil
}
