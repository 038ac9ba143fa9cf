package gateway

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// post is a server's port for agents, which answers each line; it gives its number
// and who proves to be there.
func post(t *testing.T) (port string, roots *x509.CertPool) {
	t.Helper()
	lender := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(lender.Close)
	roots = x509.NewCertPool()
	roots.AddCert(lender.Certificate())
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: lender.TLS.Certificates})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				for in := bufio.NewReader(c); ; {
					line, err := in.ReadString('\n')
					if err != nil || line == "bye\n" {
						return
					}
					fmt.Fprint(c, "heard ", line)
				}
			}()
		}
	}()
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return port, roots
}

// letIn has a gateway let agents in.
func letIn(t *testing.T, g *Gateway) (address string, stop func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		g.ServeAgents(ctx, l)
	}()
	stop = func() {
		cancel()
		<-ended
	}
	t.Cleanup(stop)
	return l.Addr().String(), stop
}

// say says a line over a connection and gives the answer.
func say(t *testing.T, c net.Conn, line string) string {
	t.Helper()
	if _, err := fmt.Fprintln(c, line); err != nil {
		t.Fatal(err)
	}
	answer, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// TestAgentsReachTheirServer encrypted from end to end, one that sleeps too.
func TestAgentsReachTheirServer(t *testing.T) {
	port, roots := post(t)
	address := instance(t)
	for name, place := range map[string]Place{"awake": {Name: "acme", Address: address}, "asleep": {Name: "acme", Asleep: true}} {
		t.Run(name, func(t *testing.T) {
			c := &town{place: place, used: make(chan time.Time, 10)}
			c.wakes = func() { c.at(address) }
			at, _ := letIn(t, &Gateway{Directory: c, Hold: time.Minute, Tell: time.Hour, AgentPort: port})
			agent, err := tls.Dial("tcp", at, &tls.Config{ServerName: "ACME.example.com", RootCAs: roots, VerifyConnection: verified})
			if err != nil {
				t.Fatal(err)
			}
			defer agent.Close()
			if answer := say(t, agent, "hello"); answer != "heard hello\n" {
				t.Errorf("%q", answer)
			}
			<-c.used
			if want := map[string]int{"asleep": 1}[name]; c.woken != want {
				t.Errorf("woken %d times, want %d", c.woken, want)
			}
			fmt.Fprintln(agent, "bye")
			if rest, err := io.ReadAll(agent); err != nil || len(rest) > 0 {
				t.Errorf("when the server hangs up the agent gets %q, %v", rest, err)
			}
		})
	}
}

func verified(s tls.ConnectionState) error {
	if len(s.VerifiedChains) == 0 {
		return errors.New("it is not the server that was wanted")
	}
	return nil
}

// TestAgentsAreRefused who name no server that there is, or speak no TLS.
func TestAgentsAreRefused(t *testing.T) {
	port, _ := post(t)
	c := &town{place: Place{Name: "acme", Address: instance(t)}}
	at, _ := letIn(t, &Gateway{Directory: c, Hold: time.Minute, Tell: time.Hour, AgentPort: port})
	for name, config := range map[string]*tls.Config{
		"another name": {ServerName: "other.example.com", InsecureSkipVerify: true},
		"no name":      {InsecureSkipVerify: true},
	} {
		if agent, err := tls.Dial("tcp", at, config); err == nil {
			agent.Close()
			t.Errorf("%s is let in", name)
		}
	}
	plain, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	fmt.Fprint(plain, "GET / HTTP/1.1\r\n\r\n")
	if answer, _ := io.ReadAll(plain); len(answer) > 0 {
		t.Errorf("who speaks no TLS gets %q", answer)
	}
	c.place.Closed = "This server is suspended."
	if agent, err := tls.Dial("tcp", at, &tls.Config{ServerName: "acme.example.com", InsecureSkipVerify: true}); err == nil {
		agent.Close()
		t.Error("an agent is led to a server that is suspended")
	}
}

// TestAnAgentKeepsItsServerAwake tells again and again that it is in use, until the
// gateway ends, which ends the connection.
func TestAnAgentKeepsItsServerAwake(t *testing.T) {
	port, _ := post(t)
	c := &town{place: Place{Name: "acme", Address: instance(t)}, used: make(chan time.Time)}
	at, stop := letIn(t, &Gateway{Directory: c, Hold: time.Minute, Tell: 10 * time.Millisecond, AgentPort: port})
	agent, err := tls.Dial("tcp", at, &tls.Config{ServerName: "acme.example.com", InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer agent.Close()
	for range 3 {
		<-c.used
	}
	go func() {
		for range c.used { // what is told until it ends
		}
	}()
	stop()
	if _, err := agent.Read(make([]byte, 1)); err == nil {
		t.Error("the gateway ended, and the connection did not")
	}
}
