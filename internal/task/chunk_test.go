package task

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestChunks(t *testing.T) {
	at := time.UnixMilli(1760000000123).UTC()
	for name, lines := range map[string][]Line{
		"small":  {{1, Info, at, "hello", false}, {2, Error, at.Add(-time.Second), "", false}},
		"large":  {{7, Verbose, at, strings.Repeat("noise ", 9000), false}, {8, "Finished", at.Add(time.Hour), "ü\x00", false}},
		"single": {{1, Warning, at, "x", false}},
	} {
		t.Run(name, func(t *testing.T) {
			data := pack(lines)
			back, err := unpack(data, lines[0].Number)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(lines, back); diff != "" {
				t.Error(diff)
			}
			for cut := range min(len(data), 300) {
				_, _ = unpack(data[:cut], 1) // must not panic
			}
		})
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add(pack([]Line{{1, Info, time.UnixMilli(5), "hello", false}}))
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = unpack(data, 1) })
}

func BenchmarkPackSmall(b *testing.B) {
	lines := []Line{}
	for range 10 {
		lines = append(lines, Line{1, Info, time.UnixMilli(1760000000123), "a line of ordinary length with some words", false})
	}
	b.ReportAllocs()
	for b.Loop() {
		pack(lines)
	}
}
