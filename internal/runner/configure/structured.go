package configure

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// StructuredOptions says which files get values by path.
type StructuredOptions struct {
	Targets   []string // patterns of files, see Files
	Extra     []string // further folders to look in
	Only      string   // the one format to take every file for, whatever its name; "" lets names tell
	Variables *Variables
}

// formatError says that a file is not in the format that was tried.
type formatError struct{ message string }

func (e *formatError) Error() string { return e.message }

// format is one kind of structured file.
type format struct {
	name       string
	extensions []string
	read       func(path string) (document, error)
	replace    func(doc document, v *Variables, log Log) (document, error)
}

// formats lists the kinds in the order they are tried for a file whose name
// tells nothing. JSON comes first also where the name does tell: such files
// worked before the other kinds were known and must go on to.
var formats = []format{
	{"JSON", []string{".json"}, readDocument, replaceJSON},
	{"XML", []string{".xml"}, readXML, replaceXML},
	{"YAML", []string{".yml", ".yaml"}, readDocument, replaceYAML},
	{"Properties", []string{".properties"}, readDocument, replaceProperties},
}

// Structured replaces values in the files that the targets match.
func Structured(dir string, o StructuredOptions, log Log) error {
	for _, target := range o.Targets {
		if info, err := os.Stat(filepath.Join(dir, target)); err == nil && info.IsDir() {
			log.Warnf("Skipping structured variable replacement on '%s' because it is a directory.", target)
			continue
		}
		files, err := matching(dir, o.Extra, target)
		if err != nil {
			return err
		}
		if len(files) == 0 {
			log.Warnf("No files were found that match the replacement target pattern '%s'", target)
		}
		for _, file := range files {
			if err := StructuredFile(file, o, log); err != nil {
				return err
			}
		}
	}
	return nil
}

// StructuredFile replaces values in one file, in the first format it turns out
// to be in.
func StructuredFile(file string, o StructuredOptions, log Log) error {
	candidates := candidates(file, o.Only)
	for i, f := range candidates {
		log.Verbosef("Attempting structured variable replacement on file %s with format %s", file, f.name)
		doc, err := f.read(file)
		if err != nil {
			return fmt.Errorf("structured variable replacement on file %s: %w", file, err)
		}
		doc, err = f.replace(doc, o.Variables, log)
		var wrong *formatError
		if errors.As(err, &wrong) && i < len(candidates)-1 {
			log.Verbosef("The file at %s couldn't be parsed as %s: %v", file, f.name, err)
			continue
		}
		if errors.As(err, &wrong) {
			return fmt.Errorf("structured variable replacement failed on file %s: the file could not be parsed as %s: %w", file, f.name, err)
		}
		if err == nil {
			err = doc.write(log)
		}
		if err != nil {
			return fmt.Errorf("structured variable replacement on file %s: %w", file, err)
		}
		log.Printf("Structured variable replacement succeeded on file %s with format %s", file, f.name)
		return nil
	}
	return nil
}

// candidates are the formats to try for a file.
func candidates(file, only string) []format {
	for _, f := range formats {
		if strings.EqualFold(f.name, only) {
			return []format{f}
		}
	}
	lower := strings.ToLower(file)
	for i, f := range formats {
		for _, extension := range f.extensions {
			if !strings.HasSuffix(lower, extension) {
				continue
			}
			if i == 0 {
				return formats[:1]
			}
			return []format{formats[0], f}
		}
	}
	return formats
}
