package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/takodeploy/tako/internal/admin"
	"github.com/takodeploy/tako/internal/config"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/secret"
)

type adminCommands struct {
	Check     checkCommand   `cmd:"" help:"Look whether all is well with a server, and say how to mend what is not."`
	Backup    backupCommand  `cmd:"" help:"Copy everything into one file, while the server works."`
	Restore   restoreCommand `cmd:"" help:"Bring a backup back into an empty folder or database."`
	Export    exportCommand  `cmd:"" help:"Write projects, or what a space is set up with, into a file for another server."`
	Import    importCommand  `cmd:"" help:"Take in what 'export' wrote, all of it or nothing; as often as you like."`
	Drill     drillCommand   `cmd:"" help:"Restore the continuous backup for a trial, and throw it away."`
	Reset     resetCommand   `cmd:"" help:"Let an administrator in again: a new password, and an API key if wanted."`
	APIKey    apiKeyCommand  `cmd:"" name:"api-key" help:"Make an API key and print it."`
	MasterKey struct {
		Show   showKeyCommand   `cmd:"" help:"Print the master key."`
		Rotate rotateKeyCommand `cmd:"" help:"Seal every secret with another master key; the server must not run."`
	} `cmd:"" help:"The key that secrets are sealed with."`
}

// interruptible gives a context that ends when somebody stops the program.
func interruptible() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
}

type checkCommand struct{ config.Server }

// Run prints a line for each thing it looked at, and fails if one is bad.
func (c *checkCommand) Run() error {
	ctx, stop := interruptible()
	defer stop()
	bad := 0
	for _, f := range admin.Check(ctx, &c.Server) {
		fmt.Printf("%-4s  %s\n", f.Grade, f.What)
		if f.Mend != "" {
			fmt.Printf("      → %s\n", f.Mend)
		}
		if f.Grade == admin.Bad {
			bad++
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d things need mending", bad)
	}
	return nil
}

type backupCommand struct {
	config.Storage
	File          string `arg:"" optional:"" placeholder:"FILE" help:"File to write, '-' for the standard output; named after the time unless given."`
	WithMasterKey bool   `help:"Put the master key into the file too: whoever has the file can then read every secret in it."`
}

// Run makes the backup and says where the key is.
func (c *backupCommand) Run() error {
	ctx, stop := interruptible()
	defer stop()
	if c.File == "" {
		c.File = "tako-" + time.Now().UTC().Format("20060102-150405") + ".backup"
	}
	began := time.Now()
	m, totals, err := admin.Backup(ctx, c.Storage, c.File, c.WithMasterKey, version, os.Stdout)
	if err != nil {
		return err
	}
	say := os.Stdout
	if c.File == "-" {
		say = os.Stderr
	}
	fmt.Fprintf(say, "%s: %d rows, %d files of %d MiB, in %s\n", c.File, totals.Rows, totals.Blobs, totals.Bytes>>20, time.Since(began).Round(10*time.Millisecond))
	for _, name := range totals.Missing {
		fmt.Fprintf(say, "%s was removed while the backup was made\n", name)
	}
	switch {
	case m.HasMasterKey:
		fmt.Fprintf(say, "It has master key %s: keep the file as safe as the secrets.\n", m.MasterKey)
	case c.MasterKey != "":
		fmt.Fprintf(say, "It does not have master key %s, without which no secret in it can be read: see that MASTER_KEY is kept elsewhere.\n", m.MasterKey)
	default:
		fmt.Fprintf(say, "It does not have master key %s, without which no secret in it can be read: keep %s elsewhere too, or add --with-master-key.\n", m.MasterKey, filepath.Join(c.DataDir, "master.key"))
	}
	return nil
}

type restoreCommand struct {
	config.Storage
	File string `arg:"" optional:"" type:"existingfile" placeholder:"FILE" help:"What 'tako admin backup' wrote."`
	From string `placeholder:"FOLDER|URL" help:"Continuous backup to restore, as it was given to the server as --backup-to."`
	At   string `placeholder:"TIME" help:"Moment to go back to, as 2026-11-27T14:03:00Z; with --from only, the newest unless given."`
}

// Run restores and says what is left to do.
func (c *restoreCommand) Run() error {
	ctx, stop := interruptible()
	defer stop()
	at, err := c.time()
	if err != nil {
		return err
	}
	began := time.Now()
	r, err := admin.Restore(ctx, c.Storage, c.File, at)
	if err != nil {
		return err
	}
	fmt.Printf("%s is restored with %d files, in %s.\n", r.From, r.Files, time.Since(began).Round(10*time.Millisecond))
	for _, m := range r.Missing {
		fmt.Printf("But %s.\n", m.Text)
	}
	if !r.HasKey {
		fmt.Printf("Its secrets are sealed with master key %s: put that into %s, or give it as MASTER_KEY, before the server starts.\n", r.KeyID, filepath.Join(c.DataDir, "master.key"))
	}
	fmt.Println("Tasks that were waiting or under way at that time go on when the server starts.")
	return nil
}

// time reads what was asked for, which must be one thing.
func (c *restoreCommand) time() (at time.Time, err error) {
	if c.From != "" {
		c.Backup.To = c.From
	}
	switch {
	case c.File != "" && (c.From != "" || c.At != ""):
		return at, fault.New(fault.Invalid, "Give a file, or --from with --at, not both.")
	case c.File == "" && c.Backup.To == "":
		return at, fault.New(fault.Invalid, "Give the file to restore, or --from with the folder or bucket of a continuous backup.")
	case c.At == "":
		return at, nil
	}
	for _, form := range []string{time.RFC3339Nano, time.DateTime, "2006-01-02 15:04"} {
		if at, err = time.Parse(form, c.At); err == nil {
			return at, nil
		}
	}
	return at, fault.New(fault.Invalid, "%q is no time: give one such as 2026-11-27T14:03:00Z, or '2026-11-27 14:03:00' in UTC.", c.At)
}

type drillCommand struct {
	config.Storage
	From string `placeholder:"FOLDER|URL" help:"Continuous backup to try; that of the settings unless given."`
}

// Run restores for a trial.
func (c *drillCommand) Run() error {
	ctx, stop := interruptible()
	defer stop()
	if c.From != "" {
		c.Backup.To = c.From
	}
	if c.Backup.To == "" {
		return fault.New(fault.Invalid, "Give the folder or bucket of the continuous backup with --from.")
	}
	r, err := admin.Drill(ctx, c.Storage)
	if err != nil {
		return err
	}
	fmt.Printf("The backup can be restored: it took %s, the database is sound and has %d events, all %d files are there, and the newest change is of %s, %s ago.\n",
		r.Took, r.Events, r.Files, r.Last.Format(time.RFC3339), r.Behind.Round(time.Second))
	return nil
}

type resetCommand struct {
	config.Storage
	Username string      `placeholder:"NAME" help:"The administrator; the only one unless given. One who is not there is made."`
	Password secret.Text `placeholder:"PASSWORD" help:"The new password; one is made up unless given."`
	APIKey   bool        `name:"api-key" help:"Make an API key too."`
}

// Run lets the administrator in again.
func (c *resetCommand) Run() error {
	ctx, stop := interruptible()
	defer stop()
	r, err := admin.Readmit(ctx, c.Storage, admin.Reset{Username: c.Username, Password: c.Password, WithKey: c.APIKey})
	if err != nil {
		return err
	}
	if r.Made {
		fmt.Printf("The user %s was made.\n", r.Username)
	}
	if c.Password == "" {
		fmt.Printf("%s can sign in with the password %s\n", r.Username, r.Password.Reveal())
	} else {
		fmt.Printf("%s can sign in with the new password.\n", r.Username)
	}
	if r.APIKey != "" {
		fmt.Printf("API key: %s\n", r.APIKey.Reveal())
	}
	return nil
}

type apiKeyCommand struct {
	config.Storage
	Username string `placeholder:"NAME" help:"Whose key it is to be; the only administrator's unless given."`
	Purpose  string `default:"Made by tako admin api-key" help:"What it is for; shown beside it."`
}

// Run prints the key alone, for other programs to take.
func (c *apiKeyCommand) Run() error {
	ctx, stop := interruptible()
	defer stop()
	_, key, err := admin.NewKey(ctx, c.Storage, c.Username, c.Purpose)
	if err != nil {
		return err
	}
	fmt.Println(key.Reveal())
	return nil
}

type showKeyCommand struct{ config.Storage }

// Run prints the key alone, for other programs to take.
func (c *showKeyCommand) Run() error {
	ctx, stop := interruptible()
	defer stop()
	db, err := admin.Attach(ctx, c.Storage)
	if err != nil {
		return err
	}
	defer db.Close()
	key, err := admin.Key(db, c.Storage).Find(ctx)
	if err != nil {
		return err
	}
	fmt.Println(key.Text().Reveal())
	return nil
}

type rotateKeyCommand struct {
	config.Storage
	To secret.Text `placeholder:"KEY" help:"The new key in base64; one is made unless given."`
}

// Run changes the key and says where it and the old one are.
func (c *rotateKeyCommand) Run() error {
	ctx, stop := interruptible()
	defer stop()
	to := secret.NewKey()
	if c.To != "" {
		var err error
		if to, err = secret.ParseKey(c.To.Reveal()); err != nil {
			return fault.Wrap(fault.Invalid, err, "the new key cannot be used")
		}
	}
	r, err := admin.Rotate(ctx, c.Storage, to)
	if err != nil {
		return err
	}
	path := filepath.Join(c.DataDir, "master.key")
	fmt.Printf("%d secrets are sealed with master key %s now, which is in %s.\n", r.Values, r.New.ID(), path)
	if r.Unreadable > 0 {
		fmt.Printf("%d secrets could not be read before and cannot now; 'tako admin check' names them.\n", r.Unreadable)
	}
	if c.MasterKey != "" {
		fmt.Println("The settings give the old key: change MASTER_KEY before the server starts ('tako admin master-key show' without it prints the new one).")
	} else {
		fmt.Printf("The old key is in %s: backups made until now need it. Delete it with the last of them.\n", path+"."+r.Old.ID())
	}
	return nil
}
