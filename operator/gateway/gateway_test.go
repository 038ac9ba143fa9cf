package gateway

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// town is a directory of one instance, which starts when it is woken.
type town struct {
	mu      sync.Mutex
	place   Place
	woken   int
	used    chan time.Time
	woke    chan time.Duration
	wakes   func() // called at the first wake
	wakeErr error
}

func (c *town) Find(ctx context.Context, host string) (Place, error) {
	if host != "acme.example.com" {
		return Place{}, ErrUnknown
	}
	return c.Locate(ctx, "acme")
}

func (c *town) Locate(context.Context, string) (Place, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.place, nil
}

func (c *town) Wake(context.Context, string) error {
	c.mu.Lock()
	c.woken++
	first := c.woken == 1
	c.mu.Unlock()
	if first && c.wakes != nil {
		c.wakes()
	}
	return c.wakeErr
}

func (c *town) Used(_ context.Context, _ string, at time.Time) error {
	if c.used != nil {
		c.used <- at
	}
	return nil
}

func (c *town) Woke(_ context.Context, _ string, _ time.Time, took time.Duration) error {
	if c.woke != nil {
		c.woke <- took
	}
	return nil
}

func (c *town) at(address string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.place.Address = address
}

// instance is a server that answers with what it was asked.
func instance(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/healthz":
		case "/events":
			for n := range 3 {
				fmt.Fprintf(w, "data: %d\n\n", n)
				_ = http.NewResponseController(w).Flush()
				<-r.Context().Done() // the first must arrive although the answer never ends
			}
		default:
			body, _ := io.ReadAll(r.Body)
			fmt.Fprintf(w, "%s %s %s from %s: %s", r.Method, r.Host, r.URL, r.Header.Get("X-Forwarded-For"), body)
		}
	}))
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

func serve(t *testing.T, c *town, hold time.Duration) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(&Gateway{Directory: c, Hold: hold, Tell: time.Hour})
	t.Cleanup(s.Close)
	return s
}

func ask(t *testing.T, s *httptest.Server, host, path, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	r.Header.Set("X-Forwarded-For", "1.2.3.4")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

func TestLeadsByHost(t *testing.T) {
	c := &town{place: Place{Name: "acme", Address: instance(t)}}
	s := serve(t, c, time.Minute)
	if code, text := ask(t, s, "ACME.example.com:443", "/api/x?y=1", "hello"); code != 200 || text != "POST ACME.example.com:443 /api/x?y=1 from 127.0.0.1: hello" {
		t.Errorf("%d %s", code, text)
	}
	for path, want := range map[string]int{"/metrics": 404, "/statusz": 404} {
		if code, _ := ask(t, s, "acme.example.com", path, ""); code != want {
			t.Errorf("%s: %d", path, code)
		}
	}
	if code, text := ask(t, s, "other.example.com", "/", ""); code != 404 || !strings.Contains(text, "no server by this name") {
		t.Errorf("%d %s", code, text)
	}
	if c.woken != 0 {
		t.Errorf("woken %d times", c.woken)
	}
}

// TestAHerdWakesOnce holds many requests, with their bodies, until the instance
// is there.
func TestAHerdWakesOnce(t *testing.T) {
	c := &town{place: Place{Name: "acme", Asleep: true}, woke: make(chan time.Duration, 2)}
	address := instance(t)
	release := make(chan struct{})
	c.wakes = func() {
		go func() {
			<-release
			c.at(address)
		}()
	}
	g := &Gateway{Directory: c, Hold: time.Minute, Tell: time.Hour}
	var arrived sync.WaitGroup
	arrived.Add(50)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived.Done()
		g.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	var all sync.WaitGroup
	for n := range 50 {
		all.Go(func() {
			if code, text := ask(t, s, "acme.example.com", "/", fmt.Sprint("body ", n)); code != 200 || !strings.HasSuffix(text, fmt.Sprint(": body ", n)) {
				t.Errorf("%d %s", code, text)
			}
		})
	}
	arrived.Wait()
	close(release)
	all.Wait()
	if c.woken != 1 {
		t.Errorf("woken %d times", c.woken)
	}
	if took := <-c.woke; took <= 0 {
		t.Errorf("it is told that to wake took %s", took)
	}
	if len(c.woke) > 0 {
		t.Error("one awakening is told twice")
	}
}

// TestWhatStartsIsNotWoken: one that is being made comes without anybody asking, and
// that is no awakening.
func TestWhatStartsIsNotWoken(t *testing.T) {
	c := &town{place: Place{Name: "acme"}, woke: make(chan time.Duration, 1)}
	looked := make(chan struct{})
	g := &Gateway{Directory: &lookout{town: c, looked: looked}, Hold: time.Minute, Tell: time.Hour}
	s := httptest.NewServer(g)
	t.Cleanup(s.Close)
	address := instance(t)
	go func() {
		<-looked
		c.at(address)
	}()
	if code, _ := ask(t, s, "acme.example.com", "/", ""); code != 200 || c.woken != 0 || len(c.woke) > 0 {
		t.Errorf("%d, woken %d times, told %d times", code, c.woken, len(c.woke))
	}
}

// lookout tells when it was first looked where the instance is.
type lookout struct {
	*town
	looked chan struct{}
	once   sync.Once
}

func (l *lookout) Locate(ctx context.Context, name string) (Place, error) {
	p, err := l.town.Locate(ctx, name)
	l.once.Do(func() { close(l.looked) })
	return p, err
}

func TestNotHeldForEver(t *testing.T) {
	s := serve(t, &town{place: Place{Name: "acme"}}, 50*time.Millisecond)
	if code, text := ask(t, s, "acme.example.com", "/", ""); code != 503 || !strings.Contains(text, "is starting") {
		t.Errorf("%d %s", code, text)
	}
}

func TestClosedIsNotWoken(t *testing.T) {
	c := &town{place: Place{Name: "acme", Closed: "This server is suspended."}}
	if code, text := ask(t, serve(t, c, time.Minute), "acme.example.com", "/", ""); code != 503 || !strings.Contains(text, "suspended") {
		t.Errorf("%d %s", code, text)
	}
	if c.woken != 0 {
		t.Errorf("woken %d times", c.woken)
	}
}

func TestWakingFails(t *testing.T) {
	c := &town{place: Place{Name: "acme", Asleep: true}, wakeErr: errors.New("no cluster")}
	if code, _ := ask(t, serve(t, c, time.Minute), "acme.example.com", "/", ""); code != 503 {
		t.Errorf("%d", code)
	}
}

func TestUseIsTold(t *testing.T) {
	c := &town{place: Place{Name: "acme", Address: instance(t)}, used: make(chan time.Time, 10)}
	ask(t, serve(t, c, time.Minute), "acme.example.com", "/", "")
	<-c.used
}

// TestUseIsToldNowAndThen counts in a time of its own, in which whatever has
// begun comes to its end before the count.
func TestUseIsToldNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &town{used: make(chan time.Time, 10)}
		g := &Gateway{Directory: c, Tell: time.Minute}
		for want := 1; want <= 2; want++ {
			for range 3 {
				g.note("acme")
			}
			synctest.Wait()
			if len(c.used) != want {
				t.Errorf("told %d times, want %d", len(c.used), want)
			}
			time.Sleep(time.Minute)
		}
	})
}

// TestStreamsPass reads the first event of an answer that never ends.
func TestStreamsPass(t *testing.T) {
	s := serve(t, &town{place: Place{Name: "acme", Address: instance(t)}}, time.Minute)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "acme.example.com"
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if line, err := bufio.NewReader(answer.Body).ReadString('\n'); line != "data: 0\n" {
		t.Errorf("%q, %v", line, err)
	}
}

// TestUpgradedConnectionsPass speaks another protocol through the gateway.
func TestUpgradedConnectionsPass(t *testing.T) {
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" {
			return
		}
		w.Header().Set("Upgrade", "echo")
		w.Header().Set("Connection", "Upgrade")
		w.WriteHeader(http.StatusSwitchingProtocols)
		conn, both, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		line, _ := both.ReadString('\n')
		_, _ = both.WriteString("echo " + line)
		_ = both.Flush()
	}))
	t.Cleanup(echo.Close)
	s := serve(t, &town{place: Place{Name: "acme", Address: echo.Listener.Addr().String()}}, time.Minute)
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET /ws HTTP/1.1\r\nHost: acme.example.com\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	in := bufio.NewReader(conn)
	answer, err := http.ReadResponse(in, nil)
	if err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("%+v, %v", answer, err)
	}
	fmt.Fprint(conn, "hello\n")
	if line, err := in.ReadString('\n'); line != "echo hello\n" {
		t.Errorf("%q, %v", line, err)
	}
}

// TestAMovedInstanceIsFound takes the server away under the gateway, which
// looks then where it is now.
func TestAMovedInstanceIsFound(t *testing.T) {
	first := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	c := &town{place: Place{Name: "acme", Address: first.Listener.Addr().String()}}
	s := serve(t, c, time.Minute)
	if code, _ := ask(t, s, "acme.example.com", "/", ""); code != 200 {
		t.Fatal(code)
	}
	first.Close()
	if code, text := ask(t, s, "acme.example.com", "/", ""); code != 502 || !strings.Contains(text, "did not answer") {
		t.Errorf("%d %s", code, text)
	}
	c.at(instance(t))
	if code, _ := ask(t, s, "acme.example.com", "/", ""); code != 200 || c.woken != 0 {
		t.Errorf("%d, woken %d times", code, c.woken)
	}
}
