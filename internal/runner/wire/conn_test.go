package wire

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/runner"
)

func pair(t *testing.T, accept func(*Stream)) *Conn {
	t.Helper()
	a, b := net.Pipe()
	far := NewConn(b, b, b, accept)
	near := NewConn(a, a, a, nil)
	t.Cleanup(func() { near.Close(); far.Close(); <-near.Done(); <-far.Done() })
	return near
}

func TestStreamsEchoAtTheSameTime(t *testing.T) {
	near := pair(t, func(s *Stream) {
		defer s.Close()
		io.Copy(s, s)
		s.CloseWrite()
	})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			data := make([]byte, 3<<20+i)
			rand.Read(data)
			s, err := near.Open([]byte("echo"), 64<<10)
			if err != nil {
				t.Error(err)
				return
			}
			defer s.Close()
			go func() { s.Write(data); s.CloseWrite() }()
			got, err := io.ReadAll(s)
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("stream %d: %d bytes came back of %d: %v", i, len(got), len(data), err)
			}
		})
	}
	all.Wait()
	if n, _ := near.Busy(); n != 0 {
		t.Errorf("%d streams are left open", n)
	}
}

// A stream that nobody reads must neither stop the others nor take memory
// beyond its window.
func TestSlowReaderHoldsUpOnlyItself(t *testing.T) {
	sent := make(chan int, 1)
	near := pair(t, func(s *Stream) {
		defer s.Close()
		if string(s.Request()) == "flood" {
			n, _ := s.Write(make([]byte, 10<<20))
			sent <- n
			return
		}
		s.Write([]byte("answer"))
		s.CloseWrite()
	})
	flood, err := near.Open([]byte("flood"), 64<<10)
	if err != nil {
		t.Fatal(err)
	}
	one := make([]byte, 1)
	if _, err := flood.Read(one); err != nil {
		t.Fatal(err)
	}
	quick, err := near.Ask([]byte("quick"), 64<<10)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(quick)
	if err != nil || string(got) != "answer" {
		t.Fatalf("%q, %v", got, err)
	}
	if n := flood.Buffered(); n > 64<<10 {
		t.Errorf("%d bytes wait, more than the window", n)
	}
	flood.Close()
	select {
	case n := <-sent:
		if n > 256<<10 {
			t.Errorf("%d bytes were sent to a reader that read one", n)
		}
	case <-time.After(time.Minute):
		t.Fatal("the writer was not told that the reader gave up")
	}
}

func TestLostConnectionEndsStreams(t *testing.T) {
	a, b := net.Pipe()
	opened := make(chan *Stream, 1)
	far := NewConn(b, b, b, func(s *Stream) { opened <- s })
	near := NewConn(a, a, a, nil)
	s, err := near.Open([]byte("x"), 1024)
	if err != nil {
		t.Fatal(err)
	}
	peer := <-opened
	b.Close()
	if _, err := s.Read(make([]byte, 1)); !errors.Is(err, ErrClosed) {
		t.Errorf("reading: %v", err)
	}
	<-near.Done()
	<-far.Done()
	if _, err := peer.Read(make([]byte, 1)); !errors.Is(err, ErrClosed) {
		t.Errorf("reading at the peer: %v", err)
	}
	if _, err := near.Open(nil, 1); !errors.Is(err, ErrClosed) {
		t.Errorf("opening: %v", err)
	}
}

func TestJobKeepsAnyBytes(t *testing.T) {
	job := &runner.Job{
		Command: "script",
		Variables: []runner.Variable{
			{Name: "a", Value: "line\nline\x00\xff\xfe'\"$`\\"},
			{Name: "b", Sensitive: true},
			{Name: "c", Value: strings.Repeat("x", 100_000)},
		},
		Packages:  []runner.Package{{Name: "p", ID: "Acme", Version: "1.0", Hash: strings.Repeat("a", 64), Extension: ".zip", Size: 5}},
		Files:     []runner.File{{Name: "dir/x", Data: []byte{0, 1, 2, 255}, Mode: 0o700}},
		Timeout:   3 * time.Second,
		Isolation: runner.Isolation{Level: runner.IsolationFull, Name: "n", Timeout: time.Minute},
	}
	data, err := EncodeJob(job)
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeJob(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(job, got); diff != "" {
		t.Error(diff)
	}
	for n := range len(data) - 1 {
		if n > 2000 && n < len(data)-2000 {
			continue
		}
		if _, err := DecodeJob(data[:n]); err == nil {
			t.Fatalf("a job cut off after %d bytes was accepted", n)
		}
	}
}

func FuzzParseRecord(f *testing.F) {
	f.Add(AppendRecord(nil, Record{Kind: RecordStdout, Seq: 1, Time: 2, Text: []byte("hello")}))
	f.Add([]byte{0, 0, 0, 1, 9})
	f.Fuzz(func(t *testing.T, data []byte) {
		rest := data
		for {
			r, next, ok, err := ParseRecord(rest)
			if err != nil || !ok {
				return
			}
			if again := AppendRecord(nil, r); !bytes.Equal(again, rest[:len(again)]) {
				t.Fatalf("%q became %q", rest[:len(again)], again)
			}
			rest = next
		}
	})
}
