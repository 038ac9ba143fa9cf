package sshdtest_test

import (
	"errors"
	"fmt"
	"net"
	"syscall"
	"testing"

	"github.com/takodeploy/tako/internal/target/sshdtest"
)

// A reserved port refuses, serves whoever asks for it by name, as often as it
// is asked for, and is never given to anybody else.
func TestReservePort(t *testing.T) {
	port, err := sshdtest.ReservePort("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	for range 3 {
		if conn, err := net.Dial("tcp", address); !errors.Is(err, syscall.ECONNREFUSED) {
			if err == nil {
				conn.Close()
			}
			t.Fatalf("dialing: %v", err)
		}
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
		l.Close()
	}
	other, err := sshdtest.ReservePort("127.0.0.1")
	if err != nil || other == port {
		t.Errorf("%d again: %v", other, err)
	}
	if _, err := sshdtest.ReservePort("localhost"); err == nil {
		t.Error("a name was taken for an address")
	}
}
