package api

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/takodeploy/tako/octodiff"
)

// deltaOf is the difference that copies so many bytes of a base and adds more.
func deltaOf(result []byte, copied int64, added string) []byte {
	hash := sha1.Sum(result)
	d := append([]byte("OCTODELTA\x01\x04SHA1\x14\x00\x00\x00"), hash[:]...)
	d = append(d, ">>>\x60"...)
	d = binary.LittleEndian.AppendUint64(d, 0)
	d = binary.LittleEndian.AppendUint64(d, uint64(copied))
	d = append(d, 0x80)
	d = binary.LittleEndian.AppendUint64(d, uint64(len(added)))
	return append(d, added...)
}

// bigZip is a zip that does not shrink, with one more file when asked for.
func bigZip(t *testing.T, more ...string) []byte {
	t.Helper()
	noise := make([]byte, 100_000)
	source := rand.NewChaCha8([32]byte{})
	if _, err := source.Read(noise); err != nil {
		t.Fatal(err)
	}
	return zipOf(t, append([]string{"big.bin", string(noise)}, more...)...)
}

func common(a, b []byte) (n int64) {
	for n < int64(min(len(a), len(b))) && a[n] == b[n] {
		n++
	}
	return n
}

func TestPackageDelta(t *testing.T) {
	h := newHarness(t)
	const signature, to = "/api/Spaces-1/packages/Acme.Web/1.1.0/delta-signature", "/api/Spaces-1/packages/acme.web/1.0.0/delta"
	h.call(404, "GET", signature, nil)
	old, next := bigZip(t), bigZip(t, "new.txt", "new")
	for _, name := range []string{"Acme.Web.0.9.0.zip", "Acme.Web.1.0.0.zip"} {
		if a := h.push("file", name, "", old); a.status != 201 {
			t.Fatalf("%s", a.body)
		}
	}
	signed := h.call(200, "GET", signature, nil)
	got, err := base64.StdEncoding.DecodeString(at(signed, "Signature").(string))
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if err := octodiff.Sign(&want, bytes.NewReader(old), octodiff.DefaultChunk); err != nil {
		t.Fatal(err)
	}
	if at(signed, "BaseVersion") != "1.0.0" || !bytes.Equal(got, want.Bytes()) {
		t.Errorf("base %v, %d bytes", at(signed, "BaseVersion"), len(got))
	}

	same := common(old, next)
	delta := deltaOf(next, same, string(next[same:]))
	a := h.pushTo(to+"?overwriteMode=FailIfExists", "file", "Acme.Web.1.1.0.zip", delta)
	if made := a.json(h); a.status != 201 || at(made, "Id") != "packages-Acme.Web.1.1.0" || at(made, "PackageSizeBytes") != float64(len(next)) {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if raw := h.send("GET", "/api/Spaces-1/packages/packages-Acme.Web.1.1.0/raw", nil); !bytes.Equal(raw.body, next) {
		t.Errorf("what is stored is not what was meant: %d bytes", len(raw.body))
	}
	stored := h.stored()
	if a := h.pushTo(to+"?overwriteMode=IgnoreIfExists", "file", "Acme.Web.1.1.0.zip", delta); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}

	damaged := bytes.Clone(delta)
	damaged[len(damaged)-30] ^= 1
	for name, c := range map[string]struct {
		status   int
		to, file string
		delta    []byte
		words    string
	}{
		"there already":     {400, to, "Acme.Web.1.1.0.zip", delta, "already"},
		"no such base":      {404, "/api/Spaces-1/packages/Acme.Web/7.0.0/delta", "Acme.Web.1.2.0.zip", delta, "7.0.0"},
		"another package":   {400, to, "Other.1.2.0.zip", delta, "'Other'"},
		"no package's name": {400, to, "readme.txt", delta, "readme.txt"},
		"a whole file":      {400, to, "Acme.Web.1.2.0.zip", next, "whole file"},
		"a damaged one":     {400, to, "Acme.Web.1.2.0.zip", damaged, "whole file"},
		"half of one":       {400, to, "Acme.Web.1.2.0.zip", delta[:len(delta)-40], "ends within"},
		"another base":      {400, "/api/Spaces-1/packages/Acme.Web/1.1.0/delta", "Acme.Web.1.2.0.zip", deltaOf(old, int64(len(old)), ""), "whole file"},
		"no archive":        {400, to, "Acme.Web.1.2.0.zip", deltaOf(old[:100], 100, ""), "cannot be used as a package"},
	} {
		if a := h.pushTo(c.to, "file", c.file, c.delta); a.status != c.status || !strings.Contains(string(a.body), c.words) {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if now := h.stored(); now != stored {
		t.Errorf("%d files are stored after refused uploads, %d before", now, stored)
	}
	viewer := []string{"X-Octopus-ApiKey", h.member("vic", "userroles-projectviewer")}
	h.call(403, "GET", signature, nil, viewer...)
	if a := h.pushTo(to, "file", "Acme.Web.1.3.0.zip", delta, viewer...); a.status != 403 {
		t.Errorf("a viewer: %d", a.status)
	}
	publisher := []string{"X-Octopus-ApiKey", h.member("pam", "userroles-packagepublisher")}
	h.call(200, "GET", signature, nil, publisher...)
	if a := h.pushTo(to, "file", "Acme.Web.1.3.0.zip", delta, publisher...); a.status != 201 {
		t.Errorf("a publisher: %d %s", a.status, a.body)
	}
}
