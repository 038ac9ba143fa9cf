// Command tako is the deployment server and its administration.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	_ "time/tzdata" // schedules name time zones, which a container may not know

	"github.com/alecthomas/kong"
	"github.com/takodeploy/tako/internal/config"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/server"
)

// version is set by the build; three numbers, because clients compare it.
var version = "2026.4.0"

type commands struct {
	Server  serverCommand  `cmd:"" help:"Run the server."`
	Admin   adminCommands  `cmd:"" help:"Check, back up, restore and mend a server from its machine."`
	Version versionCommand `cmd:"" help:"Print the version."`
	OpenAPI openapiCommand `cmd:"" name:"openapi" help:"Print the OpenAPI description of the API."`
}

type serverCommand struct{ config.Server }

// Run runs the server until it is told to stop.
func (c *serverCommand) Run() error {
	config.Forget()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	s, err := server.New(ctx, &c.Server, version)
	if err != nil {
		return err
	}
	return s.Run(ctx)
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run() error {
	_, err := fmt.Println(version)
	return err
}

func main() {
	runtime.MemProfileRate = 0 // a dependency has it kept, nobody can ask for it, and its table takes memory
	if err := offerRoots(); err != nil {
		tell(err)
		os.Exit(1)
	}
	var c commands
	run, err := config.Parse(&c, os.Args[1:], kong.Name("tako"), kong.Description("Tako deploys releases to the machines they belong on."))
	if err != nil {
		tell(err)
		fmt.Fprint(os.Stderr, commandsFor(err))
		os.Exit(2)
	}
	// What the arguments were read with is large, and free from here on.
	command := run.Selected().Target.Addr().Interface().(interface{ Run() error })
	if err := command.Run(); err != nil {
		tell(err)
		os.Exit(1)
	}
}

// commandsFor lists what could have been said where the arguments went wrong, or
// says where the flags are explained.
func commandsFor(err error) string {
	var wrong *kong.ParseError
	if !errors.As(err, &wrong) {
		return ""
	}
	at := wrong.Context.Selected()
	if at == nil {
		at = wrong.Context.Model.Node
	}
	var b strings.Builder
	if at.Leaf() {
		fmt.Fprintf(&b, "\n%s --help tells what can be given.\n", at.FullPath())
		return b.String()
	}
	b.WriteString("\nThe commands are:\n")
	for _, c := range at.Children {
		fmt.Fprintf(&b, "  %s %-12s %s\n", at.FullPath(), c.Name, c.Help)
	}
	fmt.Fprintf(&b, "\n%s COMMAND --help tells more.\n", at.FullPath())
	return b.String()
}

// tell says why there was nothing to do: each complaint on a line of its own.
func tell(err error) {
	var wrong *fault.Error
	if !errors.As(err, &wrong) || len(wrong.Details) == 0 {
		fmt.Fprintln(os.Stderr, "tako:", err)
		return
	}
	fmt.Fprintln(os.Stderr, "tako:", wrong.Message)
	for _, line := range wrong.Details {
		fmt.Fprintln(os.Stderr, " ", line)
	}
}
