package backup

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/takodeploy/tako/internal/store"
)

// A piece of rows is lines of JSON: an object names the table and the columns
// of the rows that follow, each of which is a list of values. Bytes, and texts
// that are no UTF-8, which JSON cannot hold, are objects with base64.
type tableLine struct {
	Table   string
	Columns []string
}

type packed struct {
	Bytes *string `json:",omitempty"`
	Text  *string `json:",omitempty"`
}

func encodeTable(to *bytes.Buffer, r store.Row) error {
	return encodeLine(to, tableLine{r.Table, r.Columns})
}

func encodeRow(to *bytes.Buffer, r store.Row) error {
	values := make([]any, len(r.Values))
	for i, v := range r.Values {
		switch v := v.(type) {
		case []byte:
			text := base64.StdEncoding.EncodeToString(v)
			values[i] = packed{Bytes: &text}
		case string:
			values[i] = v
			if !utf8.ValidString(v) {
				text := base64.StdEncoding.EncodeToString([]byte(v))
				values[i] = packed{Text: &text}
			}
		case int64, nil:
			values[i] = v
		default:
			return fmt.Errorf("the column %s of the table %s holds a %T, which has no place in a backup", r.Columns[i], r.Table, v)
		}
	}
	return encodeLine(to, values)
}

func encodeLine(to *bytes.Buffer, v any) error {
	e := json.NewEncoder(to)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("writing rows: %w", err)
	}
	return nil
}

// Rows gives a function that gives one row after the other, then the empty one.
func (a *Archive) Rows() func() (store.Row, error) {
	var lines *json.Decoder
	var table tableLine
	return func() (store.Row, error) {
		for {
			if lines == nil {
				if !a.inRows() {
					return store.Row{}, nil
				}
				lines = json.NewDecoder(a.tar)
			}
			var line json.RawMessage
			err := lines.Decode(&line)
			if errors.Is(err, io.EOF) {
				lines = nil
				if err := a.advance(); err != nil {
					return store.Row{}, err
				}
				continue
			}
			if err != nil {
				return store.Row{}, damaged(err)
			}
			if line[0] == '{' {
				table = tableLine{}
				if err := json.Unmarshal(line, &table); err != nil {
					return store.Row{}, damaged(err)
				}
				continue
			}
			values, err := decodeRow(line)
			if err == nil && len(values) != len(table.Columns) {
				err = fmt.Errorf("a row of the table %s has %d values", table.Table, len(values))
			}
			if err != nil {
				return store.Row{}, damaged(err)
			}
			return store.Row{Table: table.Table, Columns: table.Columns, Values: values}, nil
		}
	}
}

func decodeRow(line []byte) ([]any, error) {
	var raw []json.RawMessage
	if err := json.Unmarshal(line, &raw); err != nil {
		return nil, err
	}
	values := make([]any, len(raw))
	for i, r := range raw {
		v, err := decodeValue(r)
		if err != nil {
			return nil, err
		}
		values[i] = v
	}
	return values, nil
}

func decodeValue(raw json.RawMessage) (any, error) {
	switch raw[0] {
	case 'n':
		return nil, nil
	case '"':
		var s string
		err := json.Unmarshal(raw, &s)
		return s, err
	case '{':
		var p packed
		if err := json.Unmarshal(raw, &p); err != nil {
			return nil, err
		}
		if p.Bytes != nil {
			return base64.StdEncoding.DecodeString(*p.Bytes)
		}
		if p.Text != nil {
			b, err := base64.StdEncoding.DecodeString(*p.Text)
			return string(b), err
		}
	}
	var n int64
	err := json.Unmarshal(raw, &n)
	return n, err
}
