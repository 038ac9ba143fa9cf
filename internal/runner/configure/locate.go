package configure

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// definition is one way of pairing transforms with the files they change.
type definition struct {
	text      string
	advanced  bool   // it names both sides
	transform string // "Release", "transforms/web.Release.config", "*.Release.config"
	source    string // the file to change, or "*.config"
}

// parseDefinition reads "transform => target" or a bare name.
func parseDefinition(text string) definition {
	clean := strings.ReplaceAll(text, `\`, "/")
	transform, source, advanced := strings.Cut(clean, "=>")
	return definition{text, advanced, strings.TrimSpace(transform), strings.TrimSpace(source)}
}

func wild(pattern string) bool { return strings.HasPrefix(filepath.Base(pattern), "*.") }

// TransformsFor lists the transform files that a definition, as in
// TransformOptions.Explicit, has for a configuration file of the package that
// was unpacked to root.
func TransformsFor(definition, file, root string) ([]string, error) {
	return parseDefinition(definition).transformsFor(file, root)
}

// transformsFor lists the transforms that a definition has for a file.
func (d definition) transformsFor(file, root string) ([]string, error) {
	if d.advanced && !d.concerns(file) {
		return nil, nil
	}
	var found []string
	for _, candidate := range d.candidates(file) {
		matches, err := existing(candidate)
		if err != nil {
			return nil, err
		}
		for _, m := range matches {
			if m != file && (!d.advanced || d.pairs(file, m, root)) && !slices.Contains(found, m) {
				found = append(found, m)
			}
		}
	}
	return found, nil
}

// concerns is a first look at whether a file can be a target at all. Targets
// are searched below the package, so one that is spelled absolutely is not.
func (d definition) concerns(file string) bool {
	base := filepath.Base(d.source)
	if filepath.IsAbs(d.source) {
		return false
	}
	if wild(d.source) {
		return strings.HasSuffix(strings.ToLower(file), strings.ToLower(base[1:]))
	}
	return strings.EqualFold(filepath.Base(file), base)
}

// candidates are the paths at which a file's transform may be; the last name
// may hold "*". The ending .config may be left out of a definition.
func (d definition) candidates(file string) []string {
	pattern := d.transform
	patterns := []string{pattern}
	if !strings.HasSuffix(pattern, ".config") {
		patterns = []string{pattern + ".config", pattern}
	}
	paths := make([]string, 0, len(patterns))
	for _, p := range patterns {
		paths = append(paths, d.candidate(file, p))
	}
	return paths
}

func (d definition) candidate(file, pattern string) string {
	if !d.advanced {
		return strings.TrimSuffix(file, filepath.Ext(file)) + "." + pattern
	}
	dir, name := filepath.Split(pattern)
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(d.base(file), dir)
	}
	if wild(pattern) && wild(d.source) {
		// *.Release.config for *.config: web.Release.config for web.config.
		own := filepath.Base(file)
		own = own[:len(own)-len(filepath.Base(d.source)[1:])]
		name = own + name[1:]
	}
	return filepath.Join(dir, name)
}

// base is the folder that a transform's path starts from: the file's own, less
// the folders that the definition spells for the target.
func (d definition) base(file string) string {
	dir, below := filepath.Dir(file), filepath.Dir(d.source)
	if below == "." {
		return dir
	}
	if suffix := string(filepath.Separator) + below; strings.HasSuffix(strings.ToLower(dir), strings.ToLower(suffix)) {
		return dir[:len(dir)-len(suffix)]
	}
	return dir
}

// pairs checks the folders that a definition spells for the target, seen from
// the transform or, after "./", from the package.
func (d definition) pairs(file, transform, root string) bool {
	want := filepath.Dir(d.source)
	if want == "." && !strings.HasPrefix(d.source, "./") {
		return true
	}
	from := filepath.Dir(transform)
	rooted := filepath.IsAbs(d.transform) && strings.HasPrefix(d.source, "./")
	if rooted {
		from = root
	}
	relative, err := filepath.Rel(from, file)
	if err != nil {
		return false
	}
	have := strings.ToLower(filepath.Dir(strings.TrimLeft(relative, "./")))
	want = strings.ToLower(want)
	if wild(d.source) && !rooted {
		return have == want || strings.HasSuffix(have, "/"+want)
	}
	return have == want
}

// existing finds the files at a path whose last name may hold "*" and whose
// case may differ.
func existing(path string) ([]string, error) {
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
		return []string{path}, nil
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return nil, nil
	}
	return Files(filepath.Dir(path), filepath.Base(path))
}
