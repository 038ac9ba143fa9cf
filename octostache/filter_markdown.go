package octostache

import "github.com/takodeploy/tako/octostache/internal/markdown"

// markdownToHTML renders Markdown, with one more newline at the end.
func markdownToHTML(_ *evaluation, input *string, args []string) (*string, error) {
	if input == nil || len(args) > 0 {
		return nil, nil
	}
	if len(*input) > markdown.MaxLength {
		return nil, &LimitError{What: "the length of Markdown"}
	}
	html, err := markdown.ToHTML(*input)
	if err != nil {
		return nil, err
	}
	html += "\n"
	return &html, nil
}
