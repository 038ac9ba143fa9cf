package configure

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/takodeploy/tako/internal/runner/configure/xdt"
	"github.com/takodeploy/tako/internal/runner/configure/xmltree"
)

// TransformOptions says which .NET configuration transforms to apply.
type TransformOptions struct {
	Extra []string // further folders to look for configuration files in
	// Explicit are transforms a user named: "Name", "transform => target", with
	// "*.x" on either side for any file of that ending.
	Explicit []string
	// Automatic are names whose transforms are applied to every .config file
	// that has them: web.Name.config to web.config.
	Automatic []string

	WarningsFail bool // a transform that has nothing to act on is an error
	IgnoreErrors bool // a transform that cannot be applied is only warned about
	Quiet        bool // leave out the single steps
	Diagnostics  bool // say why transforms were not applied
}

// Transform applies transforms and gives the transform files that it used, so
// that they are not taken for configuration themselves.
func Transform(dir string, o TransformOptions, log Log) ([]string, error) {
	definitions := make([]definition, 0, len(o.Explicit)+len(o.Automatic))
	extensions := []string{}
	if len(o.Automatic) > 0 {
		extensions = append(extensions, ".config")
	}
	for _, text := range o.Explicit {
		d := parseDefinition(text)
		definitions = append(definitions, d)
		if d.advanced {
			extensions = append(extensions, filepath.Ext(d.source))
		}
	}
	for _, name := range o.Automatic {
		definitions = append(definitions, definition{text: name, transform: name})
	}
	t := &transformer{dir: dir, o: o, log: log, done: map[[2]string]bool{}, used: map[string]bool{}}
	if len(extensions) == 0 && len(definitions) > 0 {
		extensions = []string{".config"}
	}
	for _, from := range append([]string{dir}, o.Extra...) {
		files, err := filesWithExtension(from, extensions...)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if err := t.file(file, definitions); err != nil {
				return nil, err
			}
		}
	}
	for _, d := range definitions[:len(o.Explicit)] {
		if !t.used[d.text] {
			log.Verbosef("The transform pattern \"%s\" was not performed as no matching files could be found.", d.text)
		}
	}
	return t.applied, nil
}

// transformer carries what was applied so far.
type transformer struct {
	dir     string
	o       TransformOptions
	log     Log
	done    map[[2]string]bool // pairs of transform and target
	used    map[string]bool    // definitions
	applied []string
}

// file applies every transform that is meant for a file.
func (t *transformer) file(file string, definitions []definition) error {
	for _, d := range definitions {
		transforms, err := d.transformsFor(file, t.dir)
		if err != nil {
			return err
		}
		if len(transforms) == 0 && t.o.Diagnostics {
			t.log.Verbosef(" - no transform of '%s' is meant for '%s'", d.text, file)
		}
		for _, transform := range transforms {
			t.used[d.text] = true
			pair := [2]string{transform, file}
			if t.done[pair] {
				continue
			}
			t.done[pair] = true
			t.log.Printf("Transforming '%s' using '%s'.", file, transform)
			if err := TransformFile(file, transform, t.o, t.log); err != nil {
				return err
			}
			if !slices.Contains(t.applied, transform) {
				t.applied = append(t.applied, transform)
			}
		}
	}
	return nil
}

// TransformFile applies one transform to one file, in place.
func TransformFile(file, transform string, o TransformOptions, log Log) error {
	err := transformFile(file, transform, o, log)
	if err == nil {
		return nil
	}
	err = fmt.Errorf("transform %s with %s: %w", file, transform, err)
	if o.IgnoreErrors {
		log.Warnf("%v", err)
		return nil
	}
	return err
}

func transformFile(file, transform string, o TransformOptions, log Log) error {
	doc, err := readXML(file)
	if err != nil {
		return err
	}
	target, err := xmltree.Parse(doc.text, true)
	if err != nil {
		return err
	}
	source, err := readXML(transform)
	if err != nil {
		return err
	}
	instructions, err := xmltree.Parse(source.text, true)
	if err != nil {
		return fmt.Errorf("read the transform: %w", err)
	}
	result, err := xdt.Apply(target, instructions)
	if !o.Quiet {
		for _, step := range result.Steps {
			log.Verbosef("%s", step)
		}
	}
	if err != nil {
		return err
	}
	for _, w := range result.Warnings {
		log.Warnf("%s", w)
	}
	if len(result.Warnings) > 0 && o.WarningsFail && !o.IgnoreErrors {
		return fmt.Errorf("%s (set Octopus.Action.Package.TreatConfigTransformationWarningsAsErrors to False to go on in such a case)", result.Warnings[0])
	}
	if target.Root() == nil {
		log.Warnf("The XML configuration file %s no longer has a root element and is invalid after being transformed by %s", file, transform)
	}
	end := newline(doc.text)
	return fitXML(doc, target, func() string { return target.Source(end) }, log).write(log)
}
