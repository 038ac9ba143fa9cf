package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/store"
)

// multiply turns one release of each project into many, and two deployments
// into as many as a space has after years: it copies every row that the server
// has written of them, with other ids, names and times.
func (b *bench) multiply(t *tako, l large, s *spaceIDs) error {
	ctx := context.Background()
	db, err := store.Open(ctx, t.data, t.database)
	if err != nil {
		return err
	}
	defer db.Close()
	m := &multiplier{l: l, s: s, began: time.Now().Add(-time.Duration(l.deployments) * time.Minute).Truncate(time.Minute), standing: map[string][]any{}, taken: map[string]int{}}
	if err := db.View(ctx, m.read); err != nil {
		return err
	}
	made := 0
	for release := 0; release < l.releases; {
		err := db.Do(ctx, func(tx *store.Tx) error {
			w := &rows{tx: tx, pending: map[string]*pending{}}
			for n := 0; n < 300 && release < l.releases; n++ {
				if err := m.release(w, release); err != nil {
					return err
				}
				for ; made < l.deployments*(release+1)/l.releases; made++ {
					if err := m.deployment(w, release, made); err != nil {
						return err
					}
				}
				release++
			}
			return w.flush()
		})
		if err != nil {
			return fmt.Errorf("multiplying %s: %w", filepath.Base(t.data), err)
		}
	}
	return db.Do(ctx, m.finish)
}

// multiplier knows the rows that are copied.
type multiplier struct {
	l            large
	s            *spaceIDs
	began        time.Time
	releases     []sample // of each project
	untenanted   sample
	tenanted     sample
	madeReleases []string
	event        int64
	taken        map[string]int // the highest numbers of ids, by kind
	standing     map[string][]any
}

// sample is all that was written of one thing, by table.
type sample map[string][][]any

// tables are those that tell of something, with their columns and how its
// rows are found by the ids of a document and its task.
var tables = []struct{ table, columns, where string }{
	{"release", "id, kind, space, owner, name, name_key, slug, version, shape, created, modified, data", "id = $1 and $2 <> ''"},
	{"deployment", "id, kind, space, owner, name, name_key, slug, version, shape, created, modified, data", "id = $1 and $2 <> ''"},
	{"reference", "source, source_kind, field, target", "source = $1 and $2 <> ''"},
	{"task", "id, num, name, description, space, project, environment, tenant, runbook, arguments, created_by, light, tag, queue_time, parent, parent_key, state, hold, class, place_rank, place, tag_held, expiry, started, updated, completed, wake_at, node, epoch, lease, error, warnings, pending, why, log_lines, log_bytes, saves", "id = $2 and $1 <> ''"},
	{"task_plan", "task, plan, outline", "task = $2 and $1 <> ''"},
	{"task_step", "task, path, target, attempt, state, line_cursor, started, ended, data", "task = $2 and $1 <> ''"},
	{"task_log", "task, first_line, last_line, path, target, size, bytes", "task = $2 and $1 <> ''"},
	{"event", "id, space, category, document, user_id, username, occurred, data", "document = $1 and $2 <> '' order by id"},
	{"event_related", "document, event", "$2 <> '' and event in (select id from event where document = $1)"},
}

func (m *multiplier) read(tx *store.Tx) (err error) {
	take := func(document, task string) (sample, error) {
		found := sample{}
		for _, t := range tables {
			n := strings.Count(t.columns, ",") + 1
			err := tx.Query(func(scan func(...any) error) error {
				values, into := make([]any, n), make([]any, n)
				for i := range values {
					into[i] = &values[i]
				}
				if err := scan(into...); err != nil {
					return err
				}
				found[t.table] = append(found[t.table], values)
				return nil
			}, "select "+t.columns+" from "+t.table+" where "+t.where, document, task)
			if err != nil {
				return nil, fmt.Errorf("reading %s: %w", t.table, err)
			}
		}
		return found, nil
	}
	for _, id := range m.s.releases {
		s, err := take(id, "-")
		if err != nil {
			return err
		}
		m.releases = append(m.releases, s)
	}
	if m.untenanted, err = take(id(m.s.first), text(m.s.first["TaskId"])); err != nil {
		return err
	}
	if m.tenanted, err = take(id(m.s.firstTenanted), text(m.s.firstTenanted["TaskId"])); err != nil {
		return err
	}
	err = tx.Query(func(scan func(...any) error) error {
		var kind string
		var value int
		err := scan(&kind, &value)
		m.taken[kind] = value
		return err
	}, "select name, value from sequence")
	if err == nil {
		_, err = tx.QueryRow([]any{&m.event}, "select max(id) from event")
	}
	return err
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// copyOf writes a sample again. ids are pairs of old and new texts, longer ones
// before those that they begin with; moved is how much later it was.
func (m *multiplier) copyOf(w *rows, s sample, num int, moved time.Duration, ids ...string) error {
	texts := strings.NewReplacer(ids...)
	events := map[int64]int64{}
	for _, row := range s["event"] {
		m.event++
		events[row[0].(int64)] = m.event
	}
	for _, t := range tables {
		columns := strings.Split(t.columns, ", ")
		for _, row := range s[t.table] {
			made := make([]any, len(row))
			for i, v := range row {
				switch columns[i] {
				case "num":
					v = int64(num)
				case "created", "modified", "queue_time", "place", "started", "updated", "completed", "ended", "occurred":
					v = v.(int64) + moved.Milliseconds()
				case "bytes":
				case "event":
					v = events[v.(int64)]
				default:
					if columns[i] == "id" && t.table == "event" {
						v = events[v.(int64)]
					} else if old, ok := asText(v); ok {
						v = texts.Replace(old)
					}
				}
				made[i] = v
			}
			if err := w.add(t.table, t.columns, made); err != nil {
				return err
			}
		}
	}
	return nil
}

func asText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case []byte:
		return string(v), true
	}
	return "", false
}

// id is that of the n-th of a kind that is written here.
func (m *multiplier) id(kind string, n int) string {
	return kind + "-" + strconv.Itoa(m.taken[kind]+n+1)
}

func (m *multiplier) at(deployment int) time.Time {
	return m.began.Add(time.Duration(deployment) * time.Minute)
}

// release writes the n-th; projects take turns.
func (m *multiplier) release(w *rows, n int) error {
	project := n % m.l.projects
	old := m.releases[project]["release"][0]
	made := m.id("Releases", n)
	m.madeReleases = append(m.madeReleases, made)
	version := fmt.Sprintf("1.%d.0", n/m.l.projects)
	at := m.at(m.l.deployments * n / m.l.releases)
	return m.copyOf(w, m.releases[project], 0, at.Sub(time.UnixMilli(old[9].(int64))),
		quoted(m.s.releases[project], made, sampleVersion, version)...)
}

// quoted makes pairs of texts that end where a number does, so that no id is
// taken for the beginning of a longer one.
func quoted(pairs ...string) (all []string) {
	for i := 0; i+1 < len(pairs); i += 2 {
		for _, end := range []string{`"`, "/", "\x01", "?", "&", " ", ",", "-"} {
			all = append(all, pairs[i]+end, pairs[i+1]+end)
		}
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		all = append(all, pairs[i], pairs[i+1])
	}
	return all
}

// deployment writes the n-th, of a release: the first three of each release go
// to its environments, the others to tenants of its project.
func (m *multiplier) deployment(w *rows, release, n int) error {
	project := release % m.l.projects
	turn := n - m.l.deployments*release/m.l.releases
	from, tenant, phase, served := m.untenanted, "", turn, 0
	if all := m.s.served[project]; turn >= 3 {
		served = all[(turn-3+release/m.l.projects*6)%len(all)]
		from, tenant, phase = m.tenanted, m.s.tenants[served], turn%2
	}
	d, task, environment := m.id("Deployments", n), m.id("ServerTasks", n), m.s.place(project, phase)
	old := from["deployment"][0]
	oldTask := from["task"][0]
	pairs := []string{text(old[0]), d, text(oldTask[0]), task, m.s.releases[0], m.madeReleases[release], m.s.projects[0], m.s.projects[project], m.s.channels[0], m.s.channels[project], m.s.place(0, 0), environment,
		"Project 000", fmt.Sprintf("Project %03d", project), "Place 000", fmt.Sprintf("Place %03d", (project*phases+phase)%len(m.s.environments)), sampleVersion, fmt.Sprintf("1.%d.0", release/m.l.projects)}
	if tenant != "" {
		was := m.s.served[0][0]
		pairs = append(pairs, m.s.tenants[was], tenant, fmt.Sprintf("Tenant %04d", was), fmt.Sprintf("Tenant %04d", served))
	}
	at := m.at(n)
	if err := m.copyOf(w, from, m.taken["ServerTasks"]+n+1, at.Sub(time.UnixMilli(old[9].(int64))), quoted(pairs...)...); err != nil {
		return err
	}
	m.standing[strings.Join([]string{m.s.projects[project], environment, tenant}, " ")] = []any{m.s.projects[project], environment, tenant, "Spaces-1", d, m.madeReleases[release], task}
	return nil
}

// finish writes what is where, and where the numbers go on.
func (m *multiplier) finish(tx *store.Tx) error {
	if _, err := tx.Exec("delete from standing"); err != nil {
		return err
	}
	w := &rows{tx: tx, pending: map[string]*pending{}}
	for _, row := range m.standing {
		if err := w.add("standing", "project, environment, tenant, space, deployment, release, task", row); err != nil {
			return err
		}
	}
	if err := w.flush(); err != nil {
		return err
	}
	for name, more := range map[string]int{"Releases": m.l.releases, "Deployments": m.l.deployments, "ServerTasks": m.l.deployments} {
		if _, err := tx.Exec("update sequence set value = value + $1 where name = $2", more, name); err != nil {
			return err
		}
	}
	if tx.Engine() == store.PostgreSQL {
		_, err := tx.Exec("select setval(pg_get_serial_sequence('event', 'id'), $1)", m.event)
		return err
	}
	return nil
}

// rows gathers rows so that one statement writes many.
type rows struct {
	tx      *store.Tx
	pending map[string]*pending
}

type pending struct {
	columns string
	values  []any
	count   int
}

// atOnce is how many values one statement takes.
const atOnce = 900

func (w *rows) add(table, columns string, row []any) error {
	p := w.pending[table]
	if p == nil {
		p = &pending{columns: columns}
		w.pending[table] = p
	}
	p.values = append(p.values, row...)
	p.count++
	if len(p.values)+len(row) > atOnce {
		return w.write(table, p)
	}
	return nil
}

func (w *rows) write(table string, p *pending) error {
	if p.count == 0 {
		return nil
	}
	width := len(p.values) / p.count
	var text strings.Builder
	fmt.Fprintf(&text, "insert into %s (%s) values ", table, p.columns)
	for i := range p.values {
		switch {
		case i%width == 0 && i > 0:
			text.WriteString("), (")
		case i == 0:
			text.WriteString("(")
		default:
			text.WriteString(", ")
		}
		fmt.Fprintf(&text, "$%d", i+1)
	}
	_, err := w.tx.Exec(text.String()+")", p.values...)
	p.values, p.count = nil, 0
	if err != nil {
		return fmt.Errorf("writing %s: %w", table, err)
	}
	return nil
}

func (w *rows) flush() error {
	for table, p := range w.pending {
		if err := w.write(table, p); err != nil {
			return err
		}
	}
	return nil
}
