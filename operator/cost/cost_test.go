package cost

import (
	"math"
	"strings"
	"testing"
)

func TestMonthly(t *testing.T) {
	p := Prices{NodeHour: 0.1, NodeMemory: 10, NodeCPU: 2, Usable: 0.5, StorageGB: 0.02, Puts1000: 0.01, Gets1000: 0.001, SharedMonth: 100}
	for _, c := range []struct {
		use  Use
		want float64
	}{
		{Use{Name: "asleep", Storage: 1}, 0.02 + 0.1},
		{Use{Name: "bound by memory", Awake: 1, Memory: 1024, CPU: 0.01}, 0.02*730 + 0.1},
		{Use{Name: "bound by processors", Awake: 1, Memory: 100, CPU: 1}, 0.1*730 + 0.1},
		{Use{Name: "awake half of the time", Awake: 0.5, Memory: 1024}, 0.02*365 + 0.1},
		{Use{Name: "requests and workers", Puts: 10000, Gets: 10000, WorkerGiB: 5}, 0.1 + 0.01 + 0.1 + 0.1},
	} {
		if got := p.Monthly([]Use{c.use}, 1000)[0].All; math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: $%f, want $%f", c.use.Name, got, c.want)
		}
	}
}

func TestPricesSayWhereTheyAreFrom(t *testing.T) {
	p, err := Known()
	if err != nil {
		t.Fatal(err)
	}
	if text := p.Table(p.Monthly([]Use{{Name: "a"}}, 1), 1); !strings.Contains(text, p.Date) || !strings.Contains(text, p.Source) {
		t.Error(text)
	}
	for text, want := range map[string]string{
		"name: x\nnodeHour: 1":             "no date or no source",
		"date: x\nsource: y":               "lack the node",
		"date: x\nsource: y\nnodeHours: 1": "nodeHours",
	} {
		if _, err := Read([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
