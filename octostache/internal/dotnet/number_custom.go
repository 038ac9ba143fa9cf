package dotnet

import "strings"

// custom writes the number by a picture such as "#,##0.00;(#)".
func (n Number) custom(format string) (string, bool) {
	if len(format) > maxPrecision {
		return "", false
	}
	if n.kind == doubleKind {
		n = n.expanded().rounded(doubleDigits)
	}
	n.digits = strings.TrimRight(n.digits, "0")
	sections := splitSections(format)
	chosen := chooseSection(sections, n)
	pic := readPicture(sections[chosen])
	if n.digits != "" {
		n = pic.scaled(n)
		if strings.Trim(n.digits, "0") == "" {
			// Rounded away: the section for zero has the word.
			n.digits, n.point = "", 0
			if chosen = chooseSection(sections, n); chosen == 2 {
				pic = readPicture(sections[chosen])
			}
		}
	}
	w := pictureWriter{picture: pic, number: n}
	w.begin()
	if n.negative && chosen == 0 && n.digits != "" {
		w.out.WriteByte('-')
	}
	w.write()
	return w.out.String(), true
}

// splitSections cuts at semicolons outside quotes.
func splitSections(format string) []string {
	var sections []string
	start := 0
	walkPicture(format, func(i int, c byte, literal string) {
		if literal == "" && c == ';' {
			sections = append(sections, format[start:i])
			start = i + 1
		}
	})
	return append(sections, format[start:])
}

// chooseSection picks the section for positive, negative or zero.
func chooseSection(sections []string, n Number) int {
	has := func(i int) bool { return len(sections) > i && sections[i] != "" }
	switch {
	case n.digits == "" && has(2):
		return 2
	case n.digits != "" && n.negative && has(1):
		return 1
	}
	return 0
}

// walkPicture calls visit for every character that means something, and for
// quoted and escaped stretches with their text.
func walkPicture(format string, visit func(i int, c byte, literal string)) {
	for i := 0; i < len(format); i++ {
		switch c := format[i]; c {
		case '\'', '"':
			end := strings.IndexByte(format[i+1:], c)
			if end < 0 {
				end = len(format) - i - 1
			}
			if end > 0 {
				visit(i, 0, format[i+1:i+1+end])
			}
			i += end + 1
		case '\\':
			if i+1 < len(format) {
				visit(i, 0, format[i+1:i+2])
			}
			i++
		default:
			visit(i, c, "")
		}
	}
}

// picture is a section, understood.
type picture struct {
	text       string
	places     int // digit positions in all
	point      int // of which before the decimal point
	firstZero  int // first position that always shows, counted from the point
	lastZero   int // last such position, counted the same way, 0 or negative
	shift      int // powers of ten by percent, permille and trailing commas
	thousands  bool
	scientific bool
}

func readPicture(text string) picture {
	p := picture{text: text, point: -1}
	first, last := 1<<30, 0
	commas, commasAt := 0, -1
	walkPicture(text, func(i int, c byte, literal string) {
		if literal != "" {
			return
		}
		switch c {
		case '#', '0':
			if c == '0' {
				first, last = min(first, p.places), p.places+1
			}
			p.places++
		case '.':
			if p.point < 0 {
				p.point = p.places
			}
		case ',':
			p.comma(&commas, &commasAt)
		case '%':
			p.shift += 2
		case 0xE2: // the first byte of ‰
			if strings.HasPrefix(text[i:], "‰") {
				p.shift += 3
			}
		case 'E', 'e':
			p.scientific = p.scientific || exponentPicture(text[i:]) > 0
		}
	})
	if p.point < 0 {
		p.point = p.places
	}
	if commasAt >= 0 {
		if commasAt == p.point {
			p.shift -= 3 * commas
		} else {
			p.thousands = true
		}
	}
	if first < p.point {
		p.firstZero = p.point - first
	}
	if last > p.point {
		p.lastZero = p.point - last
	}
	return p
}

// comma notes a comma between digits: at the point it divides by a thousand,
// elsewhere it asks for grouping.
func (p *picture) comma(commas, at *int) {
	if p.places == 0 || p.point >= 0 {
		return
	}
	if *at >= 0 {
		if *at == p.places {
			*commas++
			return
		}
		p.thousands = true
	}
	*at, *commas = p.places, 1
}

// exponentPicture gives the length of an exponent such as E+00, 0 for none.
func exponentPicture(text string) int {
	n := 1
	if n < len(text) && (text[n] == '+' || text[n] == '-') {
		n++
	}
	zeros := n
	for n < len(text) && text[n] == '0' {
		n++
	}
	if n == zeros {
		return 0
	}
	return n
}

// scaled applies percent and the like and rounds to the places there are.
func (p picture) scaled(n Number) Number {
	n.point += p.shift
	count := p.places
	if !p.scientific {
		count += n.point - p.point
	}
	n = n.rounded(count)
	n.digits = strings.TrimRight(n.digits, "0")
	return n
}

// pictureWriter fills a picture with digits.
type pictureWriter struct {
	picture
	number   Number
	out      strings.Builder
	next     int  // digit to write next
	position int  // of the digit place, counted from the point
	surplus  int  // digits of the number before the picture's first place, or minus the missing ones
	pointed  bool // the point is written
}

func (w *pictureWriter) begin() {
	w.position = w.point
	if !w.scientific {
		w.position = max(w.number.point, w.point)
		w.surplus = w.number.point - w.point
	}
}

func (w *pictureWriter) write() {
	until := 0
	walkPicture(w.text, func(i int, c byte, literal string) {
		switch {
		case i < until:
		case literal != "":
			w.out.WriteString(literal)
		case c == '#' || c == '0' || c == '.':
			w.writeSurplus()
			w.writePlace(c)
		case c == ',':
		case (c == 'E' || c == 'e') && w.scientific && exponentPicture(w.text[i:]) > 0:
			until = i + exponentPicture(w.text[i:])
			w.writeExponent(w.text[i:until])
		default:
			w.out.WriteByte(c)
		}
	})
}

// writeSurplus writes the digits for which the picture has no place.
func (w *pictureWriter) writeSurplus() {
	for ; w.surplus > 0; w.surplus-- {
		w.digit(w.number.digitAt(w.next))
		w.next++
		w.position--
	}
}

func (w *pictureWriter) digit(c byte) {
	w.out.WriteByte(c)
	if w.thousands && w.position > 1 && (w.position-1)%3 == 0 {
		w.out.WriteByte(',')
	}
}

func (w *pictureWriter) writePlace(c byte) {
	left := w.next < len(w.number.digits)
	if c == '.' {
		if w.position == 0 && !w.pointed && (w.lastZero < 0 || w.point < w.places && left) {
			w.out.WriteByte('.')
			w.pointed = true
		}
		return
	}
	switch {
	case w.surplus < 0:
		w.surplus++
		if w.position <= w.firstZero {
			w.digit('0')
		}
	case left:
		w.digit(w.number.digits[w.next])
		w.next++
	case w.position > w.lastZero:
		w.digit('0')
	}
	w.position--
}

func (w *pictureWriter) writeExponent(text string) {
	power := 0
	if w.number.digits != "" {
		power = w.number.point - w.point
	}
	w.out.WriteByte(text[0])
	w.out.WriteString(exponentText(power, text[1] == '+', min(strings.Count(text, "0"), 10)))
}
