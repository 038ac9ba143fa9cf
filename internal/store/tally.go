package store

import (
	"fmt"
	"strings"
)

// tallies is the table in which the database counts the rows of some others, for
// each space and part, so that the length of history costs nothing.
const tallies = "tally"

// Tallied selects rows of a table that is counted. Empty members do not restrict.
type Tallied struct {
	Source string   // event, release, deployment or task
	Spaces []string // "" is the system
	Parts  []string // categories of events, kinds of documents, states of tasks
	Names  []string // of tasks
}

// where gives the condition on the table tally.
func (q *Tallied) where() (string, []any) {
	args := []any{q.Source}
	text := " where source = $1"
	for i, values := range [][]string{q.Spaces, q.Parts, q.Names} {
		if len(values) == 0 {
			continue
		}
		marks := make([]string, len(values))
		for j, v := range values {
			args = append(args, v)
			marks[j] = fmt.Sprintf("$%d", len(args))
		}
		text += " and " + []string{"space", "part", "name"}[i] + " in (" + strings.Join(marks, ", ") + ")"
	}
	return text, args
}

// Tally says how many rows there are, without counting them.
func (t *Tx) Tally(q Tallied) (n int, err error) {
	where, args := q.where()
	if _, err := t.QueryRow([]any{&n}, "select cast(coalesce(sum(n), 0) as bigint) from "+tallies+where, args...); err != nil {
		return 0, fmt.Errorf("looking how many rows of %s there are: %w", q.Source, err)
	}
	return n, nil
}

// TallyByPart is Tally for each part of which there is any.
func (t *Tx) TallyByPart(q Tallied) (map[string]int, error) {
	where, args := q.where()
	parts := map[string]int{}
	err := t.Query(func(scan func(...any) error) error {
		var part string
		var n int
		err := scan(&part, &n)
		parts[part] = n
		return err
	}, "select part, cast(sum(n) as bigint) from "+tallies+where+" group by part having sum(n) <> 0", args...)
	if err != nil {
		return nil, fmt.Errorf("looking how many rows of %s there are: %w", q.Source, err)
	}
	return parts, nil
}

// tallied gives what counts the documents of a query, if it restricts them to a
// space or not at all.
func (q *Query) tallied() (Tallied, bool) {
	is := Tallied{Source: q.Table, Parts: []string{q.Kind}}
	if q.Table == "" || q.Table == "document" || len(q.Where) > 1 {
		return is, false
	}
	for _, w := range q.Where {
		space, ok := "", false
		if len(w.Args) == 1 {
			space, ok = w.Args[0].(string)
		}
		if w.SQL != "space = ?" || !ok {
			return is, false
		}
		is.Spaces = []string{space}
	}
	return is, true
}

// tallied gives what counts the events of a query, if spaces and categories are
// all that restricts them.
func (q *EventQuery) tallied() (Tallied, bool) {
	rest := len(q.Users) + len(q.Regarding) + len(q.Any) + len(q.Kinds)
	for _, g := range q.Groups {
		rest += len(g)
	}
	plain := rest == 0 && q.From.IsZero() && q.To.IsZero() && q.FromID <= 0 && q.ToID <= 0
	return Tallied{Source: "event", Spaces: q.Spaces, Parts: q.Categories}, plain
}
