package step

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/target"
)

// Kit is what a server has, of which its tools are made.
type Kit struct {
	DB    *store.DB
	Blobs blob.Store
	// Dir is the server's data folder, in which the built-in worker lives.
	Dir string
	// Pool keeps the connections to machines; nil makes one.
	Pool *target.Pool
	// Pods take the place of the built-in worker, unless it is nil.
	Pods *target.Pods
	// Packages opens the packages of feeds.
	Packages Packages
}

// NewTools makes the tools of a server.
func NewTools(k Kit) *Tools {
	if k.Pool == nil {
		k.Pool = target.NewPool(target.Options{})
	}
	machines := &Machines{DB: k.DB, Pool: k.Pool, Dir: filepath.Join(k.Dir, "worker"), Pods: k.Pods}
	t := &Tools{
		Store: k.DB, Blob: k.Blobs, Packages: k.Packages,
		Artifacts: &artifactShelf{k.DB},
		Reach:     machines,
		People:    &directory{k.DB},
		Mail:      func(ctx context.Context) (Mail, error) { return readMail(ctx, k.DB) },
		Seal:      func(plain string) string { return kind.Seal(k.DB.Key, plain) },
		Open:      func(sealed string) (string, error) { return kind.Unseal(k.DB.Key, sealed) },
	}
	if k.DB.Engine == store.PostgreSQL && k.Pods == nil {
		t.Home = machines.Home
	}
	return t
}

// mailSetting is the server's setting that holds how it sends e-mail.
const mailSetting = "smtp"

// storedMail is Mail at rest.
type storedMail struct {
	Host     string
	Port     int
	Login    string        `json:",omitempty"`
	Password string        `json:",omitempty"` // sealed
	From     string        `json:",omitempty"`
	TLS      bool          `json:",omitempty"`
	Security string        `json:",omitempty"`
	Timeout  time.Duration `json:",omitempty"`
}

// PutMail stores how this server sends e-mail.
func PutMail(tx *store.Tx, m Mail) error {
	s := storedMail{Host: m.Host, Port: m.Port, Login: m.Login, From: m.From, TLS: m.TLS, Security: m.Security, Timeout: m.Timeout}
	if m.Password != "" {
		s.Password = kind.Seal(tx.Key(), m.Password)
	}
	data, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("storing the settings for e-mail: %w", err)
	}
	return tx.SetSetting(mailSetting, string(data))
}

// GetMail reads how this server sends e-mail; the zero Mail was never set.
func GetMail(tx *store.Tx) (Mail, error) {
	text, err := tx.Setting(mailSetting)
	if err != nil || text == "" {
		return Mail{}, err
	}
	var s storedMail
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return Mail{}, fmt.Errorf("reading the settings for e-mail: %w", err)
	}
	m := Mail{Host: s.Host, Port: s.Port, Login: s.Login, From: s.From, TLS: s.TLS, Security: s.Security, Timeout: s.Timeout}
	if s.Password != "" {
		if m.Password, err = kind.Unseal(tx.Key(), s.Password); err != nil {
			return Mail{}, fmt.Errorf("opening the password for e-mail: %w", err)
		}
	}
	return m, nil
}

func readMail(ctx context.Context, db *store.DB) (m Mail, err error) {
	err = db.View(ctx, func(tx *store.Tx) error {
		m, err = GetMail(tx)
		return err
	})
	return m, err
}
