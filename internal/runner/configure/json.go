package configure

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// replaceJSON puts values into a JSON document. Which value goes where is
// settled on the document as it was; a value that replaces an object hides
// later ones for the parts of that object.
func replaceJSON(doc document, v *Variables, log Log) (document, error) {
	root, err := parseJSON(doc.text)
	if err != nil {
		return doc, err
	}
	places := map[string]*jsonNode{}
	mapJSON(root, "", places)
	count := 0
	for _, name := range v.names {
		place, ok := places[strings.ToLower(name)]
		if !ok || reserved(name) {
			continue
		}
		replaced(log, name)
		count++
		value, set := v.get(name)
		if err := place.set(value, set); err != nil {
			log.Warnf("Unable to set value for %s. The following error occurred: %v", name, err)
		}
	}
	if count == 0 {
		log.Printf(nothingFound)
	}
	doc.text = root.indented(newline(doc.text))
	return doc, nil
}

// mapJSON notes the path of every node below n, without regard to case; of two
// equal paths the later counts.
func mapJSON(n *jsonNode, path string, places map[string]*jsonNode) {
	if path != "" {
		places[strings.ToLower(path)] = n
	}
	below := func(key string, child *jsonNode) {
		if path != "" {
			key = path + ":" + key
		}
		mapJSON(child, key, places)
	}
	for i, item := range n.items {
		key := strconv.Itoa(i)
		if n.kind == jsonObject {
			key = n.keys[i]
		}
		below(key, item)
	}
}

// set changes a node to a variable's value; what stands there decides the type.
func (n *jsonNode) set(value string, set bool) error {
	switch n.kind {
	case jsonObject, jsonArray:
		if !set {
			return fmt.Errorf("the variable has no value")
		}
		parsed, err := parseJSON(value)
		if err != nil {
			return err
		}
		*n = *parsed
	case jsonNumber:
		if !set {
			return fmt.Errorf("the variable has no value")
		}
		*n = *numberOrString(value)
	case jsonBool:
		if !set {
			return fmt.Errorf("the variable has no value")
		}
		switch strings.ToLower(strings.TrimSpace(value)) {
		case "true", "false":
			*n = jsonNode{kind: jsonBool, text: strings.ToLower(strings.TrimSpace(value))}
		default:
			*n = jsonNode{kind: jsonString, text: value}
		}
	default:
		*n = jsonNode{kind: jsonString, text: value}
		if !set {
			*n = jsonNode{kind: jsonNull, text: "null"}
		}
	}
	return nil
}

// numberOrString is a whole number if the text is one, else a fraction, else
// the text itself.
func numberOrString(value string) *jsonNode {
	trimmed := strings.TrimSpace(value)
	if i, err := strconv.ParseInt(trimmed, 10, 64); err == nil {
		return &jsonNode{kind: jsonNumber, text: strconv.FormatInt(i, 10)}
	}
	isNumber := trimmed != "" && strings.Trim(trimmed, "0123456789+-.eE") == ""
	if f, err := strconv.ParseFloat(trimmed, 64); isNumber && err == nil && !math.IsInf(f, 0) {
		return &jsonNode{kind: jsonNumber, text: formatFloat(f)}
	}
	return &jsonNode{kind: jsonString, text: value}
}

// formatFloat writes a fraction so that it remains one when it is read back.
func formatFloat(f float64) string {
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if math.Abs(f) >= 1e15 || f != 0 && math.Abs(f) < 1e-5 {
		text = strconv.FormatFloat(f, 'E', -1, 64)
	}
	if !strings.ContainsAny(text, ".E") {
		text += ".0"
	}
	return text
}
