// Command tako-operator runs instances of Tako on Kubernetes: the operator
// itself, and the gateway in front of the instances.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
	_ "golang.org/x/crypto/x509roots/fallback" // for the bucket: the image has no certificates
)

var program struct {
	Operate operate `cmd:"" help:"Carry out what instances, channels and restores ask for."`
	Gateway front   `cmd:"" help:"Lead requests to instances, and wake those that sleep."`
	Control desk    `cmd:"" help:"Answer people who run instances: a page and an API with sign-in, roles and audit."`
	CRDs    crds    `cmd:"" name:"crds" help:"Print the definitions of the resources."`
	SLO     served  `cmd:"" name:"slo" help:"Say how instances served in a month."`
	Cost    bill    `cmd:"" help:"Say what instances cost in a month, from what they were measured to use."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	k := kong.Parse(&program, kong.Name("tako-operator"), kong.Description("Instances of Tako on Kubernetes."),
		kong.BindTo(ctx, (*context.Context)(nil)))
	if err := k.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "tako-operator:", err)
		os.Exit(1)
	}
}
