package message

import (
	"bytes"
	"strings"
)

// introducer begins every message.
const introducer = "##octopus"

// maxMessage is the length at which what looks like a message is text after
// all, so that nothing is held back without end.
const maxMessage = 16 << 20

// Event is either a message or one line of the log.
type Event struct {
	Stream  Stream
	Message *Message // nil for a line
	Line    string   // without its end
	Level   Level    // of a line
}

// Parser turns the output of one process into events. Text may come in any
// pieces; a message may even span lines. The streams are read independently of
// each other. The zero Parser is ready; a Parser is not safe for concurrent use.
type Parser struct {
	state   State
	streams [2]scanner
	events  []Event
}

// Resume gives a Parser that goes on where another one was.
func Resume(s State) *Parser { return &Parser{state: s} }

// State tells what has to be kept to go on later. It is complete only while
// Pending is false.
func (p *Parser) State() State { return p.state }

// Pending says whether text is held back: a line without its end, or a message
// that is not complete.
func (p *Parser) Pending() bool {
	for i := range p.streams {
		if p.streams[i].pending() {
			return true
		}
	}
	return false
}

// Feed reads the next piece of a stream and gives what is complete with it.
func (p *Parser) Feed(s Stream, text string) []Event {
	p.scan(s, text)
	return p.take()
}

// Line reads one whole line, given without its end.
func (p *Parser) Line(s Stream, text string) []Event {
	p.scan(s, text)
	p.scan(s, "\n")
	return p.take()
}

// Flush gives what was held back, as text: nothing follows it.
func (p *Parser) Flush() []Event {
	for i := range p.streams {
		p.flush(Stream(i))
	}
	return p.take()
}

func (p *Parser) take() []Event {
	events := p.events
	p.events = nil
	return events
}

// A scanner reads one stream.
type scanner struct {
	text    []byte // of the current line, not given out yet
	matched int    // how much of the introducer was read
	// spoken says that the current line had a message: what is left of it is a
	// line only if it is more than blanks.
	spoken bool
	// refused says that the current line had something like a message; up to
	// its bracket, or to the end of the line, it holds no other.
	refused bool
	// message is what is being read after an introducer, and raw its text.
	message *builder
	raw     []byte
}

func (s *scanner) pending() bool {
	return len(s.text) > 0 || s.matched > 0 || s.message != nil
}

// scan reads text in whatever state the stream is.
func (p *Parser) scan(stream Stream, text string) {
	s := &p.streams[stream]
	for text != "" {
		switch {
		case s.message != nil:
			text = p.scanMessage(stream, text)
		case s.matched > 0:
			text = p.scanIntroducer(stream, text)
		default:
			text = p.scanText(stream, text)
		}
	}
}

// scanText reads up to a line end or a possible introducer.
func (p *Parser) scanText(stream Stream, text string) (rest string) {
	s := &p.streams[stream]
	stops := "#\n"
	if s.refused {
		stops = "]\n"
	}
	i := strings.IndexAny(text, stops)
	if i < 0 {
		s.text = append(s.text, text...)
		return ""
	}
	s.text = append(s.text, text[:i]...)
	switch text[i] {
	case '\n':
		p.endLine(stream)
	case '#':
		s.matched = 1
	default:
		s.text = append(s.text, ']')
		s.refused = false
	}
	return text[i+1:]
}

// scanIntroducer reads one byte of a possible introducer. A byte that does not
// belong to it begins none either: ###octopus is text.
func (p *Parser) scanIntroducer(stream Stream, text string) (rest string) {
	s := &p.streams[stream]
	c := text[0]
	if c == introducer[s.matched] {
		s.matched++
		if s.matched == len(introducer) {
			s.matched, s.message, s.raw = 0, &builder{}, s.raw[:0]
		}
		return text[1:]
	}
	s.text = append(s.text, introducer[:s.matched]...)
	s.matched = 0
	if c == '\n' {
		return text
	}
	s.text = append(s.text, c)
	return text[1:]
}

// scanMessage reads up to the end of a message or to the first byte with which
// it is none.
func (p *Parser) scanMessage(stream Stream, text string) (rest string) {
	s := &p.streams[stream]
	for i := range len(text) {
		c := text[i]
		s.raw = append(s.raw, c)
		if c == ']' {
			m, ok := s.message.finish()
			if ok {
				s.message = nil
				p.speak(stream, m)
			} else {
				p.refuse(stream)
			}
			return text[i+1:]
		}
		if !s.message.take(c) || len(s.raw) > maxMessage {
			p.refuse(stream)
			return text[i+1:]
		}
	}
	return ""
}

// speak gives out a message, after the text that stood before it.
func (p *Parser) speak(stream Stream, m Message) {
	s := &p.streams[stream]
	s.spoken = true
	p.giveText(stream)
	if to, level, ok := m.Switch(); ok {
		p.state.set(to, level)
	}
	p.events = append(p.events, Event{Stream: stream, Message: &m})
}

// refuse turns what was read as a message into text. The line on which it began
// holds no other message before the bracket; lines after that one are read
// again, since a message that was cut off must not take its successor along.
// Invariant: raw has no # but as its last byte, so that this never nests.
func (p *Parser) refuse(stream Stream) {
	s := &p.streams[stream]
	raw := string(s.raw)
	s.message, s.raw = nil, s.raw[:0]
	s.text = append(s.text, introducer...)
	first, later, several := strings.Cut(raw, "\n")
	s.text = append(s.text, first...)
	if !several {
		s.refused = !strings.HasSuffix(raw, "]")
		return
	}
	p.endLine(stream)
	p.scan(stream, later)
}

// endLine gives out the current line.
func (p *Parser) endLine(stream Stream) {
	s := &p.streams[stream]
	s.text = bytes.TrimSuffix(s.text, []byte("\r"))
	if s.spoken {
		p.giveText(stream)
	} else {
		p.give(stream)
	}
	s.spoken, s.refused = false, false
}

// giveText gives out the text so far unless it is blank.
func (p *Parser) giveText(stream Stream) {
	s := &p.streams[stream]
	if len(bytes.TrimSpace(s.text)) == 0 {
		s.text = s.text[:0]
		return
	}
	p.give(stream)
}

// give gives out the text so far as a line.
func (p *Parser) give(stream Stream) {
	s := &p.streams[stream]
	if level := p.state.level(stream); level != Ignored {
		p.events = append(p.events, Event{Stream: stream, Line: string(s.text), Level: level})
	}
	s.text = s.text[:0]
}

// flush ends a stream.
func (p *Parser) flush(stream Stream) {
	s := &p.streams[stream]
	if s.message != nil {
		p.refuse(stream)
	}
	s.text = append(s.text, introducer[:s.matched]...)
	s.matched = 0
	if len(s.text) > 0 {
		p.endLine(stream)
	}
	s.spoken, s.refused = false, false
}
