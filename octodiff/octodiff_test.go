package octodiff

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// noise is a file of so many bytes that does not repeat itself.
func noise(n int) []byte {
	x, file := uint32(1), make([]byte, n)
	for i := range file {
		x = x*1103515245 + 12345
		file[i] = byte(x >> 16)
	}
	return file
}

// What another implementation made of noise(5000), and of "front", its bytes
// from 1024 to 4096, and "back", with chunks of 1024.
const (
	madeSignature = "4f43544f5349470104534841310741646c657233323e3e3e00049aef33ea1a701b8e0750316882d1ca506a66ca638b3c693e00042cff348e1e03467b4135e6d9447b26c1bb7be2ecdf0823820004be037260483fdb6dc565679eb24ce981ef976c188b1dd96a00045306cc70046246ac3b504ef30827963f46ce576de382cc12880304b9c76cd3d12d546a1a5f12f552ad1edac8d78458042257"
	madeDelta     = "4f43544f44454c544101045348413114000000b98f68980b37f0038e029b0a0be289c706fdcfa23e3e3e80050000000000000066726f6e74600004000000000000000c0000000000008004000000000000006261636b"
)

func TestSign(t *testing.T) {
	var got bytes.Buffer
	if err := Sign(&got, iotest.OneByteReader(bytes.NewReader(noise(5000))), 1024); err != nil {
		t.Fatal(err)
	}
	if hex.EncodeToString(got.Bytes()) != madeSignature {
		t.Errorf("%x", got.Bytes())
	}
	got.Reset()
	if err := Sign(&got, strings.NewReader(""), DefaultChunk); err != nil || got.Len() != len("OCTOSIG_SHA1__Adler32_>>>")-1 {
		t.Errorf("of an empty file: %v %q", err, got.Bytes())
	}
	for _, chunk := range []int{0, MinChunk - 1, MaxChunk + 1} {
		if Sign(io.Discard, strings.NewReader("x"), chunk) == nil {
			t.Errorf("chunks of %d are taken", chunk)
		}
	}
	broken := errors.New("broken")
	if err := Sign(io.Discard, iotest.ErrReader(broken), 1024); !errors.Is(err, broken) {
		t.Error(err)
	}
}

func TestChunkFor(t *testing.T) {
	for size, want := range map[int64]int{0: DefaultChunk, 1 << 20: DefaultChunk, 1 << 30: 10737, 100 << 30: MaxChunk} {
		if got := ChunkFor(size); got != want {
			t.Errorf("%d: %d", size, got)
		}
	}
}

// delta puts a delta together.
type delta struct{ bytes.Buffer }

func newDelta(result []byte) *delta {
	d := &delta{}
	hash := sha1.Sum(result)
	d.WriteString("OCTODELTA\x01\x04SHA1\x14\x00\x00\x00")
	d.Write(hash[:])
	d.WriteString(">>>")
	return d
}

func (d *delta) number(n int64) { d.Write(binary.LittleEndian.AppendUint64(nil, uint64(n))) }

func (d *delta) copy(start, length int64) *delta {
	d.WriteByte(0x60)
	d.number(start)
	d.number(length)
	return d
}

func (d *delta) data(text string) *delta {
	d.WriteByte(0x80)
	d.number(int64(len(text)))
	d.WriteString(text)
	return d
}

func patch(base, delta string, limit int64) (string, error) {
	p := NewPatch(strings.NewReader(base), int64(len(base)), iotest.HalfReader(strings.NewReader(delta)), limit)
	got, err := io.ReadAll(p)
	if _, again := p.Read(make([]byte, 1)); err != nil && again == nil {
		return "", errors.New("a failed patch can be read on")
	}
	return string(got), err
}

func TestPatch(t *testing.T) {
	base := noise(5000)
	made, err := hex.DecodeString(madeDelta)
	if err != nil {
		t.Fatal(err)
	}
	want := "front" + string(base[1024:4096]) + "back"
	if got, err := patch(string(base), string(made), 5000); err != nil || got != want {
		t.Errorf("%v, %d bytes", err, len(got))
	}
	old := "0123456789"
	for name, c := range map[string]struct {
		delta *delta
		want  string
	}{
		"nothing":       {newDelta(nil), ""},
		"all":           {newDelta([]byte(old)).copy(0, 10), old},
		"none":          {newDelta([]byte("new")).data("new"), "new"},
		"twice":         {newDelta([]byte("99x")).copy(9, 1).copy(9, 1).data("x"), "99x"},
		"empty parts":   {newDelta([]byte("a")).copy(10, 0).data("").data("a"), "a"},
		"the other way": {newDelta([]byte("5670")).copy(5, 3).copy(0, 1), "5670"},
	} {
		if got, err := patch(old, c.delta.String(), 20); err != nil || got != c.want {
			t.Errorf("%s: %v %q", name, err, got)
		}
	}
}

func TestPatchRefuses(t *testing.T) {
	good := newDelta([]byte("new")).data("new").String()
	edit := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	for name, c := range map[string]struct{ delta, words string }{
		"nothing":          {"", "ends within its beginning"},
		"a zip":            {"PK\x03\x04 and so on and on", "does not begin"},
		"a later format":   {edit("\x01\x04SHA1", "\x02\x04SHA1"), "version 2"},
		"another hash":     {edit("SHA1", "SHA2"), "SHA2"},
		"a longer hash":    {edit("\x14\x00", "\x15\x00"), "damaged"},
		"no end of head":   {edit(">>>", ">>?"), "damaged"},
		"an odd command":   {good + "x", "no command"},
		"half a number":    {good + "\x60\x00", "ends within a command"},
		"half its data":    {good[:len(good)-1], "ends within its data"},
		"a negative place": {newDelta(nil).copy(-1, 1).String(), "negative"},
		"a negative size":  {newDelta(nil).copy(1, -1).String(), "negative"},
		"beyond the end":   {newDelta(nil).copy(9, 2).String(), "does not fit"},
		"far beyond":       {newDelta(nil).copy(1, 1<<62).String(), "does not fit"},
		"more than it may": {newDelta(nil).copy(0, 10).copy(0, 10).copy(0, 1).String(), "more than it may"},
		"another result":   {newDelta([]byte("other")).data("new").String(), "does not fit"},
	} {
		if _, err := patch("0123456789", c.delta, 20); err == nil || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: %v", name, err)
		}
	}
	lost := errors.New("lost")
	p := NewPatch(strings.NewReader(""), 0, io.MultiReader(strings.NewReader(good[:20]), iotest.ErrReader(lost)), 0)
	if _, err := io.ReadAll(p); !errors.Is(err, lost) {
		t.Errorf("a sender that is lost: %v", err)
	}
}

func FuzzPatch(f *testing.F) {
	f.Add([]byte("0123456789"), []byte(newDelta([]byte("12new")).copy(1, 2).data("new").String()))
	f.Add([]byte(""), []byte(newDelta(nil).String()))
	f.Fuzz(func(t *testing.T, base, change []byte) {
		const limit = 1000
		got, err := io.ReadAll(NewPatch(bytes.NewReader(base), int64(len(base)), bytes.NewReader(change), limit))
		if len(got) > limit+len(change) {
			t.Errorf("%d bytes came of %d", len(got), len(change))
		}
		if hash := sha1.Sum(got); err == nil && !bytes.Contains(change, hash[:]) {
			t.Error("an unchecked result was taken")
		}
	})
}
