package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/takodeploy/tako/e2e/process"
	"github.com/takodeploy/tako/internal/target/sshdtest"
)

// postgres is a database server of the test's own, which it can restart.
type postgres struct {
	t    *testing.T
	bin  string
	dir  string
	port int
	uid  *syscall.Credential
	down bool
	also *postgres // a standby that can take its place
}

// newPostgres starts a server, or skips the test where none is installed.
func newPostgres(t *testing.T) *postgres {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if len(found) == 0 {
		process.Absent(t, errors.New("PostgreSQL is not installed"))
	}
	slices.Sort(found)
	p := &postgres{t: t, bin: found[len(found)-1]}
	if os.Getuid() == 0 { // the server refuses to run as root
		account, err := user.Lookup("postgres")
		if err != nil {
			process.Absent(t, err)
		}
		uid, _ := strconv.Atoi(account.Uid)
		gid, _ := strconv.Atoi(account.Gid)
		p.uid = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	p.settle()
	p.run("initdb", "-D", p.data(), "-U", "tako", "--auth=trust", "--no-sync", "--locale=C.UTF-8")
	p.start()
	return p
}

// settle gives the server a folder and a port, until the test ends.
func (p *postgres) settle() {
	p.t.Helper()
	var err error
	if p.dir, err = os.MkdirTemp("", "tako-cluster-pg-"); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		if !p.down {
			p.stop("immediate")
		}
		os.RemoveAll(p.dir)
	})
	if p.uid != nil {
		if err := os.Chown(p.dir, int(p.uid.Uid), int(p.uid.Gid)); err != nil {
			p.t.Fatal(err)
		}
	}
	p.port, p.down = reserved(p.t), true
}

// replicate starts a standby that has each commit before it is acknowledged.
func (p *postgres) replicate() {
	p.t.Helper()
	p.also = &postgres{t: p.t, bin: p.bin, uid: p.uid}
	p.also.settle()
	p.run("pg_basebackup", "-h", "127.0.0.1", "-p", strconv.Itoa(p.port), "-U", "tako", "-D", p.also.data(), "-R", "-X", "stream", "-c", "fast", "--no-sync")
	p.also.start()
	p.run("psql", "-h", "127.0.0.1", "-p", strconv.Itoa(p.port), "-U", "tako", "-d", "postgres", "-c", "alter system set synchronous_standby_names = '*'", "-c", "select pg_reload_conf()")
}

// failOver kills the server and has its standby take its place.
func (p *postgres) failOver() {
	p.t.Helper()
	p.stop("immediate")
	p.also.run("pg_ctl", "-D", p.also.data(), "-w", "promote")
}

func (p *postgres) data() string { return filepath.Join(p.dir, "data") }

func (p *postgres) url() string {
	if p.also != nil {
		return fmt.Sprintf("postgres://tako@127.0.0.1:%d,127.0.0.1:%d/postgres?sslmode=disable&target_session_attrs=read-write", p.port, p.also.port)
	}
	return fmt.Sprintf("postgres://tako@127.0.0.1:%d/postgres?sslmode=disable", p.port)
}

func (p *postgres) run(program string, args ...string) {
	p.t.Helper()
	cmd := exec.Command(filepath.Join(p.bin, program), args...)
	cmd.Dir, cmd.Env = "/", []string{"HOME=" + p.dir, "PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8"}
	if p.uid != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.uid}
	}
	// A file and no pipe: the server that pg_ctl leaves behind keeps it open.
	out, err := os.CreateTemp(p.dir, "out-")
	if err != nil {
		p.t.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		text, _ := os.ReadFile(out.Name())
		p.t.Fatalf("%s: %v\n%s", program, err, text)
	}
}

func (p *postgres) start() {
	p.t.Helper()
	settings := fmt.Sprintf("-h 127.0.0.1 -p %d -k %s -c shared_buffers=32MB -c max_connections=200", p.port, p.dir)
	p.run("pg_ctl", "-D", p.data(), "-w", "-l", filepath.Join(p.dir, "log"), "-o", settings, "start")
	p.down = false
}

// stop stops the server: "fast" as an administrator would, "immediate" as a
// crash would.
func (p *postgres) stop(mode string) {
	p.t.Helper()
	p.run("pg_ctl", "-D", p.data(), "-m", mode, "-w", "stop")
	p.down = true
}

// count asks the database for a number.
func (p *postgres) count(query string, args ...any) (n int) {
	p.t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, p.url())
	if err == nil {
		defer conn.Close(ctx)
		err = conn.QueryRow(ctx, query, args...).Scan(&n)
	}
	if err != nil {
		p.t.Fatalf("%s: %v", query, err)
	}
	return n
}

func reserved(t *testing.T) int {
	t.Helper()
	port, err := sshdtest.ReservePort("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	return port
}
