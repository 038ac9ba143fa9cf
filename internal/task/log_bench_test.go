package task

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// hugeLog is the size of the log of BenchmarkHugeLog in MiB; TAKO_LOG_MIB
// changes it.
func hugeLog() int64 {
	if n, err := strconv.ParseInt(os.Getenv("TAKO_LOG_MIB"), 10, 64); err == nil && n > 0 {
		return n << 20
	}
	return 64 << 20
}

// BenchmarkHugeLog writes a log of many lines and measures how long it takes
// to read 200 of them from any on, to find a text that is nowhere, and to read
// the end, before and after the log has moved into a blob.
func BenchmarkHugeLog(b *testing.B) {
	q := NewQueue(open(b), Options{Blobs: folder(b), MaxLog: 2 << 30})
	x := begun(b, q)
	r := rand.New(rand.NewPCG(7, 8))
	size := hugeLog()
	began := time.Now()
	var written, lines int64
	for written < size {
		l := Lines{Path: fmt.Sprintf("%d.1", 1+r.IntN(9)), Target: fmt.Sprintf("Machines-%d", r.IntN(20))}
		for n := 0; n < 64<<10; {
			text := fmt.Sprintf("%08x step %d copied file-%d.dll to /srv/app/%x, %d bytes, checksum %016x%016x", r.Uint32(), r.IntN(40), r.IntN(1000), r.Uint32(), r.IntN(1<<20), r.Uint64(), r.Uint64())
			l.Lines = append(l.Lines, Line{Category: categories[1+r.IntN(3)], Text: text})
			n += len(text)
			written += int64(len(text))
			lines++
		}
		x.mustSave(b, Save{Logs: []Lines{l}})
	}
	x.mustSave(b, Save{Outcome: &Outcome{Act: Succeed}})
	b.Logf("%d MiB, %d lines, written in %s", written>>20, lines, time.Since(began).Round(time.Millisecond))
	id := x.Task.ID
	measure := func(where string) {
		b.Run(where+"/any line", func(b *testing.B) {
			var worst time.Duration
			for b.Loop() {
				at := time.Now()
				from := 1 + r.Int64N(lines-200)
				if got := must[[]PlacedLine](b)(q.Lines(b.Context(), id, from, 200)); len(got) != 200 || got[0].Number != from {
					b.Fatalf("%d lines from %d on", len(got), from)
				}
				worst = max(worst, time.Since(at))
			}
			b.ReportMetric(float64(worst.Microseconds())/1000, "ms-worst")
		})
		b.Run(where+"/line of one place", func(b *testing.B) {
			for b.Loop() {
				must[[]PlacedLine](b)(q.LinesAt(b.Context(), id, "5", "Machines-7", 1+r.Int64N(lines), 50))
			}
		})
		b.Run(where+"/tail", func(b *testing.B) {
			for b.Loop() {
				must[*Details](b)(q.Details(b.Context(), id, 100, Narrow{Level: Info}))
			}
		})
		b.Run(where+"/search all", func(b *testing.B) {
			pages := 0
			for b.Loop() {
				for at := int64(1); ; pages++ {
					page := must[LogPage](b)(q.Log(b.Context(), id, at, 100, Narrow{Text: "Needle"}))
					if at = page.Next; page.Done {
						break
					}
				}
			}
			b.ReportMetric(float64(pages)/float64(b.N)+1, "requests/op")
		})
		b.Run(where+"/download", func(b *testing.B) {
			for b.Loop() {
				raw := must[*Raw](b)(q.Raw(b.Context(), id))
				if err := raw.Copy(b.Context(), io.Discard); err != nil {
					b.Fatal(err)
				}
				_ = raw.Close()
			}
		})
	}
	measure("growing")
	began = time.Now()
	if n := must[int](b)(q.Tidy(b.Context())); n != 1 {
		b.Fatalf("%d logs were moved", n)
	}
	info, err := q.opts.Blobs.Stat(b.Context(), "logs/"+id)
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("moved in %s into a blob of %d MiB", time.Since(began).Round(time.Millisecond), info.Size>>20)
	measure("ended")
	b.Run("ended/part of the text", func(b *testing.B) {
		for b.Loop() {
			raw := must[*Raw](b)(q.Raw(b.Context(), id))
			s := raw.Seeker()
			must[int64](b)(s.Seek(r.Int64N(raw.Size-1000), io.SeekStart))
			if _, err := io.ReadFull(s, make([]byte, 1000)); err != nil {
				b.Fatal(err)
			}
			_ = raw.Close()
		}
	})
}
