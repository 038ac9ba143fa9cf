package api

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/target"
)

// The ports on which machines listen unless somebody says otherwise.
const (
	tentaclePort = 10933
	sshPort      = 22
)

// discover looks at what answers at the address of the query and gives an
// endpoint for it. Nothing is stored.
func (a *API) discover(r *Request) (e catalog.Endpoint, err error) {
	host := strings.TrimSpace(r.Q("host"))
	var wrong fault.Complaints
	if host == "" || strings.ContainsAny(host, " /@") {
		wrong.Add("The query value host is %q, which is not the name or address of a host.", host)
	}
	style, usual := catalog.StyleListening, tentaclePort
	switch wish := r.Q("type"); {
	case strings.EqualFold(wish, catalog.StyleSSH):
		style, usual = catalog.StyleSSH, sshPort
	case wish != "" && !strings.EqualFold(wish, catalog.StyleListening):
		wrong.Add("The query value type is %q; only %s and %s can be looked for.", wish, catalog.StyleListening, catalog.StyleSSH)
	}
	port, err := r.Int("port", usual)
	if err != nil {
		return e, err
	}
	if port < 1 || port > 65535 {
		wrong.Add("The query value port is %d; it must be from 1 to 65535.", port)
	}
	if err := wrong.Err(); err != nil {
		return e, err
	}
	proxy, err := a.proxyURL(r, r.Q("proxyId"))
	if err != nil {
		return e, err
	}
	e = catalog.Endpoint{CommunicationStyle: style, ProxyID: r.Q("proxyId")}
	at := net.JoinHostPort(host, strconv.Itoa(port))
	if style == catalog.StyleSSH {
		e.Host, e.Port, e.URI = host, port, "ssh://"+at+"/"
		e.Fingerprint, err = target.SSHFingerprint(r.Context(), host, port, proxy)
	} else {
		e.URI, e.TentacleVersionDetails = "https://"+at+"/", &catalog.TentacleVersionDetails{}
		e.Thumbprint, err = target.Thumbprint(r.Context(), host, port, proxy)
	}
	return e, err
}

func (a *API) proxyURL(r *Request, id string) (address string, err error) {
	if id == "" {
		return "", nil
	}
	err = r.View(func(tx *store.Tx) error {
		p, err := catalog.Proxies.Find(tx, r.Space, id)
		if err != nil {
			return fmt.Errorf("finding the proxy: %w", err)
		}
		address, err = p.URL(tx)
		return err
	})
	return address, err
}

func (a *API) discoverMachine(r *Request) (any, error) {
	if !r.Rights.Anywhere(access.MachineCreate, r.Space) {
		return nil, r.Need("MachineCreate", At{})
	}
	e, err := a.discover(r)
	if err != nil {
		return nil, err
	}
	m := &catalog.Machine{Condition: discovered(e)}
	m.Name, m.SpaceID = r.Q("host"), r.Space
	catalog.Machines.Complete(m)
	return unsaved(r, catalog.Machines, m)
}

func (a *API) discoverWorker(r *Request) (any, error) {
	if err := r.Need("WorkerEdit", At{}); err != nil {
		return nil, err
	}
	e, err := a.discover(r)
	if err != nil {
		return nil, err
	}
	w := &catalog.Worker{Condition: discovered(e)}
	w.Name, w.SpaceID = r.Q("host"), r.Space
	catalog.Workers.Complete(w)
	return unsaved(r, catalog.Workers, w)
}

// discovered is what is known of a machine that was found just now.
func discovered(e catalog.Endpoint) catalog.Condition {
	return catalog.Condition{Thumbprint: e.Thumbprint, URI: e.URI, OperatingSystem: "Unknown", ShellName: "Unknown", ShellVersion: "Unknown", Endpoint: e}
}
