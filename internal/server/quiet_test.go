package server

import "testing"

func TestGrowth(t *testing.T) {
	for _, test := range []struct {
		live uint64
		want int
	}{{0, 300}, {8 << 20, 300}, {16 << 20, 200}, {24 << 20, 100}, {1 << 30, 100}} {
		if got := growth(test.live); got != test.want {
			t.Errorf("with %d MiB in use the heap may grow by %d %%, not %d %%", test.live>>20, got, test.want)
		}
	}
	if liveHeap() > 1<<40 {
		t.Error("the heap is larger than can be")
	}
}
