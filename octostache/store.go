package octostache

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Save writes the variables as a JSON object of texts, unevaluated, in order,
// indented by two blanks.
func (d *Dictionary) Save() string {
	if len(d.entries) == 0 {
		return "{}"
	}
	var b strings.Builder
	b.WriteString("{\n")
	for i := range d.entries {
		e := &d.entries[i]
		b.WriteString("  ")
		writeJSONString(&b, e.name)
		b.WriteString(": ")
		if e.null {
			b.WriteString("null")
		} else {
			writeJSONString(&b, e.value)
		}
		if i < len(d.entries)-1 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	b.WriteByte('}')
	return b.String()
}

// Load sets the variables of a JSON object, in its order, keeping the others.
// Numbers and truth values become their text.
func (d *Dictionary) Load(text []byte) error {
	text = bytes.TrimPrefix(text, []byte("\xEF\xBB\xBF"))
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if t, err := decoder.Token(); err != nil || t != json.Delim('{') {
		return fmt.Errorf("read variables: expected a JSON object: %w", orSyntax(err))
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return fmt.Errorf("read variables: %w", err)
		}
		if err := d.loadValue(name.(string), decoder); err != nil {
			return fmt.Errorf("read variable %q: %w", name, err)
		}
	}
	if _, err := decoder.Token(); err != nil {
		return fmt.Errorf("read variables: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return fmt.Errorf("read variables: text after the object: %w", orSyntax(err))
	}
	return nil
}

func (d *Dictionary) loadValue(name string, decoder *json.Decoder) error {
	var value any
	if err := decoder.Decode(&value); err != nil {
		return err
	}
	switch value := value.(type) {
	case nil:
		d.SetNull(name)
	case string:
		d.Set(name, value)
	case json.Number:
		d.Set(name, value.String())
	case bool:
		if value {
			d.Set(name, "True")
		} else {
			d.Set(name, "False")
		}
	default:
		return errNotText
	}
	return nil
}

// errNotText is the complaint about an object or array for a value.
var errNotText = fmt.Errorf("the value is not a text")

// orSyntax stands in where the decoder saw no error but the wrong thing.
func orSyntax(err error) error {
	if err == nil {
		return errNotText
	}
	return err
}

// MarshalJSON writes the variables as a JSON object.
func (d *Dictionary) MarshalJSON() ([]byte, error) { return []byte(d.Save()), nil }

// UnmarshalJSON replaces the variables by those of a JSON object.
func (d *Dictionary) UnmarshalJSON(text []byte) error {
	fresh := New()
	if err := fresh.Load(text); err != nil {
		return err
	}
	d.entries, d.byName, d.tree = fresh.entries, fresh.byName, nil
	if d.cache == nil {
		d.cache, d.clock = fresh.cache, fresh.clock
	}
	return nil
}
