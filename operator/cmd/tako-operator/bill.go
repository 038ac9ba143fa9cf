package main

import (
	"fmt"
	"os"

	"sigs.k8s.io/yaml"

	"github.com/takodeploy/tako/operator/cost"
)

// bill says what instances cost.
type bill struct {
	Uses    string `arg:"" type:"existingfile" help:"What was measured, a list in YAML with name, awake, memory, cpu, storage, puts, gets and workerGiB."`
	Prices  string `name:"prices" type:"existingfile" placeholder:"FILE" help:"Price list; the one that comes with the program unless given."`
	Sharers int    `name:"sharers" default:"1000" help:"How many instances share what is shared."`
}

// Run prints a table.
func (b *bill) Run() error {
	prices, err := cost.Known()
	if b.Prices != "" {
		var text []byte
		if text, err = os.ReadFile(b.Prices); err == nil {
			prices, err = cost.Read(text)
		}
	}
	if err != nil {
		return err
	}
	uses, err := measured(b.Uses)
	if err != nil {
		return err
	}
	fmt.Print(prices.Table(prices.Monthly(uses, b.Sharers), b.Sharers))
	return nil
}

// measured reads what instances were measured to use.
func measured(path string) (uses []cost.Use, err error) {
	text, err := os.ReadFile(path)
	if err == nil {
		err = yaml.UnmarshalStrict(text, &uses)
	}
	if err != nil {
		return nil, fmt.Errorf("reading what was measured: %w", err)
	}
	return uses, nil
}
