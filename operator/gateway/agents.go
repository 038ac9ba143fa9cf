package gateway

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"
)

// nameWithin is how long an agent has to say which instance it wants.
const nameWithin = 10 * time.Second

// ServeAgents leads polling agents to the instances whose names they ask for, until
// ctx ends. Agent and server know each other by their certificates: what they say is
// encrypted from end to end, and only the name is read here.
func (g *Gateway) ServeAgents(ctx context.Context, l net.Listener) {
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	var open sync.WaitGroup
	defer open.Wait()
	for {
		c, err := l.Accept()
		if err == nil {
			open.Go(func() { g.agent(ctx, c) })
			continue
		}
		if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
			return
		}
		slog.Warn("an agent could not be let in", "error", err)
		select { // as when there are too many connections, which others end
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// agent leads one connection. Where that fails it is closed, and the agent comes
// again by itself.
func (g *Gateway) agent(ctx context.Context, c net.Conn) {
	defer c.Close()
	end := context.AfterFunc(ctx, func() { c.Close() })
	defer end()
	name, said, err := wanted(ctx, c)
	if err != nil {
		slog.Debug("an agent did not say where it wants to go", "from", c.RemoteAddr(), "error", err)
		return
	}
	place, err := g.Directory.Find(ctx, name)
	if err == nil && place.Closed != "" {
		err = closedError(place.Closed)
	}
	if err != nil {
		slog.Info("an agent is not led to a server", "host", name, "from", c.RemoteAddr(), "error", err)
		return
	}
	g.note(place.Name)
	server, err := g.agentsOf(ctx, place)
	if err != nil {
		slog.Info("an agent is not led to a server", "host", name, "from", c.RemoteAddr(), "error", err)
		return
	}
	defer server.Close()
	over := context.AfterFunc(ctx, func() { server.Close() })
	defer over()
	if _, err := server.Write(said); err == nil {
		g.pass(place.Name, c, server)
	}
}

// agentsOf connects to where an instance's server waits for agents, and wakes one
// that sleeps.
func (g *Gateway) agentsOf(ctx context.Context, place Place) (net.Conn, error) {
	address, err := g.reach(ctx, place)
	if err != nil {
		return nil, err
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("reading the address of %s: %w", place.Name, err)
	}
	c, err := (&net.Dialer{Timeout: 3 * time.Second}).DialContext(ctx, "tcp", net.JoinHostPort(host, g.AgentPort))
	if err != nil {
		g.doubt(place.Name)
		return nil, fmt.Errorf("reaching the server of %s: %w", place.Name, err)
	}
	return c, nil
}

// pass passes on what both say until either has ended. An instance is in use for
// as long: were it put to sleep, the agent would wake it at once.
func (g *Gateway) pass(name string, agent, server net.Conn) {
	over := make(chan struct{}, 2)
	carry := func(to, from net.Conn) {
		_, _ = io.Copy(to, from) // either may be gone at any time
		over <- struct{}{}
	}
	go carry(server, agent)
	go carry(agent, server)
	tell := time.NewTicker(max(g.Tell/2, time.Millisecond))
	defer tell.Stop()
	for {
		select {
		case <-over:
			agent.Close()
			server.Close()
			<-over
			return
		case <-tell.C:
			g.note(name)
		}
	}
}

// errHeard ends a handshake of which enough is known.
var errHeard = errors.New("the name was heard")

// wanted reads the name of the server that a TLS client wants, and gives what it
// said so far.
func wanted(ctx context.Context, c net.Conn) (name string, said []byte, err error) {
	if err := c.SetReadDeadline(time.Now().Add(nameWithin)); err != nil {
		return "", nil, fmt.Errorf("waiting for the name: %w", err)
	}
	heard := &listening{Conn: c}
	err = tls.Server(heard, &tls.Config{GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		name = strings.ToLower(strings.TrimSuffix(h.ServerName, "."))
		return nil, errHeard
	}}).HandshakeContext(ctx)
	if !errors.Is(err, errHeard) {
		return "", nil, fmt.Errorf("reading the name: %w", err)
	}
	if name == "" {
		return "", nil, errors.New("it names no server: agents must connect by host name")
	}
	if err := c.SetReadDeadline(time.Time{}); err != nil {
		return "", nil, fmt.Errorf("going on after the name: %w", err)
	}
	return name, heard.said.Bytes(), nil
}

// listening keeps what a client says, and answers nothing.
type listening struct {
	net.Conn
	said bytes.Buffer
}

func (l *listening) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	l.said.Write(b[:n])
	return n, err
}

func (l *listening) Write(b []byte) (int, error) { return len(b), nil }
