package octostache

import (
	"strings"
	"time"
)

// Evaluate replaces the tokens of a text by their values. When some have none,
// they stay in the text as they are and the error, an *EvaluationError, lists
// them. A text that is no template comes back unchanged with the error.
func (d *Dictionary) Evaluate(text string) (string, error) {
	value, _, err := d.EvaluateNullable(text)
	return value, err
}

// EvaluateNullable is Evaluate that also tells when the result is null, which
// the null filter makes it.
func (d *Dictionary) EvaluateNullable(text string) (value string, null bool, err error) {
	if !strings.Contains(text, "#{") {
		return text, false, nil
	}
	t, err := d.cache.strict.get(text, Parse)
	return d.run(text, t, err)
}

// EvaluateLenient is Evaluate for files: a stretch that makes no sense as a
// template stays as it is, without an error, and the rest is evaluated.
func (d *Dictionary) EvaluateLenient(text string) (string, error) {
	if !strings.Contains(text, "#{") {
		return text, nil
	}
	t, err := d.cache.lenient.get(text, ParseLenient)
	value, _, err := d.run(text, t, err)
	return value, err
}

// run evaluates a parsed text and puts the outcome in terms of the original.
func (d *Dictionary) run(text string, t *Template, err error) (string, bool, error) {
	if err != nil {
		return text, false, &EvaluationError{Cause: err}
	}
	e := d.newEvaluation(text)
	c := newCollector()
	if err := e.tokens(e.root, t.tokens, c); err != nil {
		return text, false, &EvaluationError{Cause: err}
	}
	if len(c.missing) > 0 {
		err = &EvaluationError{Missing: c.missing}
	}
	if c.null {
		return "", true, err
	}
	return c.out.String(), false, err
}

// evaluation is the work on one text: what it may still spend and what it has
// found out so far.
type evaluation struct {
	dictionary *Dictionary
	root       *scope
	depth      int
	steps      int
	bytes      int
	loops      int                 // loops that were met and passed over
	values     map[*node]evaluated // of the nodes of the dictionary's tree
	json       map[*node]*jsonValue
}

// evaluated is a value after evaluation.
type evaluated struct {
	text    string
	missing []string
}

// scope is where names are looked up before its parent. The root has the
// dictionary's tree, an iteration its enumerator, and the scope of a value
// nothing: it is there to tell loops.
type scope struct {
	parent *scope
	names  *node
	stack  []*symbol // being resolved in this scope
}

// collector gathers what a template writes and misses.
type collector struct {
	out strings.Builder
	*findings
}

// findings are what is to be reported of a template and its options.
type findings struct {
	missing []string
	seen    map[string]bool
	null    bool
}

func newCollector() *collector { return &collector{findings: &findings{}} }

// miss notes tokens without a value, each once.
func (f *findings) miss(tokens ...string) {
	for _, t := range tokens {
		if f.seen[t] {
			continue
		}
		if f.seen == nil {
			f.seen = map[string]bool{}
		}
		f.seen[t] = true
		f.missing = append(f.missing, t)
	}
}

func (d *Dictionary) newEvaluation(text string) *evaluation {
	return &evaluation{
		dictionary: d,
		root:       &scope{names: d.root()},
		steps:      maxSteps,
		bytes:      maxBytes + 8*len(text),
	}
}

func (e *evaluation) now() time.Time { return e.dictionary.clock() }

// step spends one unit of work.
func (e *evaluation) step() error {
	if e.steps--; e.steps < 0 {
		return &LimitError{What: "evaluation steps"}
	}
	return nil
}

// spend accounts for produced text.
func (e *evaluation) spend(bytes int) error {
	if e.bytes -= bytes; e.bytes < 0 {
		return &LimitError{What: "produced text"}
	}
	return nil
}

// enter counts a level of evaluation within evaluation; leave gives it back.
func (e *evaluation) enter() error {
	if e.depth++; e.depth > maxDepth {
		return &LimitError{What: "nested values"}
	}
	return nil
}

func (e *evaluation) leave() { e.depth-- }

func (e *evaluation) write(c *collector, text string) error {
	c.out.WriteString(text)
	return e.spend(len(text))
}

func (e *evaluation) tokens(s *scope, tokens []token, c *collector) error {
	for _, t := range tokens {
		if err := e.token(s, t, c); err != nil {
			return err
		}
	}
	return nil
}

func (e *evaluation) token(s *scope, t token, c *collector) error {
	if err := e.step(); err != nil {
		return err
	}
	switch t := t.(type) {
	case *textToken:
		return e.write(c, t.text)
	case *substitution:
		return e.substitute(s, t, c)
	case *conditional:
		return e.decide(s, t, c)
	case *repetition:
		return e.repeat(s, t, c)
	case *calculation:
		return e.calculate(s, t, c)
	}
	return nil
}

func (e *evaluation) substitute(s *scope, t *substitution, c *collector) error {
	value, err := e.expression(s, t.expression, c)
	if err != nil {
		return err
	}
	if value != nil {
		return e.write(c, *value)
	}
	text := canonical(t)
	if t.expression.endsInNull() {
		c.null = true
	} else {
		c.miss(text)
	}
	return e.write(c, text)
}

// endsInNull says whether nothing is what the author asked for.
func (x *expression) endsInNull() bool {
	n := len(x.filters)
	return n > 0 && strings.EqualFold(x.filters[n-1].name, "null")
}

// decide writes the branch that the condition picks. It loops over an elseif
// chain, which may be long, instead of descending into it.
func (e *evaluation) decide(s *scope, t *conditional, c *collector) error {
	for {
		holds, unknown, err := e.condition(s, &t.condition, c)
		if err != nil {
			return err
		}
		if unknown != nil {
			c.miss(canonical(unknown))
			return e.write(c, canonical(t))
		}
		branch := t.falsy
		if holds {
			branch = t.truthy
		}
		if len(branch) == 1 {
			if next, ok := branch[0].(*conditional); ok {
				if err := e.step(); err != nil {
					return err
				}
				t = next
				continue
			}
		}
		return e.tokens(s, branch, c)
	}
}

// condition judges a condition; unknown is the side whose filters gave nothing.
func (e *evaluation) condition(s *scope, cond *condition, c *collector) (holds bool, unknown *expression, err error) {
	left, ok, err := e.side(s, cond.left, c)
	if err != nil || !ok {
		return false, cond.left, err
	}
	if cond.operator == "" {
		return Truthy(left), nil, nil
	}
	right := cond.rightText
	if cond.right != nil {
		if right, ok, err = e.side(s, cond.right, c); err != nil || !ok {
			return false, cond.right, err
		}
	}
	return (left == right) == (cond.operator == "=="), nil, nil
}

// side evaluates one side of a condition. A symbol without a value counts as
// the empty text; filters without a result do not count at all.
func (e *evaluation) side(s *scope, x *expression, c *collector) (string, bool, error) {
	value, err := e.expression(s, x, c)
	switch {
	case err != nil:
		return "", false, err
	case value != nil:
		return *value, true, nil
	}
	return "", len(x.filters) == 0, nil
}

// repeat writes the body once for each item.
func (e *evaluation) repeat(s *scope, t *repetition, c *collector) error {
	items, err := e.items(s, t.collection, c)
	if err != nil {
		return err
	}
	if err := e.enter(); err != nil {
		return err
	}
	defer e.leave()
	for i, item := range items {
		if err := e.step(); err != nil {
			return err
		}
		names := eachNames(i, len(items))
		names.children.put(t.key, item.node)
		if err := e.tokens(&scope{parent: s, names: names}, t.body, c); err != nil {
			return err
		}
	}
	return nil
}

func (e *evaluation) calculate(s *scope, t *calculation, c *collector) error {
	value, ok, err := t.sum.result(func(sym *symbol) (string, bool, error) {
		text, err := e.resolve(s, sym, c)
		if text == nil || err != nil {
			return "", false, err
		}
		return *text, true, nil
	})
	if err != nil {
		return err
	}
	if !ok {
		return e.write(c, canonical(t))
	}
	return e.write(c, formatDouble(value))
}

// expression gives the value of a symbol passed through its filters, nil for
// none. What a filter without a result was given is lost, but a later filter
// may go on from nothing.
func (e *evaluation) expression(s *scope, x *expression, c *collector) (*string, error) {
	var value *string
	var err error
	if x.symbol != nil {
		if value, err = e.resolve(s, x.symbol, c); err != nil {
			return nil, err
		}
	}
	for i := range x.filters {
		call := &x.filters[i]
		args, err := e.options(s, call.options, c)
		if err != nil {
			return nil, err
		}
		if value, err = e.filter(call.name, value, args); err != nil {
			return nil, err
		}
	}
	return value, nil
}

// options evaluates the options of a filter, each for itself.
func (e *evaluation) options(s *scope, options []token, c *collector) ([]string, error) {
	args := make([]string, 0, len(options))
	for _, option := range options {
		if text, literal := option.(*textToken); literal {
			args = append(args, text.text)
			continue
		}
		if err := e.enter(); err != nil {
			return nil, err
		}
		own := &collector{findings: c.findings}
		err := e.token(&scope{parent: s}, option, own)
		e.leave()
		if err != nil {
			return nil, err
		}
		args = append(args, own.out.String())
	}
	return args, nil
}

// filter applies one filter.
func (e *evaluation) filter(name string, input *string, args []string) (*string, error) {
	if err := e.step(); err != nil {
		return nil, err
	}
	key := fold(name)
	f := builtIn(key)
	if f == nil {
		host := e.dictionary.filters[key]
		if host == nil {
			return nil, nil
		}
		f = func(_ *evaluation, input *string, args []string) (*string, error) { return host(input, args) }
	}
	result, err := f(e, input, args)
	if err != nil {
		if _, limit := err.(*LimitError); limit {
			return nil, err
		}
		return nil, &FilterError{Filter: name, Cause: err}
	}
	if result != nil {
		err = e.spend(len(*result))
	}
	return result, err
}
