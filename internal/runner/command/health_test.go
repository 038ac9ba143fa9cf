package command

import "testing"

func TestAvailableMemory(t *testing.T) {
	const table = "MemTotal:       24000000 kB\nMemFree:          500000 kB\nMemAvailable:   20000000 kB\nBuffers:            1000 kB\n"
	for text, want := range map[string]uint64{table: 20000000 << 10, "MemTotal: 1 kB\nMemFree: 1 kB\n": 77, "": 77} {
		if got := availableMemory(text, 77); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}
