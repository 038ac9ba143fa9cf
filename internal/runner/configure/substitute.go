package configure

import (
	"fmt"
)

// SubstituteOptions says where Octostache expressions are to be evaluated.
type SubstituteOptions struct {
	Targets  []string // patterns of files, see Files
	Extra    []string // further folders to look in
	Encoding string   // charset to write with; "" or an unknown one keeps the file's own
	// Evaluate gives the text with its expressions filled in, as far as
	// possible, and an error that names what could not be.
	Evaluate func(text string) (string, error)
	// Strict makes that error fatal; it is only noted otherwise.
	Strict bool
	// Quiet leaves out the warning about a pattern that matches no file.
	Quiet bool
}

// Substitute evaluates the expressions in the files that the targets match.
func Substitute(dir string, o SubstituteOptions, log Log) error {
	for _, target := range o.Targets {
		files, err := matching(dir, o.Extra, target)
		if err != nil {
			return err
		}
		if len(files) == 0 && !o.Quiet {
			log.Warnf("No files were found in %s that match the substitution target pattern '%s'", dir, target)
		}
		for _, file := range files {
			if err := SubstituteFile(file, o, log); err != nil {
				return err
			}
		}
	}
	return nil
}

// SubstituteFile evaluates the expressions in one file.
func SubstituteFile(file string, o SubstituteOptions, log Log) error {
	log.Verbosef("Performing variable substitution on '%s'", file)
	doc, err := readDocument(file)
	if err != nil {
		return err
	}
	text, err := o.Evaluate(doc.text)
	if err != nil {
		if o.Strict {
			return fmt.Errorf("evaluate the expressions in %s: %w", file, err)
		}
		log.Verbosef("Not every expression in '%s' could be evaluated: %v", file, err)
	}
	if c, ok := charsetNamed(o.Encoding); ok && o.Encoding != "" {
		doc.charset = c
	} else if text == doc.text {
		return nil
	}
	doc.text = text
	return doc.write(log)
}

// matching finds a pattern's files in a folder and in further ones.
func matching(dir string, extra []string, pattern string) ([]string, error) {
	files, err := Files(dir, pattern)
	if err != nil {
		return nil, err
	}
	for _, also := range extra {
		more, err := Files(also, pattern)
		if err != nil {
			return nil, err
		}
		files = append(files, more...)
	}
	return files, nil
}
