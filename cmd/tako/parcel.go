package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/admin"
	"github.com/takodeploy/tako/internal/config"
	"github.com/takodeploy/tako/internal/parcel"
	"github.com/takodeploy/tako/internal/secret"
)

type exportCommand struct {
	config.Storage
	File     string      `arg:"" optional:"" placeholder:"FILE" help:"File to write, '-' for the standard output; named after the space and the time unless given."`
	Space    string      `default:"Default" placeholder:"NAME" help:"The space to export, or of the projects."`
	Project  []string    `placeholder:"NAME" sep:"none" help:"A project to export with what it needs, once for each; all that the space is set up with unless given."`
	Packages string      `placeholder:"FOLDER" help:"Write the packages of the built-in feed too, those that the projects use, or all, into this empty folder."`
	People   bool        `help:"Write also the teams of the space and those with a role in it, their roles and members; without passwords and keys. Needs a password."`
	Password secret.Text `placeholder:"PASSWORD" from:"TAKO_EXPORT_PASSWORD" help:"Password that secrets are sealed with in the file."`
}

// Run makes the file and says what is in it.
func (c *exportCommand) Run() error {
	ctx, stop := interruptible()
	defer stop()
	if c.File == "" {
		c.File = "tako-" + time.Now().UTC().Format("20060102-150405") + ".export.json"
	}
	p, err := admin.Export(ctx, c.Storage, c.File, c.Packages, parcel.Ask{Space: c.Space, Projects: c.Project, Password: c.Password, Version: version, People: c.People}, os.Stdout)
	if err != nil {
		return err
	}
	var say io.Writer = os.Stdout
	if c.File == "-" {
		say = os.Stderr
	}
	fmt.Fprintf(say, "%s: %d resources of the space %s.\n", c.File, len(p.Documents), p.Space)
	if p.KeyID != "" {
		fmt.Fprintln(say, "Its secrets are sealed with the password, which 'tako admin import' asks for.")
	}
	for _, n := range p.Named {
		fmt.Fprintf(say, "It names the %s %s, which must be there where it is imported.\n", n.Kind, n.Name)
	}
	var not []string
	if !c.People {
		not = append(not, "users", "teams")
	}
	if c.Packages == "" {
		not = append(not, "packages")
	} else {
		fmt.Fprintf(say, "%d packages lie in %s, which 'tako admin import --packages' takes.\n", len(p.Packages), c.Packages)
	}
	not = append(not, "what was deployed")
	fmt.Fprintf(say, "Not in it: %s; 'tako admin backup' copies all.\n", strings.Join(not, ", "))
	return nil
}

type importCommand struct {
	config.Storage
	File      string      `arg:"" placeholder:"FILE" help:"What 'tako admin export' wrote; '-' for the standard input."`
	Space     string      `placeholder:"NAME" help:"The space to import into; that of the same name unless given. One that is not there is made."`
	Password  secret.Text `placeholder:"PASSWORD" from:"TAKO_EXPORT_PASSWORD" help:"Password that the export was made with."`
	Packages  string      `placeholder:"FOLDER" help:"The folder of packages that the export was made with; without it none are imported."`
	People    bool        `help:"Make also the users and teams of the export that are missing here, with the roles that those teams had. What is here already is left; new users have no password."`
	Overwrite bool        `help:"Change also what is there and shared, such as accounts and environments, to what it is in the file."`
	DryRun    bool        `help:"Only say what would be done."`
}

// Run takes the file in and says what that did.
func (c *importCommand) Run() error {
	ctx, stop := interruptible()
	defer stop()
	r, err := admin.Import(ctx, c.Storage, c.File, admin.Arrival{Packages: c.Packages,
		Arrival: parcel.Arrival{Space: c.Space, Password: c.Password, Overwrite: c.Overwrite, People: c.People, Trial: c.DryRun}}, os.Stdin)
	if err != nil {
		return err
	}
	for _, part := range []struct {
		word  string
		names []string
	}{{"made", r.Made}, {"changed", r.Changed}, {"left as it is here", r.Left}} {
		for _, name := range part.names {
			fmt.Printf("%s: %s\n", part.word, name)
		}
	}
	would := "Imported into"
	if c.DryRun {
		would = "Nothing was done; it would be imported into"
	}
	fmt.Printf("%s the space %s: %d made, %d changed, %d the same already, %d left as they are here.\n", would, r.Space, len(r.Made), len(r.Changed), len(r.Alike), len(r.Left))
	if len(r.Made) > 0 {
		fmt.Println("Triggers that were made are disabled, so that not both servers do the same.")
	}
	return nil
}
