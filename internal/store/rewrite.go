package store

import "fmt"

// Text is one stored text.
type Text struct {
	Table, Column string
	Row           string // the value of the row's first column, for people
	Value         string
}

// Search gives every stored text that contains a mark to f.
func (t *Tx) Search(mark string, f func(Text) error) error {
	return t.each(mark, func(text Text, _ textColumn, _ any) error { return f(text) })
}

// Rewrite passes every stored text that contains a mark to f, and stores what f
// makes of it. It is for changing the form of what is stored, not what it says:
// neither versions nor the audit take notice.
func (t *Tx) Rewrite(mark string, f func(Text) (string, error)) error {
	return t.each(mark, func(text Text, c textColumn, at any) error {
		next, err := f(text)
		if err != nil || next == text.Value {
			return err
		}
		_, err = t.Exec(fmt.Sprintf("update %s set %s = cast(cast($2 as text) as %s) where %s", quoted(c.table), quoted(c.name), c.kind, t.rowIs()), at, next)
		return err
	})
}

// rowIs is the condition that a row is the one that $1 names.
func (t *Tx) rowIs() string {
	if t.Engine() == PostgreSQL {
		return "ctid = cast($1 as tid)"
	}
	return "rowid = $1"
}

// each finds the rows first and reads them one by one, as the connection that
// reads is the one that f writes through.
func (t *Tx) each(mark string, f func(text Text, c textColumn, at any) error) error {
	columns, err := t.textColumns()
	if err != nil {
		return err
	}
	for _, c := range columns {
		rows, err := t.rowsWith(mark, c)
		if err != nil {
			return fmt.Errorf("searching the table %s: %w", c.table, err)
		}
		read := fmt.Sprintf("select cast(%s as text), cast(%s as text) from %s where %s", quoted(c.first), quoted(c.name), quoted(c.table), t.rowIs())
		for _, at := range rows {
			text := Text{Table: c.table, Column: c.name}
			found, err := t.QueryRow([]any{&text.Row, &text.Value}, read, at)
			if err != nil {
				return fmt.Errorf("reading the table %s: %w", c.table, err)
			}
			if !found {
				continue // it was deleted meanwhile
			}
			if err := f(text, c, at); err != nil {
				return err
			}
		}
	}
	return nil
}

// rowsWith names the rows whose column contains the mark.
func (t *Tx) rowsWith(mark string, c textColumn) (rows []any, err error) {
	query := "select rowid from %s where instr(%s, $1) > 0"
	if t.Engine() == PostgreSQL {
		query = "select cast(ctid as text) from %s where strpos(cast(%s as text), $1) > 0"
	}
	err = t.Query(func(scan func(...any) error) error {
		var at any
		if err := scan(&at); err != nil {
			return err
		}
		rows = append(rows, at)
		return nil
	}, fmt.Sprintf(query, quoted(c.table), quoted(c.name)), mark)
	return rows, err
}

type textColumn struct{ table, first, name, kind string }

// textColumns lists the columns that hold texts.
func (t *Tx) textColumns() ([]textColumn, error) {
	query := `select m.name, p.name, lower(p.type) from sqlite_master m, pragma_table_info(m.name) p where m.type = 'table' order by m.name, p.cid`
	if t.Engine() == PostgreSQL {
		query = `select table_name, column_name, data_type from information_schema.columns where table_schema = current_schema() order by table_name, ordinal_position`
	}
	var list []textColumn
	var first textColumn
	err := t.Query(func(scan func(...any) error) error {
		var c textColumn
		if err := scan(&c.table, &c.name, &c.kind); err != nil {
			return err
		}
		if first.table != c.table {
			first = c
		}
		c.first = first.name
		if (c.kind == "text" || c.kind == "json" || c.kind == "jsonb") && !ownTable(c.table) {
			list = append(list, c)
		}
		return nil
	}, query)
	if err != nil {
		return nil, fmt.Errorf("listing columns: %w", err)
	}
	return list, nil
}
