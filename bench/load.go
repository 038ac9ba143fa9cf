package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"
)

// burst is a load of equal requests over connections that are kept.
type burst struct {
	addr    string
	conns   int
	lasts   time.Duration
	request func(conn, n int) []byte // the n-th request of a connection
}

// answered is what a burst found.
type answered struct {
	count   int
	size    int // of the last answer's body
	rate    float64
	latency time.Duration // median
	last    time.Duration // of 99 in 100
}

// run sends the requests; any answer that is none of 2xx is an error.
func (b burst) run() (answered, error) {
	var all answered
	var times []time.Duration
	var failed error
	var mu sync.Mutex
	var wg sync.WaitGroup
	began := time.Now()
	for c := range b.conns {
		wg.Go(func() {
			took, size, err := b.connection(c, began.Add(b.lasts))
			mu.Lock()
			defer mu.Unlock()
			times, all.size, failed = append(times, took...), size, errors.Join(failed, err)
		})
	}
	wg.Wait()
	if failed != nil || len(times) == 0 {
		return all, fmt.Errorf("%d requests were answered, then: %w", len(times), failed)
	}
	slices.Sort(times)
	all.count, all.latency, all.last = len(times), times[len(times)/2], times[len(times)*99/100]
	all.rate = float64(all.count) / time.Since(began).Seconds()
	return all, nil
}

func (b burst) connection(c int, until time.Time) (took []time.Duration, size int, err error) {
	conn, err := net.Dial("tcp", b.addr)
	if err != nil {
		return nil, 0, err
	}
	defer conn.Close()
	r := bufio.NewReaderSize(conn, 64<<10)
	for n := 0; time.Now().Before(until); n++ {
		began := time.Now()
		_ = conn.SetDeadline(began.Add(20 * time.Second))
		if _, err = conn.Write(b.request(c, n)); err != nil {
			return took, size, err
		}
		if size, err = answer(r); err != nil {
			return took, size, err
		}
		took = append(took, time.Since(began))
	}
	return took, size, nil
}

// answer reads one answer: enough of HTTP for two servers on this machine, and
// little enough that the client does not take the servers' processor time.
func answer(r *bufio.Reader) (size int, err error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	status := string(line)
	length, chunked := 0, false
	for {
		if line, err = r.ReadSlice('\n'); err != nil {
			return 0, err
		}
		if line = bytes.TrimRight(line, "\r\n"); len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(": "))
		if bytes.EqualFold(name, []byte("Content-Length")) {
			length, _ = strconv.Atoi(string(value))
		}
		chunked = chunked || bytes.EqualFold(name, []byte("Transfer-Encoding"))
	}
	if len(status) < 12 || status[9] != '2' {
		body, _ := r.Peek(min(length, r.Buffered()))
		return 0, fmt.Errorf("%s %s", bytes.TrimSpace([]byte(status)), body)
	}
	if !chunked {
		return r.Discard(length)
	}
	for {
		if line, err = r.ReadSlice('\n'); err != nil {
			return size, err
		}
		n, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 32)
		if err != nil {
			return size, fmt.Errorf("a chunk of no length: %w", err)
		}
		if _, err := io.CopyN(io.Discard, r, n+2); err != nil {
			return size, err
		}
		size += int(n)
		if n == 0 {
			return size, nil
		}
	}
}

// request writes a request of HTTP/1.1.
func request(method, addr, path, header, body string) []byte {
	s := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", method, path, addr, header)
	if body != "" {
		s += fmt.Sprintf("Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	return []byte(s + "\r\n" + body)
}
