package parcel

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/secret"
)

// tree reads JSON into maps, lists and texts, numbers as they are written.
func tree(data []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("reading a resource: %w", err)
	}
	return v, nil
}

// members is tree for the members of a resource.
func members(resource any) (map[string]any, error) {
	data, err := json.Marshal(resource)
	if err != nil {
		return nil, fmt.Errorf("writing a resource: %w", err)
	}
	v, err := tree(data)
	m, _ := v.(map[string]any)
	return m, err
}

// rewritten gives a copy of a JSON value in which f has changed every text that
// can be an id or a list of ids, the names of members among them.
func rewritten(v any, f func(string) string) any {
	switch v := v.(type) {
	case []any:
		made := make([]any, len(v))
		for i, e := range v {
			made[i] = rewritten(e, f)
		}
		return made
	case map[string]any:
		made := make(map[string]any, len(v))
		for name, e := range v {
			made[f(name)] = rewritten(e, f)
		}
		return made
	case string:
		return rewrittenText(v, f)
	}
	return v
}

// rewrittenText is rewritten for a text: an id, some with commas between them,
// or JSON, such as properties of steps hold.
func rewrittenText(text string, f func(string) string) string {
	if len(text) > 1 && (text[0] == '{' || text[0] == '[') {
		inner, err := tree([]byte(text))
		if err != nil {
			return text
		}
		changed := false
		next := rewritten(inner, func(s string) string {
			to := f(s)
			changed = changed || to != s
			return to
		})
		if !changed {
			return text // to the letter
		}
		data, err := json.Marshal(next)
		if err != nil {
			return text
		}
		return string(data)
	}
	if !strings.Contains(text, ",") {
		return f(text)
	}
	parts := strings.Split(text, ",")
	for i, part := range parts {
		trimmed := strings.TrimSpace(part)
		parts[i] = strings.Replace(part, trimmed, f(trimmed), 1)
	}
	return strings.Join(parts, ",")
}

// mention calls f for every text that can be an id.
func mention(v any, f func(string)) {
	rewritten(v, func(s string) string { f(s); return s })
}

// idForm is that of ids: letters, then parts after dashes.
var idForm = pattern(`^[A-Za-z]{2,40}(-[A-Za-z0-9]{1,60}){1,6}$`)

// numbered is the form of ids that are a kind and a number; other ids have one of
// those in them, or are the same everywhere. part finds the former.
var (
	numbered = pattern(`^[A-Za-z]+-[0-9]+$`)
	part     = pattern(`[A-Z][A-Za-z]*-[0-9]+`)
)

// pattern is compiled when it is first asked for: few servers export anything.
func pattern(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}

// opened puts the plain text of every secret where it is read from: as a new
// value of its object, or as the value of its variable.
func opened(v any, key *secret.Key) error {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if err := opened(e, key); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, e := range v {
			if err := opened(e, key); err != nil {
				return err
			}
		}
		// A property that somebody calls so is none.
		if sealed, _ := v["Sealed"].(string); v["HasValue"] == true && secret.IsSealed(sealed) {
			if key == nil {
				return fmt.Errorf("a secret is sealed, and nothing says with which key")
			}
			plain, err := kind.Unseal(key, sealed)
			if err != nil {
				return fmt.Errorf("opening a secret: %w", err)
			}
			v["NewValue"] = plain
			delete(v, "Sealed")
		}
		if _, is := v["HasValue"].(bool); is {
			delete(v, "Mark")
		}
		if s, is := v["Secret"].(map[string]any); is && v["IsSensitive"] == true {
			v["Value"] = s["NewValue"]
			delete(v, "Secret")
		}
	}
	return nil
}

// bare leaves out members that are empty, for to be absent means the same.
func bare(v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			bare(e)
		}
	case map[string]any:
		for name, e := range v {
			bare(e)
			list, isList := e.([]any)
			object, isObject := e.(map[string]any)
			if e == nil || isList && len(list) == 0 || isObject && len(object) == 0 {
				delete(v, name)
			}
		}
	}
}

// title is how people know a resource.
func title(plural string, data map[string]any, id string) string {
	singular := plural
	if k, ok := kind.Lookup(plural); ok {
		singular = k.Info().Singular
	}
	for _, member := range []string{"Name", "Username", "Filename"} {
		if name, ok := data[member].(string); ok && name != "" {
			return fmt.Sprintf("%s '%s'", singular, name)
		}
	}
	return singular + " " + id
}
