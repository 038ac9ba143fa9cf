package secret_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/takodeploy/tako/internal/secret"
)

func TestTextNeverShows(t *testing.T) {
	const plain = "hunter2-xyz"
	s := secret.Text(plain)
	holder := struct {
		Name  string
		Value secret.Text
		Inner struct{ V secret.Text }
	}{"db", s, struct{ V secret.Text }{s}}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T"} {
		fmt.Fprintf(&out, verb+"\n", s)
		fmt.Fprintf(&out, verb+"\n", holder)
		fmt.Fprintf(&out, verb+"\n", []secret.Text{s})
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "secret", s, "holder", holder)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "secret", s, "holder", holder)
	b, err := json.Marshal(map[string]any{"k": s, "holder": &holder})
	if err != nil {
		t.Fatal(err)
	}
	out.Write(b)
	for _, leak := range []string{plain, fmt.Sprintf("%x", plain), fmt.Sprintf("%X", plain), fmt.Sprintf("%d", []byte(plain))} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("output shows %q:\n%s", leak, out.String())
		}
	}
	var back secret.Text
	if err := json.Unmarshal([]byte(`"a\nb"`), &back); err != nil || back.Reveal() != "a\nb" {
		t.Errorf("reading JSON: %q, %v", back.Reveal(), err)
	}
}

func TestKeyText(t *testing.T) {
	k := secret.NewKey()
	again, err := secret.ParseKey(" " + k.Text().Reveal() + "\n")
	if err != nil {
		t.Fatal(err)
	}
	if again.ID() != k.ID() || again.Text().Reveal() != k.Text().Reveal() {
		t.Error("the key is another after its text form")
	}
	if got := fmt.Sprintf("%v %+v %#v %s %x", k, k, k, k, k); strings.Contains(got, k.Text().Reveal()) || !strings.Contains(got, k.ID()) {
		t.Errorf("printing a key gave %s", got)
	}
	if _, err := secret.ParseKey(base64.StdEncoding.EncodeToString(make([]byte, 16))); err != nil {
		t.Errorf("16 bytes: %v", err)
	}
	for _, bad := range []string{"", "no base64!", base64.StdEncoding.EncodeToString([]byte("short"))} {
		if _, err := secret.ParseKey(bad); err == nil {
			t.Errorf("ParseKey(%q) was accepted", bad)
		} else if bad != "" && strings.Contains(err.Error(), bad) {
			t.Errorf("the error shows the text: %v", err)
		}
	}
}

func TestSealOpen(t *testing.T) {
	k := secret.NewKey()
	for _, plain := range []string{"", "x", "naïve ünïcode\x00", strings.Repeat("long ", 10000)} {
		a, b := k.Seal("Variables.Value", plain), k.Seal("Variables.Value", plain)
		if a == b {
			t.Error("two seals of one value are equal")
		}
		if !secret.IsSealed(a) || !strings.Contains(a, k.ID()) {
			t.Errorf("sealed form %.40q", a)
		}
		got, err := k.Open("Variables.Value", a)
		if err != nil || got != plain {
			t.Errorf("Open gave %.20q, %v", got, err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	k, other := secret.NewKey(), secret.NewKey()
	good := k.Seal("here", "value")
	body := good[strings.LastIndex(good, ".")+1:]
	flipped := []byte(good)
	flipped[len(flipped)-3] ^= 1
	for name, c := range map[string]struct {
		context, sealed string
		want            error
	}{
		"plain text":    {"here", "value", secret.ErrNotSealed},
		"empty":         {"here", "", secret.ErrNotSealed},
		"no body":       {"here", "sealed1.abcd", secret.ErrNotSealed},
		"other context": {"there", good, secret.ErrTampered},
		"other key":     {"here", other.Seal("here", "value"), secret.ErrUnknownKey},
		"relabelled":    {"here", "sealed1." + k.ID() + "." + strings.SplitN(other.Seal("here", "v"), ".", 3)[2], secret.ErrTampered},
		"cut short":     {"here", good[:len(good)-8], secret.ErrTampered},
		"only nonce":    {"here", strings.TrimSuffix(good, body) + body[:16], secret.ErrTampered},
		"bit flipped":   {"here", string(flipped), secret.ErrTampered},
		"not base64":    {"here", "sealed1." + k.ID() + ".***", secret.ErrTampered},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := k.Open(c.context, c.sealed); !errors.Is(err, c.want) || got != "" {
				t.Errorf("got %q, %v; want %v", got, err, c.want)
			}
		})
	}
}

func TestRotation(t *testing.T) {
	old := secret.NewKey()
	sealed := old.Seal("c", "value")
	next := secret.NewKey().WithPrevious(old)
	if got, err := next.Open("c", sealed); err != nil || got != "value" {
		t.Fatalf("the new key opens the old value: %q, %v", got, err)
	}
	moved, changed, err := next.Reseal("c", sealed)
	if err != nil || !changed {
		t.Fatalf("Reseal: %v, %v", changed, err)
	}
	alone, _ := secret.ParseKey(next.Text().Reveal())
	if got, err := alone.Open("c", moved); err != nil || got != "value" {
		t.Errorf("after the rotation: %q, %v", got, err)
	}
	if again, changed, err := next.Reseal("c", moved); err != nil || changed || again != moved {
		t.Errorf("a second Reseal: %v, %v", changed, err)
	}
	if _, _, err := alone.Reseal("c", sealed); !errors.Is(err, secret.ErrUnknownKey) {
		t.Errorf("Reseal without the old key: %v", err)
	}
}

func TestFingerprint(t *testing.T) {
	k := secret.NewKey()
	a := k.Fingerprint("c", "value")
	if a != k.Fingerprint("c", "value") {
		t.Error("one value, two fingerprints")
	}
	for _, b := range []string{k.Fingerprint("c", "other"), k.Fingerprint("cv", "alue"), secret.NewKey().Fingerprint("c", "value")} {
		if a == b {
			t.Errorf("fingerprint %s is not told apart", a)
		}
	}
}

func TestAPIKeys(t *testing.T) {
	form := regexp.MustCompile(`^(API-)([A-Z\d])+$`)
	seen := map[string]bool{}
	for range 200 {
		key := secret.NewAPIKey()
		if s := key.Reveal(); !form.MatchString(s) || !secret.IsAPIKey(s) || seen[s] || len(s) < 30 {
			t.Fatalf("minted %q", s)
		}
		seen[key.Reveal()] = true
	}
	for _, s := range []string{"", "API-", "API-abc", "api-ABC", "API-AB C", "XAPI-ABC", "API-AB\n", "API-É"} {
		if secret.IsAPIKey(s) || form.MatchString(s) {
			t.Errorf("IsAPIKey(%q)", s)
		}
	}
	if got := secret.APIKeyHint("API-ABCDEFGHIJKLMNOPQRSTUVWXYZ"); got != "API-ABCD..." {
		t.Errorf("hint %q", got)
	}
	if got := secret.APIKeyHint("API-SHORT"); got != secret.Stars {
		t.Errorf("hint of a short key %q", got)
	}
}

func TestTokenHashes(t *testing.T) {
	a, b := secret.NewToken(), secret.NewToken()
	got := []bool{
		secret.Hash(a) == secret.Hash(a), secret.Hash(a) == secret.Hash(b),
		secret.CSRFToken(a) == secret.CSRFToken(a), secret.CSRFToken(a) == secret.CSRFToken(b),
		secret.CSRFToken(a) == secret.Hash(a), secret.Equal("x", "x"), secret.Equal("x", "y"), secret.Equal("x", "xx"),
	}
	if d := cmp.Diff([]bool{true, false, true, false, false, true, false, false}, got); d != "" {
		t.Error(d)
	}
	if n := testing.AllocsPerRun(100, func() { secret.Hash(a) }); n > 8 {
		t.Errorf("hashing a token allocates %v times", n)
	}
}

func TestPasswords(t *testing.T) {
	ctx := context.Background()
	p := secret.NewPasswords(2)
	hash, err := p.Hash(ctx, "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") || secret.Outdated(hash) {
		t.Errorf("hash %s", hash)
	}
	other, _ := p.Hash(ctx, "correct horse")
	if other == hash {
		t.Error("no salt")
	}
	// A hash of another implementation, at a cost that is not ours.
	const foreign = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	var wg sync.WaitGroup
	for _, c := range []struct {
		hash     string
		password secret.Text
		want     bool
		bad      bool
	}{
		{hash, "correct horse", true, false},
		{hash, "correct horsf", false, false},
		{hash, "", false, false},
		{"", "correct horse", false, false},
		{"", "", false, false},
		{foreign, "password", true, false},
		{"plain", "plain", false, true},
		{"$argon2id$v=19$m=99999999,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "password", false, true},
		{"$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$", "", false, true},
	} {
		wg.Go(func() {
			got, err := p.Check(ctx, c.hash, c.password)
			if got != c.want || (err != nil) != c.bad {
				t.Errorf("Check(%q, …) = %v, %v", c.hash, got, err)
			}
		})
	}
	wg.Wait()
	if !secret.Outdated(foreign) || !secret.Outdated("plain") {
		t.Error("a hash of another cost counts as current")
	}
}

func TestPasswordsWaitEndsWithContext(t *testing.T) {
	p := secret.NewPasswords(1)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := p.Hash(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled caller got %v", err)
	}
}

func BenchmarkHash(b *testing.B) {
	key := secret.NewAPIKey()
	for b.Loop() {
		secret.Hash(key)
	}
}
