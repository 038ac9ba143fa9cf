package configure

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// charset is how a file spells its text: an encoding and perhaps a mark that
// says so at the front. A nil codec is UTF-8.
type charset struct {
	name  string
	mark  []byte
	codec encoding.Encoding
}

var plainUTF8 = charset{name: "utf-8"}

// marked lists the charsets that announce themselves, longest mark first where
// one begins with another.
var marked = []charset{
	{"utf-32BE", []byte{0, 0, 0xfe, 0xff}, utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM)},
	{"utf-32", []byte{0xff, 0xfe, 0, 0}, utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM)},
	{"utf-16BE", []byte{0xfe, 0xff}, unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)},
	{"utf-16", []byte{0xff, 0xfe}, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)},
	{"utf-8", []byte{0xef, 0xbb, 0xbf}, nil},
}

// charsetOf recognises a file's charset by its mark, else by being UTF-8, else
// takes it for Windows-1252, in which every byte means something.
func charsetOf(raw []byte) charset {
	for _, c := range marked {
		if bytes.HasPrefix(raw, c.mark) {
			return c
		}
	}
	if utf8.Valid(raw) {
		return plainUTF8
	}
	return charset{name: "windows-1252", codec: charmap.Windows1252}
}

// charsetNamed finds a charset by the name that files and settings use. Those
// with a mark write it, as .NET does when it is given such a name.
func charsetNamed(name string) (charset, bool) {
	for _, c := range marked {
		if strings.EqualFold(c.name, name) || strings.EqualFold(c.name, strings.TrimSuffix(strings.ToLower(name), "le")) {
			return c, true
		}
	}
	codec, err := ianaindex.IANA.Encoding(name)
	if err != nil || codec == nil {
		return charset{}, false
	}
	return charset{name: name, codec: codec}, true
}

// decode turns bytes into text, without the mark.
func (c charset) decode(raw []byte) (string, error) {
	raw = bytes.TrimPrefix(raw, c.mark)
	if c.codec == nil {
		return string(raw), nil
	}
	text, err := c.codec.NewDecoder().Bytes(raw)
	if err != nil {
		return "", fmt.Errorf("decode as %s: %w", c.name, err)
	}
	return string(text), nil
}

// encode turns text into bytes, mark first. It fails for what does not fit.
func (c charset) encode(text string) ([]byte, error) {
	if c.codec == nil {
		return append(bytes.Clone(c.mark), text...), nil
	}
	raw, err := c.codec.NewEncoder().Bytes([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("encode as %s: %w", c.name, err)
	}
	return append(bytes.Clone(c.mark), raw...), nil
}

// document is a text file on its way through a change.
type document struct {
	path    string
	text    string
	charset charset
}

// readDocument reads a file whose charset it has to guess.
func readDocument(path string) (document, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return document{}, err
	}
	c := charsetOf(raw)
	text, err := c.decode(raw)
	if err != nil {
		return document{}, fmt.Errorf("read %s: %w", path, err)
	}
	return document{path: path, text: text, charset: c}, nil
}

// write replaces the file. What does not fit its charset makes it UTF-8.
func (d document) write(log Log) error {
	raw, err := d.charset.encode(d.text)
	if err != nil {
		log.Warnf("The values put into '%s' cannot be written as %s, so the file becomes UTF-8.", d.path, d.charset.name)
		raw = []byte(d.text)
	}
	return replaceFile(d.path, raw)
}

// replaceFile puts new content in the place of a file, in one step and with the
// same permissions. A link stays and its target changes.
func replaceFile(path string, content []byte) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".tako-*")
	if err != nil {
		return err
	}
	temp := f.Name()
	err = fill(f, content, info.Mode().Perm())
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		os.Remove(temp)
		return fmt.Errorf("replace %s: %w", path, err)
	}
	return nil
}

func fill(f *os.File, content []byte, mode fs.FileMode) error {
	_, err := f.Write(content)
	if err == nil {
		err = f.Chmod(mode)
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err
}

// newline is the line end that a text uses most; one without any is taken for
// a file from Windows, as the tools that files come through do.
func newline(text string) string {
	dos := strings.Count(text, "\r\n")
	if unix := strings.Count(text, "\n") - dos; unix > dos {
		return "\n"
	}
	return "\r\n"
}
