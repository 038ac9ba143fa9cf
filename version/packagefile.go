package version

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// ErrPackageFile is the reason of every refused package file name.
var ErrPackageFile = errors.New("not a package file name")

// PackageFile is what the name of a package file tells.
type PackageFile struct {
	ID        string
	Version   string
	Format    Format
	Extension string // with its dot; .tar.gz counts as one
	// CacheBuster is the third section of a cached file's name, else empty.
	CacheBuster string
}

// cacheSections separates the three sections of a cached file's name.
const cacheSections = "@"

// cacheBusterDigits is the length of the part that keeps cached names apart.
const cacheBusterDigits = 32

// plainFilePattern is ID.VERSION: the shortest ID that leaves a version wins,
// which is why Foo.123.1.0.0 is version 123.1.0.0 of Foo.
const plainFilePattern = `^([\p{L}\p{M}\p{Nd}\p{Pc}]+(?:[_.-][\p{L}\p{M}\p{Nd}\p{Pc}]+)*?)` +
	`\.([0-9]+(?:\.[0-9]+){0,3}` +
	`(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?` +
	`(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?)`

var (
	plainFile          = regexp.MustCompile(plainFilePattern + `$`)
	plainFileExtension = regexp.MustCompile(plainFilePattern + `((?:\.[0-9A-Za-z]+)+)$`)
	tarExtension       = regexp.MustCompile(`^(.*)(\.tar(?:\.[0-9A-Za-z]+)?)$`)
)

// ParsePackageFile reads the name of a package file, with or without folders:
// the name of a cached file, or ID.VERSION.EXTENSION.
func ParsePackageFile(name string) (PackageFile, error) {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	if file, ok := parseCachedFile(name); ok {
		return file, nil
	}
	file, ok := splitPlainFile(name)
	if !ok {
		return PackageFile{}, fmt.Errorf("%w: %q", ErrPackageFile, name)
	}
	if _, err := Parse(SemVer, file.Version); err != nil {
		return PackageFile{}, fmt.Errorf("%w: %q: %w", ErrPackageFile, name, err)
	}
	return file, nil
}

// splitPlainFile splits ID.VERSION.EXTENSION. The extension of a tar file is
// taken off first: in foo.1.0.0-rc.tar.gz it could else be part of the label.
func splitPlainFile(name string) (PackageFile, bool) {
	if tar := tarExtension.FindStringSubmatch(name); tar != nil {
		match := plainFile.FindStringSubmatch(tar[1])
		if match == nil {
			return PackageFile{}, false
		}
		return PackageFile{ID: match[1], Version: match[2], Extension: tar[2]}, true
	}
	match := plainFileExtension.FindStringSubmatch(name)
	if match == nil {
		return PackageFile{}, false
	}
	return PackageFile{ID: match[1], Version: match[2], Extension: match[3]}, true
}

// formatLetters name the format in a cached file's name. Docker tags share the
// letter of the format that they are read with.
var formatLetters = map[Format]string{
	SemVer: "S", Maven: "M", Docker: "O", Octopus: "O", Lexicographic: "L",
}

// CachedFileName names the file under which a package is kept beside others:
// ID@VERSION@BUSTER.EXTENSION, where the version begins with the letter of its
// format and whatever file systems refuse is percent-encoded. The buster is 32
// upper-case hexadecimal digits: the hash itself when it begins with so many,
// else digits derived from it. The extension may come without its dot.
func CachedFileName(id string, v Version, hash string, ext string) string {
	if ext != "" && !strings.HasPrefix(ext, ".") {
		ext = "." + ext
	}
	sections := []string{
		escapeFileName(id),
		formatLetters[v.Format] + escapeFileName(v.String()),
		cacheBuster(hash),
	}
	return strings.Join(sections, cacheSections) + ext
}

// cacheBuster gives 32 upper-case hexadecimal digits for any hash.
func cacheBuster(hash string) string {
	isHex := func(c byte) bool { return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F' }
	if prefixRun(hash, isHex) < cacheBusterDigits {
		sum := sha256.Sum256([]byte(hash))
		hash = hex.EncodeToString(sum[:])
	}
	return strings.ToUpper(hash[:cacheBusterDigits])
}

// ParseCachedFileName reads back what CachedFileName made. Names with any other
// cache buster are read too.
func ParseCachedFileName(name string) (PackageFile, error) {
	file, ok := parseCachedFile(name)
	if !ok {
		return PackageFile{}, fmt.Errorf("%w: %q is not that of a cached file", ErrPackageFile, name)
	}
	return file, nil
}

func parseCachedFile(name string) (PackageFile, bool) {
	sections := strings.Split(name, cacheSections)
	if len(sections) != 3 || sections[1] == "" {
		return PackageFile{}, false
	}
	buster, extension, hasExtension := strings.Cut(sections[2], ".")
	if !hasExtension {
		return PackageFile{}, false
	}
	file := PackageFile{
		ID:          unescapeFileName(sections[0]),
		Extension:   "." + extension,
		CacheBuster: buster,
	}
	switch sections[1][0] {
	case 'S':
		file.Format = SemVer
	case 'M':
		file.Format = Maven
	case 'O':
		file.Format = Octopus
	case 'L':
		file.Format = Lexicographic
	default:
		return PackageFile{}, false
	}
	v, err := Parse(file.Format, unescapeFileName(sections[1][1:]))
	if err != nil {
		return PackageFile{}, false
	}
	file.Version = v.String()
	return file, true
}

// refusedInFileNames are the characters that some file system refuses, and the
// two that have a meaning in cached names.
const refusedInFileNames = `%<>:"/\|?@`

func escapeFileName(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if strings.IndexByte(refusedInFileNames, c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// unescapeFileName decodes percent signs and keeps those that encode nothing.
func unescapeFileName(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		if s[0] == '%' && len(s) >= 3 {
			if c, err := hex.DecodeString(s[1:3]); err == nil {
				b.WriteByte(c[0])
				s = s[3:]
				continue
			}
		}
		b.WriteByte(s[0])
		s = s[1:]
	}
	return b.String()
}

// PackageNameFromPath gives the last part of an ID that is written like a path.
func PackageNameFromPath(id string) string {
	return id[strings.LastIndex(id, "/")+1:]
}
