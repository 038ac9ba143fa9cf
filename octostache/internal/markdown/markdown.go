// Package markdown renders Markdown the way release notes and templates expect
// it: CommonMark with pipe tables, bare links and extra emphasis marks.
package markdown

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// MaxLength bounds the input, because some Markdown takes a time that grows
// with the square of its length.
const MaxLength = 64 << 10

// ToHTML renders Markdown, raw HTML included as it is.
func ToHTML(source string) (string, error) {
	var out bytes.Buffer
	if err := newMarkdown().Convert([]byte(strings.TrimSpace(source)), &out); err != nil {
		return "", err
	}
	return out.String(), nil
}

func newMarkdown() goldmark.Markdown {
	return goldmark.New(
		goldmark.WithExtensions(
			extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignNone)),
			extension.NewLinkify(),
		),
		goldmark.WithParserOptions(
			parser.WithInlineParsers(util.Prioritized(markParser{}, 500)),
			parser.WithASTTransformers(util.Prioritized(cellAligner{}, 500)),
		),
		goldmark.WithRendererOptions(
			html.WithUnsafe(), html.WithXHTML(),
			renderer.WithNodeRenderers(util.Prioritized(markRenderer{}, 500)),
		),
	)
}

// cellAligner writes the alignment of table cells as a style.
type cellAligner struct{}

// Transform gives every aligned cell its attribute.
func (cellAligner) Transform(document *ast.Document, _ text.Reader, _ parser.Context) {
	// The walker never fails: the function below returns no error.
	_ = ast.Walk(document, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if cell, ok := n.(*east.TableCell); ok && entering && cell.Alignment != east.AlignNone {
			cell.SetAttributeString("style", []byte("text-align: "+cell.Alignment.String()+";"))
		}
		return ast.WalkContinue, nil
	})
}

// markTags gives the element for a mark of one or two characters.
var markTags = map[byte][3]string{
	'~': {1: "sub", 2: "del"},
	'^': {1: "sup"},
	'+': {2: "ins"},
	'=': {2: "mark"},
}

// markKind is the kind of mark nodes.
var markKind = ast.NewNodeKind("Mark")

// mark is text between extra emphasis marks.
type mark struct {
	ast.BaseInline
	tag  string
	char byte
}

// Kind tells mark nodes from others.
func (m *mark) Kind() ast.NodeKind { return markKind }

// Dump prints the node for debugging.
func (m *mark) Dump(source []byte, level int) { ast.DumpHelper(m, source, level, nil, nil) }

// markParser finds the marks; it is also their delimiter processor.
type markParser struct{}

// Trigger lists the characters that may begin a mark.
func (markParser) Trigger() []byte { return []byte("~^+=") }

// Parse reads a run of marks as a delimiter.
func (p markParser) Parse(_ ast.Node, block text.Reader, pc parser.Context) ast.Node {
	before := block.PrecendingCharacter()
	line, segment := block.PeekLine()
	c := line[0]
	shortest := 2
	if markTags[c][1] != "" {
		shortest = 1
	}
	node := parser.ScanDelimiter(line, before, shortest, markDelimiter(c))
	if node == nil {
		return nil
	}
	node.Segment = segment.WithStop(segment.Start + node.OriginalLength)
	block.Advance(node.OriginalLength)
	pc.PushDelimiter(node)
	return node
}

// markDelimiter pairs marks of one character.
type markDelimiter byte

// IsDelimiter says whether a character is the mark.
func (d markDelimiter) IsDelimiter(b byte) bool { return b == byte(d) }

// CanOpenCloser says whether two runs may pair.
func (d markDelimiter) CanOpenCloser(opener, closer *parser.Delimiter) bool {
	return opener.Char == closer.Char
}

// OnMatch makes the node for a pair.
func (d markDelimiter) OnMatch(consumed int) ast.Node {
	return &mark{tag: markTags[byte(d)][min(consumed, 2)], char: byte(d)}
}

// markRenderer writes mark nodes.
type markRenderer struct{}

// RegisterFuncs enters the renderer for mark nodes.
func (markRenderer) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(markKind, func(w util.BufWriter, _ []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
		m := node.(*mark)
		text := "</" + m.tag + ">"
		switch {
		case m.tag == "": // a lone mark that means nothing
			text = string(m.char)
		case entering:
			text = "<" + m.tag + ">"
		}
		_, err := w.WriteString(text)
		return ast.WalkContinue, err
	})
}
