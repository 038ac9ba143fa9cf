package archive

import (
	"net/url"
	"path"
	"strings"
)

// cleanPath turns the name of an entry into a relative path below the root, or
// refuses it. Only zip spells paths with backslashes; in a tar they are letters.
func cleanPath(name string, backslash bool) (string, error) {
	p := name
	if backslash {
		p = strings.ReplaceAll(p, `\`, "/")
	}
	switch {
	case strings.ContainsRune(p, 0):
		return "", refuse(name, "has a zero byte in its name")
	case strings.HasPrefix(p, "/"), backslash && hasDrive(p):
		return "", refuse(name, "has an absolute path")
	}
	for part := range strings.SplitSeq(p, "/") {
		if part == ".." {
			return "", refuse(name, "would land outside the folder")
		}
	}
	if p = path.Clean(p); p == "." {
		return "", nil
	}
	return p, nil
}

// hasDrive recognises a Windows drive letter.
func hasDrive(p string) bool {
	return len(p) >= 2 && p[1] == ':' && (p[0]|0x20 >= 'a' && p[0]|0x20 <= 'z')
}

// linkInside says whether a link at p that points to target stays below the
// root as far as its text tells; what links do together is checked on disk.
func linkInside(p, target string) bool {
	target = strings.ReplaceAll(target, `\`, "/")
	if target == "" || strings.HasPrefix(target, "/") || hasDrive(target) || strings.ContainsRune(target, 0) {
		return false
	}
	joined := path.Join(path.Dir(p), target)
	return joined != ".." && !strings.HasPrefix(joined, "../")
}

// nugetPath undoes the percent escapes of a NuGet package's entry names and
// says whether the entry is the package's own metadata, which is not content.
func nugetPath(name string) (unescaped string, metadata bool) {
	unescaped = name
	if u, err := url.PathUnescape(name); err == nil {
		unescaped = u
	}
	lower := strings.ToLower(strings.ReplaceAll(unescaped, `\`, "/"))
	for _, prefix := range []string{"_rels/", "package/services/metadata/", "[content_types].xml"} {
		if strings.HasPrefix(lower, prefix) {
			return unescaped, true
		}
	}
	return unescaped, strings.HasSuffix(lower, ".nupkg.sha512") || strings.HasSuffix(lower, ".nuspec") ||
		lower == ".signature.p7s"
}
