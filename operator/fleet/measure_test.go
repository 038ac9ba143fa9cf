package fleet

import (
	"bufio"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// freeAddress is one that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// requests is how many the operator has sent to the API server.
func (p *program) requests(t *testing.T) (n float64) {
	t.Helper()
	answer, err := http.Get("http://" + p.metrics + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		if !strings.HasPrefix(lines.Text(), "rest_client_requests_total{") {
			continue
		}
		f := strings.Fields(lines.Text())
		v, err := strconv.ParseFloat(f[len(f)-1], 64)
		if err != nil {
			t.Fatal(err)
		}
		n += v
	}
	return n
}

// steady measures the operator while nothing happens, minute by minute: in the
// first it may still look again at what it has made last.
func steady(t *testing.T, p *program) {
	t.Helper()
	before := p.requests(t)
	t.Logf("%.0f requests until all served", before)
	const over = time.Minute
	for minute := range 3 {
		time.Sleep(over) // what is measured is a rate
		now := p.requests(t)
		t.Logf("%.2f requests a second in minute %d in which nothing happens; %d MiB", (now-before)/over.Seconds(), minute+1, p.memory(t))
		before = now
	}
}
