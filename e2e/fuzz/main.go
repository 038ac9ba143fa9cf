// Command fuzz asks a running server every route that it describes, with input
// that is valid, nearly valid or hostile, and holds every answer against the
// description: none may be a 5xx, outside of its schema, or fail to come.
//
//	go run ./e2e/fuzz -server http://127.0.0.1:8080 -key API-… -for 10m
//
// The server is full of nonsense afterwards. Build it with -race to have data
// races found as well.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	o := options{rounds: 1, say: func(format string, args ...any) { fmt.Printf(format+"\n", args...) }}
	flag.StringVar(&o.server, "server", "http://127.0.0.1:8080", "`address` of the server")
	flag.StringVar(&o.key, "key", "", "an administrator's API `key`")
	flag.DurationVar(&o.length, "for", 10*time.Minute, "how long")
	flag.IntVar(&o.workers, "workers", 4, "how many ask at once")
	flag.DurationVar(&o.patience, "patience", 30*time.Second, "how long one answer may take")
	flag.Uint64Var(&o.seed, "seed", rand.Uint64(), "the number that decides what is asked")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	found, err := run(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "fuzz:", err)
		os.Exit(2)
	}
	if len(found) > 0 {
		os.Exit(1)
	}
}
