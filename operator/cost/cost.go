// Package cost turns what instances were measured to use into money.
package cost

import (
	"bytes"
	_ "embed"
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"
)

// Prices is a price list, as of a date and from a source.
type Prices struct {
	Name   string `json:"name"`
	Date   string `json:"date"`
	Source string `json:"source"`

	NodeHour    float64 `json:"nodeHour"`    // dollars for a node
	NodeMemory  float64 `json:"nodeMemory"`  // its GiB
	NodeCPU     float64 `json:"nodeCPU"`     // its processors
	Usable      float64 `json:"usable"`      // the part of a node that instances fill on average
	StorageGB   float64 `json:"storageGB"`   // a GB of the bucket for a month
	Puts1000    float64 `json:"puts1000"`    // a thousand writes to the bucket
	Gets1000    float64 `json:"gets1000"`    // a thousand reads
	SharedMonth float64 `json:"sharedMonth"` // control plane, gateway and operator, for all instances together
}

//go:embed prices.yaml
var known []byte

// Known is the price list that comes with the program.
func Known() (Prices, error) { return Read(known) }

// Read reads a price list, which must be whole.
func Read(text []byte) (Prices, error) {
	var p Prices
	if err := yaml.UnmarshalStrict(bytes.TrimSpace(text), &p); err != nil {
		return p, fmt.Errorf("reading the prices: %w", err)
	}
	if p.Date == "" || p.Source == "" {
		return p, fmt.Errorf("the prices %q have no date or no source: say when they were true, and where that can be seen", p.Name)
	}
	if p.NodeHour <= 0 || p.NodeMemory <= 0 || p.NodeCPU <= 0 || p.Usable <= 0 || p.Usable > 1 {
		return p, fmt.Errorf("the prices %q lack the node: give nodeHour, nodeMemory, nodeCPU, and usable between 0 and 1", p.Name)
	}
	return p, nil
}

// Use is what an instance was measured to use.
type Use struct {
	Name      string  `json:"name"`
	Awake     float64 `json:"awake"`     // part of the month that its server runs
	Memory    float64 `json:"memory"`    // MiB while it does
	CPU       float64 `json:"cpu"`       // processors while it does, on average
	Storage   float64 `json:"storage"`   // GB in the bucket
	Puts      float64 `json:"puts"`      // writes to the bucket in a month
	Gets      float64 `json:"gets"`      // reads in a month
	WorkerGiB float64 `json:"workerGiB"` // GiB-hours of worker pods in a month
}

// hours is those of a month.
const hours = 730

// Bill is what an instance costs in a month, in dollars.
type Bill struct {
	Name                                    string
	Server, Workers, Storage, Requests, All float64
	Shared                                  float64
}

// Monthly is the bill of each of some instances, among which what is shared is
// divided evenly.
func (p Prices) Monthly(uses []Use, sharers int) []Bill {
	memoryHour := p.NodeHour / p.NodeMemory / p.Usable
	cpuHour := p.NodeHour / p.NodeCPU / p.Usable
	var bills []Bill
	for _, u := range uses {
		// A node is full when either its memory or its processors are: what an
		// instance takes of the scarcer one is what it costs.
		hour := max(u.Memory/1024*memoryHour, u.CPU*cpuHour)
		b := Bill{Name: u.Name, Server: hour * hours * u.Awake, Workers: u.WorkerGiB * memoryHour, Storage: u.Storage * p.StorageGB,
			Requests: u.Puts/1000*p.Puts1000 + u.Gets/1000*p.Gets1000, Shared: p.SharedMonth / float64(max(sharers, 1))}
		b.All = b.Server + b.Workers + b.Storage + b.Requests + b.Shared
		bills = append(bills, b)
	}
	return bills
}

// Table writes bills for people.
func (p Prices) Table(bills []Bill, sharers int) string {
	var t strings.Builder
	fmt.Fprintf(&t, "Dollars per month at the prices of %s (%s, %s), %d instances sharing $%.0f.\n\n", p.Name, p.Date, p.Source, sharers, p.SharedMonth)
	fmt.Fprintf(&t, "| instance | server | workers | storage | requests | shared | together |\n|---|---|---|---|---|---|---|\n")
	for _, b := range bills {
		fmt.Fprintf(&t, "| %s | %.3f | %.3f | %.3f | %.3f | %.3f | **%.2f** |\n", b.Name, b.Server, b.Workers, b.Storage, b.Requests, b.Shared, b.All)
	}
	return t.String()
}
