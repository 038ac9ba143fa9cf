package mask

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// whole masks a text at once.
func whole(secrets []string, text string) string {
	m := New(secrets)
	return m.Feed(text) + m.Flush()
}

func TestFeed(t *testing.T) {
	tests := []struct {
		name    string
		secrets []string
		text    string
		want    string
	}{
		{"nothing", nil, "text", "text"},
		{"one", []string{"secret"}, "a secret b", "a ******** b"},
		{"twice in a row", []string{"secret"}, "secretsecret", "****************"},
		{"almost", []string{"secret"}, "secre secre", "secre secre"},
		{"at the end", []string{"secret"}, "my secret", "my ********"},
		{"one in another", []string{"cret", "secrets"}, "secrets secret cret", "******** se******** ********"},
		{"overlapping", []string{"abcdef", "defghi"}, "xabcdefghiy", "x********y"},
		{"overlapping in a chain", []string{"aaaa"}, "baaaaaaab", "b********b"},
		{"prefix of another", []string{"abcd", "abcdefgh"}, "abcd abcdefgx abcdefgh", "******** ********efgx ********"},
		{"inner ones of a long one that fails", []string{"1111", "2222", "x11112222y"}, "x11112222z x11112222y", "x****************z ********"},
		{"too short", []string{"abc", "äöü"}, "abc äöü", "abc äöü"},
		{"four characters", []string{"äöüß"}, "-äöüß-", "-********-"},
		{"blank", []string{"     ", ""}, "a      b", "a      b"},
		{"white space around", []string{" secret\r\n"}, "a secret b", "a ******** b"},
		{"several lines", []string{"first one\r\nsecond\n}"}, "first one\nsecond\n}\nfirst one\r\nsecond\r\n}", "********\n********"},
		{"lines apart", []string{"{\n  long enough\n  not\n}"}, "1: {\n2: long enough\n3: not", "1: {\n2: ********\n3: not"},
		{"a secret like the mask", []string{"****", "secret"}, "secret", "********"},
		{"zero bytes", []string{"\x00\x01\x02\xff"}, "a\x00\x01\x02\xffb", "a********b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := whole(tt.secrets, tt.text); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			m := New(tt.secrets)
			var pieces strings.Builder
			for i := range len(tt.text) {
				pieces.WriteString(m.Feed(tt.text[i : i+1]))
			}
			pieces.WriteString(m.Flush())
			if got := pieces.String(); got != tt.want {
				t.Errorf("byte by byte: got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestFeedHoldsLittle checks that text which cannot become a secret is given out
// at once, and a secret as soon as it is complete.
func TestFeedHoldsLittle(t *testing.T) {
	m := New([]string{"secret", "secret agent"})
	var got []string
	for _, piece := range []string{"a line\n", "a sec", "ret", " agen", "da", "\n"} {
		got = append(got, m.Feed(piece))
	}
	got = append(got, m.Flush())
	want := []string{"a line\n", "a ", Mask, "", " agenda", "\n", ""}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestEscaped masks secrets as other programs write them into their texts, whole
// and each line of them alone.
func TestEscaped(t *testing.T) {
	const one = `pä"s\w<o>r&d'+/x` + "\U0001F511"
	const several = "first \"line\"\nsecond\tline\nend"
	tests := []struct{ name, secret, text, want string }{
		{"JSON", one, `{"p":"pä\"s\\w<o>r&d'+/x` + "\U0001F511" + `"}`, `{"p":"********"}`},
		{"JSON with slashes", one, `"pä\"s\\w<o>r&d'+\/x` + "\U0001F511" + `"`, `"********"`},
		{"JSON of Go", one, `"pä\"s\\w\u003co\u003er\u0026d'+/x` + "\U0001F511" + `"`, `"********"`},
		{"JSON of Python", one, `"p\u00e4\"s\\w<o>r&d'+/x\ud83d\udd11"`, `"********"`},
		{"JSON of .NET", one, `"p\u00E4\u0022s\\w\u003Co\u003Er\u0026d\u0027\u002B/x\uD83D\uDD11"`, `"********"`},
		{"XML", one, `<p>pä"s\w&lt;o&gt;r&amp;d'+/x` + "\U0001F511" + `</p>`, `<p>********</p>`},
		{"XML in an attribute", one, `<p a="pä&quot;s\w&lt;o&gt;r&amp;d'+/x` + "\U0001F511" + `"/>`, `<p a="********"/>`},
		{"HTML of Go", one, `pä&#34;s\w&lt;o&gt;r&amp;d&#39;+/x` + "\U0001F511", `********`},
		{"shell", one, `'pä"s\w<o>r&d'\''+/x` + "\U0001F511" + `'`, `'********'`},
		{"query", one, "?p=p%C3%A4%22s%5Cw%3Co%3Er%26d%27%2B%2Fx%F0%9F%94%91&q", "?p=********&q"},
		{"query of words", "two words", "?p=two+words&p=two%20words", "?p=********&p=********"},
		{"password of an address", `p@ss:w/rd`, "https://u:p%40ss%3Aw%2Frd@x/", "https://u:********@x/"},
		{"lines in JSON", several, `"first \"line\"\nsecond\tline\nend"`, `"********"`},
		{"lines of Windows in JSON", several, `"first \"line\"\r\nsecond\tline\r\nend"`, `"********"`},
		{"first line in JSON", several, `"first \"line\""`, `"********"`},
		{"first line in JSON and more", several, `"first \"line\"\nother"`, `"********\nother"`},
		{"second line in JSON", several, `"second\tline"`, `"********"`},
		{"line in XML", several, `<a b="first &quot;line&quot;"/>`, `<a b="********"/>`},
		{"repr of Python", several, `'first "line"\nsecond\tline\nend'`, `'********'`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := whole([]string{tt.secret}, tt.text); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// TestCut masks what may be the first part of a secret at the end of a text
// that was broken off, and nothing else.
func TestCut(t *testing.T) {
	tests := []struct {
		name    string
		secrets []string
		text    string
		want    string
	}{
		{"nothing", []string{"long secret"}, "", ""},
		{"other text", []string{"long secret"}, "a text", "a text"},
		{"half", []string{"long secret"}, "it is long se", "it is ********"},
		{"whole", []string{"long secret"}, "it is long secret", "it is ********"},
		{"four characters", []string{"long secret"}, "it is long", "it is ********"},
		{"three characters", []string{"long secret"}, "it is lon", "it is lon"},
		{"four characters of several bytes", []string{"äöüßxyz"}, "-äöüß", "-********"},
		{"the middle", []string{"long secret"}, "it is ng sec", "it is ng sec"},
		{"not at the end", []string{"long secret"}, "it is long se.", "it is long se."},
		{"after a whole one", []string{"long secret"}, "long secretlong s", "****************"},
		{"going on from a whole one", []string{"abcd", "abcdefgh"}, "abcdef", "********"},
		{"within one that fails", []string{"xx1111", "1111222"}, "xx1112 11112", "xx1112 ********"},
		{"the second line", []string{"first of them\nsecond of them"}, "second of t", "********"},
		{"half an escape", []string{`pass"word`}, `{"p":"pass\`, `{"p":"********`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for n := range len(tt.text) + 1 {
				m := New(tt.secrets)
				if got := m.Feed(tt.text[:n]) + m.Feed(tt.text[n:]) + m.Cut(); got != tt.want {
					t.Fatalf("fed at %d: got %q, want %q", n, got, tt.want)
				}
				if got := m.Feed("cret") + m.Flush(); got != "cret" {
					t.Fatalf("the text afterwards is %q", got)
				}
			}
		})
	}
}

func TestFlushEndsText(t *testing.T) {
	m := New([]string{"secret"})
	if got := m.Feed("sec") + m.Flush() + m.Feed("ret") + m.Flush(); got != "secret" {
		t.Errorf("got %q", got)
	}
}

func TestAdd(t *testing.T) {
	m := New([]string{"first secret"})
	other := m.Fork()
	got := m.Feed("first secret, second secret, fir")
	m.Add("second secret", "first of all", "xyz", "xyz")
	got += m.Feed("st of all, second secret")
	got += m.Flush()
	if want := "********, second secret, ********, ********"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := other.Feed("second secret;"); got != "********;" {
		t.Errorf("a fork gave %q", got)
	}
	if diff := cmp.Diff([]string{"xyz"}, other.Short()); diff != "" {
		t.Error(diff)
	}
}

// TestForksInParallel is for the race detector.
func TestForksInParallel(t *testing.T) {
	m := New([]string{"secret"})
	t.Run("group", func(t *testing.T) {
		for i := range 4 {
			fork := m.Fork()
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				for n := range 50 {
					value := fmt.Sprintf("value-%d-%d", i, n)
					fork.Add(value)
					if got := fork.Feed(value + " secret\n"); got != "******** ********\n" {
						t.Errorf("got %q", got)
					}
				}
			})
		}
	})
}

// byHand masks a text the slow way: it marks every occurrence of every pattern
// and replaces each run of marks that overlap.
func byHand(secrets []string, text string) string {
	var spans []span
	for pattern := range New(secrets).secrets.patterns {
		for i := 0; i+len(pattern) <= len(text); i++ {
			if text[i:i+len(pattern)] == pattern {
				spans = append(spans, span{i, i + len(pattern)})
			}
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return a.start - b.start })
	var out strings.Builder
	at := 0
	for i := 0; i < len(spans); {
		start, end := spans[i].start, spans[i].end
		for ; i < len(spans) && (spans[i].start < end || spans[i].start == start); i++ {
			end = max(end, spans[i].end)
		}
		out.WriteString(text[at:start] + Mask)
		at = end
	}
	return out.String() + text[at:]
}

// checkSplits compares a text masked in pieces with the slow way.
func checkSplits(t *testing.T, random *rand.Rand, secrets []string, text string) {
	t.Helper()
	want := byHand(secrets, text)
	for range 4 {
		m := New(secrets)
		var got strings.Builder
		for rest := text; rest != ""; {
			n := 1 + random.IntN(min(len(rest), 1+random.IntN(12)))
			got.WriteString(m.Feed(rest[:n]))
			rest = rest[n:]
		}
		got.WriteString(m.Flush())
		if got.String() != want {
			t.Fatalf("secrets %q, text %q: got %q, want %q", secrets, text, got.String(), want)
		}
	}
}

// TestAnySplit masks texts over a small alphabet, in which secrets overlap a lot.
func TestAnySplit(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	letters := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = "aab\n"[random.IntN(4)]
		}
		return string(b)
	}
	for range 3000 {
		secrets := make([]string, random.IntN(6))
		for i := range secrets {
			secrets[i] = letters(2 + random.IntN(9))
		}
		checkSplits(t, random, secrets, letters(random.IntN(60)))
	}
}

// TestManySecrets has more nodes than rows, and one very long secret.
func TestManySecrets(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	secrets, _ := sample(random)
	long := strings.Repeat("abcdefghij", 20_000)
	secrets = append(secrets, long)
	text := "x" + secrets[7] + secrets[8][:5] + long[:1000] + "!" + long + secrets[9] + "y"
	if got, want := whole(secrets, text), "x********"+secrets[8][:5]+long[:1000]+"!"+Mask+Mask+"y"; got != want {
		t.Errorf("got %d bytes, want %d", len(got), len(want))
	}
}

func FuzzFeed(f *testing.F) {
	f.Add("abcd", "bcde", "xabcdey abc", uint64(1))
	f.Add("first\nsecond line", "line first", "first\r\nsecond line first", uint64(2))
	f.Fuzz(func(t *testing.T, a, b, text string, seed uint64) {
		if len(text) > 2000 {
			return
		}
		checkSplits(t, rand.New(rand.NewPCG(seed, 0)), []string{a, b}, text)
	})
}

// sample makes 200 secrets and a log that shows some of them.
func sample(random *rand.Rand) (secrets []string, log string) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	for range 200 {
		secret := make([]byte, 12+random.IntN(40))
		for i := range secret {
			secret[i] = alphabet[random.IntN(len(alphabet))]
		}
		secrets = append(secrets, string(secret))
	}
	words := strings.Fields("the deployment of package Acme.Web.1.2.3 copied 1,204 files to /opt/acme/releases in 3.2 s; Installing dependencies, restarting Service Unit httpd")
	var b strings.Builder
	for b.Len() < 1<<20 {
		for range 12 {
			b.WriteString(words[random.IntN(len(words))] + " ")
		}
		if random.IntN(50) == 0 {
			b.WriteString("password=" + secrets[random.IntN(len(secrets))])
		}
		b.WriteByte('\n')
	}
	return secrets, b.String()
}

func BenchmarkFeed(b *testing.B) {
	secrets, log := sample(rand.New(rand.NewPCG(5, 6)))
	m := New(secrets)
	b.SetBytes(int64(len(log)))
	for b.Loop() {
		for i := 0; i < len(log); i += 4096 {
			m.Feed(log[i:min(i+4096, len(log))])
		}
		m.Flush()
	}
}

func BenchmarkNew(b *testing.B) {
	secrets, _ := sample(rand.New(rand.NewPCG(5, 6)))
	for b.Loop() {
		New(secrets).Feed("")
	}
}
