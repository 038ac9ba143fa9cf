package configure

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/runner/configure/xmltree"
)

// DotNetOptions says how settings in .NET configuration files get their values.
type DotNetOptions struct {
	Extra        []string // further folders to look in
	Skip         []string // files to leave alone: the transforms that were applied
	Variables    *Variables
	IgnoreErrors bool // a file that cannot be changed is noted and left as it is
}

// DotNet sets the app settings, connection strings and application settings in
// all .config files below dir whose names are variables.
func DotNet(dir string, o DotNetOptions, log Log) error {
	for _, from := range append([]string{dir}, o.Extra...) {
		files, err := filesWithExtension(from, ".config")
		if err != nil {
			return err
		}
		for _, file := range files {
			if slices.Contains(o.Skip, file) {
				continue
			}
			if err := DotNetFile(file, o, log); err != nil {
				return err
			}
		}
	}
	return nil
}

// DotNetFile is DotNet for one file. A file without a matching setting is not
// touched.
func DotNetFile(file string, o DotNetOptions, log Log) error {
	err := dotNetFile(file, o.Variables, log)
	if err == nil {
		return nil
	}
	if o.IgnoreErrors {
		log.Printf("Ignoring variable replacement error: %v", err)
		return nil
	}
	return fmt.Errorf("replace configuration variables in %s: %w", file, err)
}

func dotNetFile(file string, v *Variables, log Log) error {
	doc, err := readXML(file)
	if err != nil {
		return err
	}
	root, err := xmltree.Parse(doc.text, true)
	if err != nil {
		return err
	}
	settings := dotNetSettings(root)
	changes := 0
	for _, name := range v.names {
		for _, s := range settings[strings.ToLower(name)] {
			if changes++; changes == 1 {
				log.Printf("Updating appSettings, applicationSettings, and connectionStrings in: %s", file)
			}
			log.Verbosef("Setting '%s'", name)
			value, _ := v.get(name)
			s.set(value)
		}
	}
	if changes == 0 {
		log.Printf("No matching appSetting, applicationSetting, nor connectionString names were found in: %s", file)
		return nil
	}
	end := newline(doc.text)
	return fitXML(doc, root, func() string { return root.Source(end) }, log).write(log)
}

// setting is a place in a configuration file that a variable can fill.
type setting struct {
	element   *xmltree.Node
	attribute string // "" for the text of the element's value element
}

func (s setting) set(value string) {
	if s.attribute != "" {
		s.element.SetAttr(s.attribute, value)
		return
	}
	for _, c := range s.element.Children {
		if c.Kind == xmltree.Element && c.Local == "value" {
			c.SetText(value)
			return
		}
	}
	child := &xmltree.Node{Kind: xmltree.Element, Local: "value"}
	child.SetText(value)
	s.element.Append(child)
}

// dotNetSettings finds the places by the lower case name of their variable.
// Namespaces do not matter.
func dotNetSettings(root *xmltree.Node) map[string][]setting {
	found := map[string][]setting{}
	note := func(e *xmltree.Node, key, attribute string) {
		if name, ok := e.Attr(key); ok {
			name = strings.ToLower(name)
			found[name] = append(found[name], setting{e, attribute})
		}
	}
	root.Elements(func(e *xmltree.Node) {
		parent := ""
		if e.Parent != nil {
			parent = e.Parent.Local
		}
		switch {
		case e.Local == "add" && parent == "appSettings":
			note(e, "key", "value")
		case e.Local == "add" && parent == "connectionStrings":
			note(e, "name", "connectionString")
		case e.Local == "setting" && inside(e, "applicationSettings"):
			note(e, "name", "")
		}
	})
	return found
}

func inside(e *xmltree.Node, local string) bool {
	for at := e.Parent; at != nil; at = at.Parent {
		if at.Local == local {
			return true
		}
	}
	return false
}

// filesWithExtension lists the files below a folder, at any depth, whose names
// end so, without regard to case.
func filesWithExtension(dir string, extensions ...string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		for _, extension := range extensions {
			if strings.HasSuffix(strings.ToLower(d.Name()), strings.ToLower(extension)) {
				if info, err := os.Stat(p); err == nil && info.Mode().IsRegular() {
					files = append(files, p)
				}
				break
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list the files of %s: %w", dir, err)
	}
	return files, nil
}
