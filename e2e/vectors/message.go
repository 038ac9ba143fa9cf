package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/takodeploy/tako/internal/runner/message"
)

var _ = register("service-messages", runMessages)

// messageVector is a vector of either shape: those of service-messages.json
// have a kind, those of the recorded fixtures stand in lists named by kind.
type messageVector struct {
	Name           string         `json:"name"`
	Kind           string         `json:"kind"`
	Chunks         []string       `json:"chunks"`
	Lines          []string       `json:"lines"`
	Messages       []readMessage  `json:"messages"`
	ServerMessages []readMessage  `json:"serverMessages"`
	Message        messageToWrite `json:"message"`
	Params         [][2]*string   `json:"params"`
	Expected       string         `json:"expected"`
	Text           string         `json:"text"`
}

// readMessage is a message as a vector expects it.
type readMessage struct {
	Name       string            `json:"name"`
	Properties map[string]string `json:"properties"`
	Props      map[string]string `json:"props,omitempty"`
}

// messageToWrite is a message to be formatted; a null value leaves the
// parameter out.
type messageToWrite struct {
	Name       string       `json:"name"`
	Properties [][2]*string `json:"properties"`
}

// runMessages runs a file of service messages.
func runMessages(file string) (Result, error) {
	vectors, err := loadMessageVectors(file)
	if err != nil {
		return Result{}, err
	}
	var r Result
	for _, v := range vectors {
		switch v.Kind {
		case "parse":
			want := v.Messages
			if v.ServerMessages != nil {
				// The file tells what the far end's parser of its peer sees,
				// and, where that differs, what the server's does.
				want = v.ServerMessages
			}
			r.Check(v.Name, parseMessages(append(v.Chunks, v.Lines...)), normalMessages(want))
		case "format":
			r.Check(v.Name, formatMessage(v), v.Expected+v.Text)
		default:
			r.Skip()
		}
	}
	return r, nil
}

// loadMessageVectors reads either shape of file.
func loadMessageVectors(file string) ([]messageVector, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read vectors: %w", err)
	}
	var set struct {
		Vectors []messageVector `json:"vectors"`
		Parse   []messageVector `json:"parse"`
		Format  []messageVector `json:"format"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, fmt.Errorf("decode vectors of %s: %w", file, err)
	}
	vectors := append(set.Vectors, named("parse", set.Parse)...)
	return append(vectors, named("format", set.Format)...), nil
}

// named gives the vectors of a list the kind that the list has for a name.
func named(kind string, list []messageVector) []messageVector {
	for i := range list {
		v := &list[i]
		v.Kind = kind
		v.Message = messageToWrite{Name: v.Name, Properties: v.Params}
		v.Name = fmt.Sprintf("%s/%d", kind, i+1)
	}
	return list
}

// parseMessages gives the messages in the chunks, which come one after another
// as they are.
func parseMessages(chunks []string) []readMessage {
	var p message.Parser
	var events []message.Event
	for _, chunk := range chunks {
		events = append(events, p.Feed(message.Stdout, chunk)...)
	}
	read := []readMessage{}
	for _, e := range append(events, p.Flush()...) {
		if e.Message != nil {
			read = append(read, readMessage{Name: e.Message.Name, Properties: e.Message.Args})
		}
	}
	return normalMessages(read)
}

// normalMessages gives both shapes of vector, and messages without properties,
// one form.
func normalMessages(messages []readMessage) []readMessage {
	normal := make([]readMessage, len(messages))
	for i, m := range messages {
		normal[i] = readMessage{Name: m.Name, Properties: map[string]string{}}
		for _, properties := range []map[string]string{m.Properties, m.Props} {
			for k, v := range properties {
				normal[i].Properties[k] = v
			}
		}
	}
	return normal
}

func formatMessage(v messageVector) string {
	var args []message.Arg
	for _, pair := range v.Message.Properties {
		if pair[0] != nil && pair[1] != nil {
			args = append(args, message.Arg{Key: *pair[0], Value: *pair[1]})
		}
	}
	return message.Format(v.Message.Name, args...)
}
