package store

import (
	"database/sql"
	"sync/atomic"
)

// prepared holds statements by their texts: those that were used last, since
// lists with filters are of more forms than are worth keeping.
type prepared struct {
	kept map[string]*kept
	uses atomic.Int64
}

type kept struct {
	*sql.Stmt
	used atomic.Int64 // at which of all uses it was the last time
}

// mostStatements bounds what is prepared on one connection or pool.
const mostStatements = 1000

// find may be called by several at once, add and drop by one alone.
func (p *prepared) find(text string) *sql.Stmt {
	k := p.kept[text]
	if k == nil {
		return nil
	}
	k.used.Store(p.uses.Add(1))
	return k.Stmt
}

// add keeps a statement. Where there are too many, those go that are not of the
// later uses; nobody is in the middle of one of these.
func (p *prepared) add(text string, st *sql.Stmt) {
	if p.kept == nil {
		p.kept = map[string]*kept{}
	}
	if len(p.kept) >= mostStatements {
		p.drop(p.uses.Load() - mostStatements/2)
	}
	k := &kept{Stmt: st}
	k.used.Store(p.uses.Add(1))
	p.kept[text] = k
}

// drop closes the statements that were not used after one of all uses.
func (p *prepared) drop(until int64) {
	for text, k := range p.kept {
		if k.used.Load() <= until {
			_ = k.Close() // it can only be gone with its connection
			delete(p.kept, text)
		}
	}
}
