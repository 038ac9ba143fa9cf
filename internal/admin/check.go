package admin

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/config"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store"
)

// Grade says how a finding is to be taken.
type Grade string

// The grades.
const (
	Good Grade = "ok"
	Odd  Grade = "look" // works, but somebody should look
	Bad  Grade = "BAD"
)

// Finding is one thing that was looked at.
type Finding struct {
	Grade Grade
	What  string
	Mend  string // what to do; empty when all is well
}

// doctor looks at one server.
type doctor struct {
	cfg     *config.Server
	found   []Finding
	running bool // a server holds the data folder
	db      *store.DB
	blobs   blob.Store
	key     *secret.Key
}

func (d *doctor) good(format string, args ...any) {
	d.found = append(d.found, Finding{Good, fmt.Sprintf(format, args...), ""})
}

func (d *doctor) odd(mend, format string, args ...any) {
	d.found = append(d.found, Finding{Odd, fmt.Sprintf(format, args...), mend})
}

func (d *doctor) bad(mend, format string, args ...any) {
	d.found = append(d.found, Finding{Bad, fmt.Sprintf(format, args...), mend})
}

// Check looks at everything that a server needs. It changes nothing, and the
// server may run meanwhile.
func Check(ctx context.Context, cfg *config.Server) []Finding {
	d := &doctor{cfg: cfg}
	if !d.folder() {
		return d.found
	}
	d.space()
	d.holder()
	d.ports(ctx)
	if !d.open(ctx) {
		return d.found
	}
	defer d.db.Close()
	d.integrity(ctx)
	d.keyAndSecrets(ctx)
	d.files(ctx)
	d.clock(ctx)
	d.tasks(ctx)
	d.backups(ctx)
	return d.found
}

// folder reports whether there is a data folder that can be looked into.
func (d *doctor) folder() bool {
	dir := d.cfg.DataDir
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.bad("name the server's folder with --data, or start the server once to have it made", "there is no data folder %s", dir)
		return false
	case err != nil:
		d.bad("run this as the user that the server runs as, or as root", "the data folder %s cannot be seen: %v", dir, err)
		return false
	case !info.IsDir():
		d.bad("name a folder with --data", "the data folder %s is a file", dir)
		return false
	}
	if probe, err := os.CreateTemp(dir, ".check-*"); err != nil {
		d.bad("give the folder to the server's user (chown), or run this as that user", "the data folder %s cannot be written: %v", dir, err)
	} else {
		probe.Close()
		os.Remove(probe.Name())
	}
	if info.Mode().Perm()&0o007 != 0 {
		d.odd("chmod o-rwx "+dir, "the data folder %s is open to every user of the machine (%s)", dir, info.Mode().Perm())
		return true
	}
	d.good("the data folder %s", dir)
	return true
}

// smallSpace is the free space below which somebody should look.
const smallSpace = 2 << 30

func (d *doctor) space() {
	free, err := store.Free(d.cfg.DataDir)
	if err != nil {
		d.odd("", "the free space is not known: %v", err)
		return
	}
	const mend = "free some space, or shorten what retention policies keep"
	switch {
	case free < store.TightSpace:
		d.bad(mend, "only %d MiB are free on the disk of the data folder", free>>20)
	case free < smallSpace:
		d.odd(mend, "only %d MiB are free on the disk of the data folder", free>>20)
	default:
		d.good("%d MiB are free", free>>20)
	}
}

// holder finds out whether a server runs on the folder.
func (d *doctor) holder() {
	if d.cfg.DatabaseURL != "" {
		return
	}
	lock, err := store.TakeLock(d.cfg.DataDir)
	switch {
	case err == nil:
		lock.Release()
		d.good("no server runs on this folder")
	case fault.Is(err, fault.Conflict):
		d.running = true
		d.good("a server runs on this folder")
	default:
		d.bad("give the folder to the server's user", "the folder's lock cannot be taken: %v", err)
	}
}

// ports sees whether a server could listen, or whether the one that runs
// answers.
func (d *doctor) ports(ctx context.Context) {
	address := d.cfg.Web.Listen
	l, err := net.Listen("tcp", address)
	if err == nil {
		l.Close()
		if d.running {
			d.odd("name the server's own settings (--config, --listen) so that this looks at the right port", "a server runs, but not on %s", address)
			return
		}
		d.good("the address %s is free for the server", address)
		return
	}
	if d.running || d.answers(ctx, address) {
		d.good("a server listens on %s", address)
		return
	}
	d.bad("stop what listens there ('ss -ltnp' names it), or give the server another --listen", "a server could not listen on %s: %v", address, err)
}

func (d *doctor) answers(ctx context.Context, address string) bool {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return healthy(ctx, net.JoinHostPort(host, port), d.cfg.Web.TLSCert != "")
}

// open reports whether there is a database to look into.
func (d *doctor) open(ctx context.Context) bool {
	var err error
	if d.db, err = Attach(ctx, d.cfg.Storage); err != nil {
		mend := "see what the message says; a backup is brought back with 'tako admin restore'"
		if fault.Is(err, fault.NotFound) {
			mend = "start the server once, or name its folder with --data"
		}
		d.bad(mend, "the database cannot be opened: %v", err)
		return false
	}
	if d.blobs, err = Blobs(ctx, d.cfg.Blob); err != nil {
		d.bad("see that the folder or bucket of --blob-store is there and may be used", "the files cannot be reached: %v", err)
	}
	return true
}

// backups tells when the copy that is kept all the time was last up to date.
func (d *doctor) backups(ctx context.Context) {
	if d.cfg.Backup.To == "" {
		d.odd("set --backup-to, or run 'tako admin backup' from a timer and keep the file elsewhere", "there is no continuous backup")
		return
	}
	age, err := backupAge(ctx, d.cfg.Storage)
	switch {
	case err != nil:
		d.bad("see that the folder or bucket of --backup-to is there and may be used", "the continuous backup cannot be looked at: %v", err)
	case age > time.Minute && d.running:
		d.odd("look for 'backup' in the server's log", "the continuous backup is behind by %s", age.Round(time.Second))
	default:
		d.good("the continuous backup is up to date")
	}
	var last string
	if err := d.db.View(ctx, func(tx *store.Tx) error { last, err = tx.Setting(drillSetting); return err }); err != nil || last == "" {
		return
	}
	if when, said, _ := strings.Cut(last, " "); said == "well" {
		d.good("the backup was last restored for a trial at %s", when)
	} else {
		d.bad("run 'tako admin drill' and see to what it says", "the last trial of the backup, at %s, went %s", when, said)
	}
}
