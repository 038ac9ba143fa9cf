// Package gitproject reads and changes the documents of projects that are
// under version control: their process, settings and variables as of a branch,
// a tag or a commit. Secrets stay in the database.
package gitproject

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/gitrepo"
	"github.com/takodeploy/tako/internal/store"
)

// Service reads and changes projects in Git.
type Service struct {
	DB           *store.DB
	Repositories *gitrepo.Cache
	// Now is the clock of commits; nil is time.Now.
	Now func() time.Time
}

// Recently is how old what is shown may be: pages that ask for several
// documents one after the other are answered from one fetch.
const Recently = 5 * time.Second

// open gives the repository of a project.
func (s *Service) open(ctx context.Context, p *catalog.Project) (*gitrepo.Session, error) {
	if !p.IsVersionControlled {
		return nil, fault.New(fault.Invalid, "Project '%s' is not in Git. Convert it first.", p.Name)
	}
	return s.session(ctx, p, &p.PersistenceSettings)
}

// session gives the repository of settings that a project has or shall have.
func (s *Service) session(ctx context.Context, p *catalog.Project, at *catalog.PersistenceSettings) (*gitrepo.Session, error) {
	remote := gitrepo.Remote{Owner: p.ID, URL: at.URL}
	err := s.DB.View(ctx, func(tx *store.Tx) error { return credentials(tx, p.SpaceID, at, &remote) })
	if err != nil {
		return nil, err
	}
	return s.Repositories.Repository(remote), nil
}

// SignIn gives a remote what a Git credential of a space, which a member names,
// has for its address.
func SignIn(tx *store.Tx, space, member, id string, remote *gitrepo.Remote) error {
	c, err := catalog.GitCredentials.Get(tx, id)
	if fault.Is(err, fault.NotFound) || err == nil && c.SpaceID != space {
		return fault.New(fault.Invalid, "%s refers to '%s', which is no Git credential of this space.", member, id)
	}
	if err != nil {
		return err
	}
	if !c.Allows(remote.URL) {
		return fault.New(fault.Invalid, "The Git credential '%s' is not for %s: its restrictions name other repositories.", c.Name, remote.URL)
	}
	d := &c.Details
	at, overSSH := catalog.GitOverSSH(remote.URL)
	if overSSH != (d.Type == catalog.GitKeyPair) {
		return fault.New(fault.Invalid, "The Git credential '%s' is of the type %s, with which %s cannot be reached: addresses over SSH take the type %s, others a user name and a password.", c.Name, d.Type, remote.URL, catalog.GitKeyPair)
	}
	if !overSSH {
		remote.Username = d.Username
		remote.Password, err = d.Password.Open(tx)
		return err
	}
	way := &gitrepo.SSH{Address: at.Host, User: cmp.Or(at.User, d.Username, "git"), Path: at.Path, HostKeys: d.HostKeyFingerprints}
	if way.Key, err = d.PrivateKeyFile.Open(tx); err != nil {
		return err
	}
	way.Passphrase, err = d.PrivateKeyPassphrase.Open(tx)
	remote.SSH = way
	return err
}

func credentials(tx *store.Tx, space string, at *catalog.PersistenceSettings, remote *gitrepo.Remote) (err error) {
	who := at.Credentials
	if who == nil {
		return nil
	}
	switch who.Type {
	case catalog.GitUsernamePassword:
		remote.Username = who.Username
		remote.Password, err = who.Password.Open(tx)
		return err
	case catalog.GitReferenced:
		return SignIn(tx, space, "PersistenceSettings.Credentials.Id", who.ID, remote)
	case "", catalog.GitAnonymous:
		return nil
	}
	return fault.New(fault.Invalid, "PersistenceSettings.Credentials.Type '%s' is not supported: give a user name and password, a Git credential, or Anonymous.", who.Type)
}

// A Checkout is a project as of a commit. It must be closed.
type Checkout struct {
	*gitrepo.Session
	// Reference is the commit, and the branch or tag that led to it.
	Reference catalog.GitReference
	service   *Service
	project   *catalog.Project
	tip       gitrepo.Reference
	files     map[string][]byte
}

// Open finds what a reference and a commit of a project mean; where both are
// empty it is the default branch. What it knows of the repository is not older
// than the caller is content with.
func (s *Service) Open(ctx context.Context, p *catalog.Project, ref, commit string, content time.Duration) (*Checkout, error) {
	session, err := s.open(ctx, p)
	if err != nil {
		return nil, err
	}
	c := &Checkout{Session: session, service: s, project: p, files: map[string][]byte{}}
	if err := c.find(ctx, ref, commit, content); err != nil {
		session.Close()
		return nil, err
	}
	return c, nil
}

func (c *Checkout) find(ctx context.Context, ref, commit string, content time.Duration) error {
	if ref == "" {
		ref = gitrepo.Heads + c.project.PersistenceSettings.DefaultBranch
		if commit != "" {
			ref = commit
		}
	}
	if err := c.Fetch(ctx, content); err != nil {
		return err
	}
	tip, err := c.Resolve(ctx, ref)
	if fault.Is(err, fault.NotFound) && content > 0 {
		return c.find(ctx, ref, commit, 0) // it may have come since
	}
	if err != nil {
		return err
	}
	c.tip, c.Reference = tip, catalog.GitReference{GitRef: tip.Canonical, GitCommit: tip.Commit}
	if commit == "" {
		return nil
	}
	full, ok, err := c.Commit(ctx, commit)
	if err != nil {
		return err
	}
	if !ok {
		return fault.New(fault.Invalid, "GitCommit '%s' is not a commit of %s. Give the hash of one, in full or its first seven characters or more.", commit, c.project.PersistenceSettings.URL)
	}
	c.Reference.GitCommit = full
	return nil
}

// branch gives the name of the checkout's branch, if it is at the tip of one.
func (c *Checkout) branch() (string, bool) {
	name, ok := strings.CutPrefix(c.tip.Canonical, gitrepo.Heads)
	return name, ok && c.tip.Commit == c.Reference.GitCommit
}

// file reads a file of the project; nil where there is none.
func (c *Checkout) file(ctx context.Context, name string) ([]byte, error) {
	if content, ok := c.files[name]; ok {
		return content, nil
	}
	content, ok, err := c.Read(ctx, c.Reference.GitCommit, c.project.PersistenceSettings.File(name))
	if err != nil {
		return nil, err
	}
	if ok && content == nil {
		content = []byte{}
	}
	c.files[name] = content
	return content, nil
}

// needed is file for one that must be there.
func (c *Checkout) needed(ctx context.Context, name string) ([]byte, error) {
	content, err := c.file(ctx, name)
	if err == nil && content == nil {
		return nil, fault.New(fault.Invalid, "There is no file %s at '%s' of %s.", c.project.PersistenceSettings.File(name), c.tip.Name, c.project.PersistenceSettings.URL)
	}
	return content, err
}
