package target_test

import (
	"crypto/sha1"
	"encoding/hex"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/takodeploy/tako/internal/target"
)

func TestThumbprint(t *testing.T) {
	s := httptest.NewTLSServer(http.NotFoundHandler())
	defer s.Close()
	at := s.Listener.Addr().(*net.TCPAddr)
	got, err := target.Thumbprint(t.Context(), "127.0.0.1", at.Port, "")
	sum := sha1.Sum(s.Certificate().Raw)
	if want := strings.ToUpper(hex.EncodeToString(sum[:])); err != nil || got != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
	if got, err := target.SSHFingerprint(t.Context(), "127.0.0.1", at.Port, ""); err == nil {
		t.Errorf("a web server has the host key %s", got)
	}
	s.Close()
	if _, err := target.Thumbprint(t.Context(), "127.0.0.1", at.Port, ""); err == nil || !strings.Contains(err.Error(), "answers at 127.0.0.1") {
		t.Errorf("nobody is there, but: %v", err)
	}
}
