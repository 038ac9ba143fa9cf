// Command tako-agent runs jobs on the machine where it lies.
//
//	tako-agent session [--home DIR]   speak to a server over stdin and stdout
//	tako-agent host [--home DIR]      run jobs until idle; started on demand
//	tako-agent attach [--home DIR]    as session, with a host that runs already
//	tako-agent verify SHA256          check this program's own contents
//	tako-agent version
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"

	_ "github.com/takodeploy/tako/internal/runner/command"    // registers its commands
	_ "github.com/takodeploy/tako/internal/runner/convention" // registers its commands
	"github.com/takodeploy/tako/internal/runner/host"
	"github.com/takodeploy/tako/internal/runner/socket"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "tako-agent:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return errors.New("usage: tako-agent session|attach|host|verify|version")
	}
	switch args[0] {
	case "version":
		fmt.Println(host.Version)
		return nil
	case "verify":
		if len(args) != 2 {
			return errors.New("usage: tako-agent verify SHA256")
		}
		return verify(args[1])
	case "session", "attach", "host":
		home, err := homeOf(args[1:])
		if err != nil {
			return err
		}
		if args[0] == "host" {
			return serve(home)
		}
		return session(home, args[0] == "attach")
	}
	return fmt.Errorf("unknown command %q", args[0])
}

func homeOf(args []string) (string, error) {
	home := ""
	switch {
	case len(args) == 0:
		var err error
		if home, err = os.UserHomeDir(); err != nil {
			return "", err
		}
	case len(args) == 2 && args[0] == "--home":
		home = args[1]
	default:
		return "", fmt.Errorf("unknown arguments %q", args)
	}
	return filepath.Abs(home)
}

// session hands the ends of the connection to the host and stays for as long
// as the host speaks through them.
func session(home string, attach bool) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	signal.Ignore(syscall.SIGPIPE)
	caller := socket.Caller{Home: home, Agent: program, Attach: attach}
	conn, err := caller.Dial(context.Background(), os.Stdin, os.Stdout)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, conn)
	return nil
}

// serve is the host. What it has to say goes to the file that its starter
// made of standard error.
func serve(home string) error {
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, nil)))
	// The heap is small, so collecting it seldom costs little memory.
	debug.SetGCPercent(200)
	options := host.Options{Home: home}
	options.Idle, _ = time.ParseDuration(os.Getenv("TAKO_AGENT_IDLE"))
	options.Grace, _ = time.ParseDuration(os.Getenv("TAKO_AGENT_GRACE"))
	options.Recall, _ = time.ParseDuration(os.Getenv("TAKO_AGENT_RECALL"))
	options.Once, _ = strconv.ParseBool(os.Getenv("TAKO_AGENT_ONCE"))
	options.LogLimit, _ = strconv.ParseInt(os.Getenv("TAKO_AGENT_LOG_LIMIT"), 10, 64)
	err := host.Serve(context.Background(), options)
	if errors.Is(err, socket.ErrTaken) {
		return nil
	}
	return err
}

// verify compares the program with the hash it was sent under.
func verify(want string) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	f, err := os.Open(program)
	if err != nil {
		return err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != want {
		return fmt.Errorf("the program's SHA-256 is %s and not %s", got, want)
	}
	return nil
}
