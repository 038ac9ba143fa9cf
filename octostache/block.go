package octostache

// ifBlock reads an if from behind its keyword.
func (p *parser) ifBlock(pos int) (token, int, bool) {
	return p.conditionalBlock(pos, "#{/if}", true)
}

// unlessBlock reads an unless from behind its keyword. Its branches are
// swapped, and it knows no elseif, which would be ambiguous.
func (p *parser) unlessBlock(pos int) (token, int, bool) {
	t, end, ok := p.conditionalBlock(pos, "#{/unless}", false)
	if !ok {
		return nil, end, false
	}
	c := t.(*conditional)
	c.truthy, c.falsy = c.falsy, c.truthy
	return c, end, true
}

func (p *parser) conditionalBlock(pos int, closing string, elseifs bool) (token, int, bool) {
	pos, ok := p.blanks(pos)
	if !ok {
		return nil, pos, false
	}
	first := &conditional{}
	stop := p.atElse
	if elseifs {
		stop = p.atElseOrElseif
	}
	if pos, ok = p.clause(pos, first, stop); !ok {
		return nil, pos, false
	}
	last := first
	for elseifs {
		behind, ok := p.elseif(pos)
		if !ok {
			break
		}
		next := &conditional{}
		end, ok := p.clause(behind, next, stop)
		if !ok {
			break
		}
		// A chain is conditionals within each other's else branch.
		last.falsy = []token{next}
		last, pos = next, end
	}
	if end, ok := p.literal(pos, "#{else}"); ok {
		last.falsy, pos = p.template(end)
	}
	end, ok := p.literal(pos, closing)
	return first, end, ok
}

// clause reads "condition } body" into c.
func (p *parser) clause(pos int, c *conditional, stop func(int) bool) (end int, ok bool) {
	c.condition, pos, ok = p.condition(pos)
	if !ok {
		return pos, false
	}
	pos, ok = p.literal(p.skip(pos), "}")
	if !ok {
		return pos, false
	}
	c.truthy, pos = p.body(pos, stop)
	return pos, true
}

func (p *parser) atElse(pos int) bool { return p.at(pos, "#{else}") }

func (p *parser) atElseOrElseif(pos int) bool {
	_, elseif := p.elseif(pos)
	return elseif || p.atElse(pos)
}

// elseif reads "#{elseif" and one blank; without the blank it is a variable.
func (p *parser) elseif(pos int) (end int, ok bool) {
	end, ok = p.literal(pos, "#{elseif")
	if !ok {
		return end, false
	}
	size := p.blankAt(end)
	return end + size, size > 0
}

// condition reads a comparison or a lone expression, with the blanks around it.
func (p *parser) condition(pos int) (condition, int, bool) {
	pos = p.skip(pos)
	left, end, ok := p.expression(pos)
	if !ok {
		return p.stringFirst(pos, end)
	}
	end = p.skip(end)
	operator, behind, ok := p.operator(end)
	if !ok {
		return condition{left: left}, end, true
	}
	behind = p.skip(behind)
	if right, end, ok := p.expression(behind); ok {
		return condition{left: left, operator: operator, right: right}, p.skip(end), true
	}
	if text, end, ok := p.quoted(behind); ok {
		return condition{left: left, operator: operator, rightText: text}, p.skip(end), true
	}
	return condition{left: left}, end, true
}

// stringFirst reads "text" op expression, which means expression op "text".
func (p *parser) stringFirst(pos, furthest int) (condition, int, bool) {
	text, end, ok := p.quoted(pos)
	if !ok {
		return condition{}, max(end, furthest), false
	}
	end = p.skip(end)
	operator, end, ok := p.operator(end)
	if !ok {
		return condition{}, max(end, furthest), false
	}
	x, end, ok := p.expression(p.skip(end))
	if !ok {
		return condition{}, max(end, furthest), false
	}
	return condition{left: x, operator: operator, rightText: text}, p.skip(end), true
}

func (p *parser) operator(pos int) (string, int, bool) {
	furthest := pos
	for _, operator := range [...]string{"==", "!="} {
		end, ok := p.literal(pos, operator)
		if ok {
			return operator, end, true
		}
		furthest = max(furthest, end)
	}
	return "", furthest, false
}

// eachBlock reads "enumerator in symbol } template #{/each}".
func (p *parser) eachBlock(pos int) (token, int, bool) {
	pos, ok := p.blanks(pos)
	if !ok {
		return nil, pos, false
	}
	enumerator, pos, ok := p.identifier(pos)
	if !ok {
		return nil, pos, false
	}
	pos, ok = p.keyword(p.skip(pos), "in")
	if !ok {
		return nil, pos, false
	}
	collection, pos, ok := p.symbol(p.skip(pos))
	if !ok {
		return nil, pos, false
	}
	pos, ok = p.literal(p.skip(pos), "}")
	if !ok {
		return nil, pos, false
	}
	body, pos := p.template(pos)
	pos, ok = p.literal(pos, "#{/each}")
	if !ok {
		return nil, pos, false
	}
	return &repetition{enumerator: enumerator, key: fold(enumerator), collection: collection, body: body}, pos, true
}
