package feed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/google/uuid"

	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/runner/archive"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/version"
)

// Overwrite says what becomes of a package whose version is there already.
type Overwrite string

// The ways of dealing with a version that is there already.
const (
	FailIfExists      Overwrite = "FailIfExists"
	OverwriteExisting Overwrite = "OverwriteExisting"
	IgnoreIfExists    Overwrite = "IgnoreIfExists"
)

// ParseOverwrite reads a mode in any case; empty is FailIfExists.
func ParseOverwrite(text string) (Overwrite, error) {
	for _, mode := range []Overwrite{FailIfExists, OverwriteExisting, IgnoreIfExists} {
		if strings.EqualFold(text, string(mode)) {
			return mode, nil
		}
	}
	if text == "" {
		return FailIfExists, nil
	}
	return "", fault.New(fault.Invalid, "The overwrite mode is %q, which is not one of FailIfExists, OverwriteExisting, IgnoreIfExists.", text)
}

// Upload is a package on its way into a space's own feed.
type Upload struct {
	Space    string
	FileName string // PackageId.Version.extension
	Content  io.Reader
	Size     int64 // negative when it is not known
	Mode     Overwrite
	// Allow is asked before anything is read, and once more before anything is
	// changed, whether this may be; there says that the version is there
	// already. nil allows all.
	Allow func(packageID string, there bool) error
}

// Outcome is what Push did.
type Outcome int

// The outcomes of Push.
const (
	Stored Outcome = iota
	Replaced
	Ignored // the version was there already and stayed as it is
)

// extensions are the archives that packages can be.
var extensions = map[string]bool{
	".zip": true, ".nupkg": true, ".jar": true, ".war": true, ".ear": true, ".tar": true,
	".tar.gz": true, ".tgz": true, ".tar.bz2": true, ".tbz": true, ".tar.zst": true,
}

// maxPackageID is what the catalogue takes.
const maxPackageID = 100

// ParseFileName takes the name of a package's file apart.
func ParseFileName(name string) (version.PackageFile, error) {
	file, err := version.ParsePackageFile(name)
	if err != nil || file.CacheBuster != "" {
		return file, fault.New(fault.Invalid, "The file name '%s' is not that of a package: it must be the package's id, a dot, its version, and the extension, such as Acme.Web.1.0.0.zip.", name)
	}
	if !extensions[strings.ToLower(file.Extension)] {
		return file, fault.New(fault.Invalid, "The file '%s' is of the type %s, which is none of a package. Packages are zip, nupkg, jar, war, ear, tar, tar.gz, tar.bz2 or tar.zst files.", name, file.Extension)
	}
	if len([]rune(file.ID)) > maxPackageID {
		return file, fault.New(fault.Invalid, "The package id '%s' is longer than %d characters.", file.ID, maxPackageID)
	}
	file.Extension = strings.ToLower(file.Extension)
	return file, nil
}

// Push stores a package. Nothing of it can be seen before all of it is there,
// is an archive and is committed; when Push fails, nothing of it stays.
func (b *BuiltIn) Push(ctx context.Context, up Upload) (*catalog.BuiltInPackage, Outcome, error) {
	file, err := ParseFileName(up.FileName)
	if err != nil {
		return nil, 0, err
	}
	there, err := b.Find(ctx, up.Space, file.ID, file.Version)
	if err != nil {
		return nil, 0, err
	}
	if done, err := up.decide(file.ID, there); done || err != nil {
		return there, Ignored, err
	}
	name := "packages/" + up.Space + "/" + uuid.NewString() + file.Extension
	made, err := b.keep(ctx, name, file, up)
	if err != nil {
		return nil, 0, err
	}
	result, outcome, err := b.enter(ctx, made, up)
	if err != nil || outcome == Ignored {
		b.discard(context.WithoutCancel(ctx), name)
	}
	return result, outcome, err
}

// decide says what the mode and the permissions make of a version that is, or
// is not, there; done means that there is nothing more to do.
func (up *Upload) decide(packageID string, there *catalog.BuiltInPackage) (done bool, err error) {
	if there != nil && up.Mode == IgnoreIfExists {
		if up.Allow != nil {
			err = up.Allow(packageID, false)
		}
		return true, err
	}
	if up.Allow != nil {
		if err := up.Allow(packageID, there != nil && up.Mode == OverwriteExisting); err != nil {
			return true, err
		}
	}
	if there != nil && up.Mode != OverwriteExisting {
		return true, fault.Complaints{
			fmt.Sprintf("The package %s with version %s is already in the built-in feed. Choose another version, or the overwrite mode OverwriteExisting or IgnoreIfExists.", there.PackageID, there.Version)}.Err()
	}
	return false, nil
}

// keep writes the file, under a name that nothing refers to yet, and checks it.
func (b *BuiltIn) keep(ctx context.Context, name string, file version.PackageFile, up Upload) (*catalog.BuiltInPackage, error) {
	content := io.Reader(&uploadReader{from: up.Content})
	var copied *os.File
	if !blob.Local(b.Blobs) {
		// The archive is checked in a file. Where blobs are none, it is copied
		// on its way.
		var err error
		if copied, err = os.CreateTemp("", "package-*"+file.Extension); err != nil {
			return nil, fmt.Errorf("making room for an upload: %w", err)
		}
		defer os.Remove(copied.Name())
		defer copied.Close()
		content = io.TeeReader(content, copied)
	}
	written, err := b.Blobs.Put(ctx, name, content, up.Size)
	if err != nil {
		return nil, err
	}
	p := &catalog.BuiltInPackage{PackageID: file.ID, Version: file.Version, FileExtension: file.Extension,
		SizeBytes: written.Size, Hash: written.SHA256, Published: kind.Now(), Blob: name}
	p.SpaceID = up.Space
	if err := b.inspect(ctx, p, copied, up.FileName); err != nil {
		b.discard(context.WithoutCancel(ctx), name)
		return nil, err
	}
	return p, nil
}

// inspect refuses what is no archive, or a damaged one, and reads what a package says of itself.
func (b *BuiltIn) inspect(ctx context.Context, p *catalog.BuiltInPackage, copied *os.File, fileName string) error {
	if copied == nil {
		r, err := b.Blobs.Open(ctx, p.Blob)
		if err != nil {
			return err
		}
		defer r.Close()
		lies, ok := r.(interface{ Name() string })
		if !ok {
			return errors.New("a stored file has no name to check it by")
		}
		return inspectFile(ctx, lies.Name(), p, fileName)
	}
	return inspectFile(ctx, copied.Name(), p, fileName)
}

func inspectFile(ctx context.Context, path string, p *catalog.BuiltInPackage, fileName string) error {
	err := archive.Check(ctx, path)
	var f *fault.Error
	if errors.As(err, &f) {
		// The check names the file under which the upload is kept.
		_, reason, _ := strings.Cut(f.Message, "cannot be used: ")
		if reason == "" {
			reason = f.Message
		}
		return fault.New(f.Code, "The file '%s' cannot be used as a package: %s", fileName, reason)
	}
	if err != nil {
		return fmt.Errorf("checking the package %s: %w", fileName, err)
	}
	if p.FileExtension == ".nupkg" {
		return readNuspec(path, p)
	}
	return nil
}

// enter commits the document. Somebody else may add the same version meanwhile,
// which some databases tell only when it is too late: then it is tried again,
// and the version is found to be there.
func (b *BuiltIn) enter(ctx context.Context, made *catalog.BuiltInPackage, up Upload) (result *catalog.BuiltInPackage, outcome Outcome, err error) {
	const tries = 3
	for try := 1; ; try++ {
		beaten := false
		err = b.DB.Do(ctx, func(tx *store.Tx) (err error) {
			result, outcome, beaten, err = b.put(tx, made, up)
			return err
		})
		if err == nil {
			return result, outcome, nil
		}
		if !beaten || try == tries {
			return nil, outcome, err
		}
		if there, lost := b.Find(ctx, up.Space, made.PackageID, made.Version); lost != nil || there == nil {
			return nil, outcome, err
		}
	}
}

// put adds or replaces the document; beaten says that somebody was quicker.
func (b *BuiltIn) put(tx *store.Tx, made *catalog.BuiltInPackage, up Upload) (result *catalog.BuiltInPackage, outcome Outcome, beaten bool, err error) {
	there, err := catalog.FindPackage(tx, up.Space, made.PackageID, made.Version)
	if err != nil {
		return nil, Stored, false, err
	}
	if done, err := up.decide(made.PackageID, there); done || err != nil {
		return there, Ignored, false, err
	}
	next := *made // this may run again
	if there == nil {
		if err := catalog.BuiltInPackages.Put(tx, &next); err != nil {
			return nil, Stored, fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict), err
		}
		return &next, Stored, false, b.announce(tx, &next, "Created", "was pushed to")
	}
	b.discardLater(tx, there.Blob)
	there.FileExtension, there.SizeBytes, there.Hash, there.Published, there.Blob = next.FileExtension, next.SizeBytes, next.Hash, next.Published, next.Blob
	there.Title, there.Summary, there.Description, there.ReleaseNotes = next.Title, next.Summary, next.Description, next.ReleaseNotes
	if err := catalog.BuiltInPackages.Put(tx, there); err != nil {
		return nil, Replaced, fault.Is(err, fault.Conflict), err
	}
	return there, Replaced, false, b.announce(tx, there, "Modified", "was replaced in")
}

// announce tells the audit trail, and whoever else wants to know.
func (b *BuiltIn) announce(tx *store.Tx, p *catalog.BuiltInPackage, category, verb string) error {
	if err := record(tx, p, category, verb); err != nil || b.Pushed == nil {
		return err
	}
	return b.Pushed(tx, p)
}

// discardLater removes a file once its document's end is committed.
func (b *BuiltIn) discardLater(tx *store.Tx, name string) {
	ctx := tx.Context()
	tx.After(func() { b.discard(ctx, name) })
}

// discard removes a file that nothing refers to. What cannot be removed now is
// found by Sweep.
func (b *BuiltIn) discard(ctx context.Context, name string) {
	if err := b.Blobs.Delete(ctx, name); err != nil {
		slog.Warn("the file of a package could not be removed yet", "file", name, "error", err)
	}
}

// uploadReader says of a sender that stops early whose fault that is.
type uploadReader struct {
	from io.Reader
	n    int64
}

func (u *uploadReader) Read(p []byte) (int, error) {
	n, err := u.from.Read(p)
	u.n += int64(n)
	if err != nil && err != io.EOF && fault.CodeOf(err) == fault.Internal && !errors.Is(err, context.Canceled) {
		err = fault.Wrap(fault.Invalid, err, "The upload broke off after %d bytes", u.n)
	}
	return n, err
}
