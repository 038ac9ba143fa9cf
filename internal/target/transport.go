// Package target knows the ways to run a job somewhere else: on the server's
// own machine and on a machine reached over SSH.
//
// Every way keeps one contract, Transport: work is started under a ticket,
// runs without the connection and without the server, and is followed from a
// cursor. One conformance suite holds for all of them.
package target

import (
	"context"
	"io"

	"github.com/takodeploy/tako/internal/runner"
)

// Host is what a probe found at the far end.
type Host struct {
	OS           string   // "linux"
	Arch         string   // "amd64", "arm64"
	Distribution string   // "Debian GNU/Linux 12 (bookworm)", "" when unknown
	Kernel       string   // kernel release
	Hostname     string   // its own name for itself
	User         string   // account that jobs run as
	Home         string   // the account's home directory
	Shells       []string // script languages found there: "Bash", "Python", …
	DiskFree     int64    // bytes that the account may still write under Home
	DiskTotal    int64    // bytes of the file system under Home
	MemoryTotal  int64    // bytes
	AgentVersion string   // version of the agent that answered
	Fingerprint  string   // host key offered, "SHA256:…"; "" without SSH
}

// Shared is a Transport to a machine that others use too.
type Shared interface {
	// Ahead lists the jobs for which the ticket's waits, and reports whether
	// its turn is still to come.
	Ahead(ctx context.Context, ticket string) (jobs []runner.Ahead, waits bool, err error)
}

// Transport is one way to one machine. Its methods may be called at the same
// time. An error says what a person can do about it; Is it worth a retry is
// answered by Temporary.
type Transport interface {
	// Probe connects and describes the machine.
	Probe(ctx context.Context) (Host, error)

	// Reachable makes sure that the machine answers, or has answered within
	// the last seconds.
	Reachable(ctx context.Context) error

	// Has reports whether the package is in the far end's cache.
	Has(ctx context.Context, pkg runner.Package) (bool, error)

	// Put makes sure that the package is in the far end's cache. open is
	// called only when bytes must be sent; sent says whether they were.
	// Simultaneous calls for one hash are one transfer.
	Put(ctx context.Context, pkg runner.Package, open func() (io.ReadCloser, error)) (sent bool, err error)

	// Start starts the job under the ticket, once: a second call with a
	// ticket that is known, whatever became of it, changes nothing.
	Start(ctx context.Context, ticket string, job runner.Job) error

	// Follow calls emit with the lines after the cursor as they come, in
	// batches of about 100 ms or 64 KiB, and returns when the job ended and
	// each line was emitted. A dropped connection is taken up again for a
	// while; then the error is returned, and the caller may call again with
	// the last Seq it kept. An empty batch says that the machine was heard of
	// until the connection dropped. A ticket that is not known is Lost.
	Follow(ctx context.Context, ticket string, after int64, emit func([]runner.Line) error) (runner.Exit, error)

	// Get reads a file that the job left; path is absolute or relative to
	// the job's working directory. The size is the second result.
	Get(ctx context.Context, ticket, path string) (io.ReadCloser, int64, error)

	// Cancel asks the job to end, then kills it. Follow reports how it ended.
	Cancel(ctx context.Context, ticket string) error

	// Complete forgets the ticket and removes its folder, at once or a little
	// later.
	Complete(ctx context.Context, ticket string) error

	// Close gives the connection back.
	Close() error
}
