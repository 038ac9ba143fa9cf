package main

import (
	"regexp"
	"slices"
	"strings"
)

// row is one line of the inventory.
type row struct {
	priority, area string
	said, spelled  string // method and route as the inventory writes them
	methods        []string
	open           bool     // any methods: those that the resource has
	paths          []string // every spelling that the row stands for
}

var (
	line      = regexp.MustCompile(`^\| (P[0-2]) \| ([A-Z*,/ ]+) \| (.+?) \| `)
	quoted    = regexp.MustCompile("`([^`]+)`")
	query     = regexp.MustCompile(`\{\?[^}]*\}`)
	choice    = regexp.MustCompile(`\{((?:[^{}]|\{[^}]*\})*\|(?:[^{}]|\{[^}]*\})*)\}`)
	elective  = regexp.MustCompile(`\{/([^}]*)\}|\[(/[^\]]*)\]`)
	separator = regexp.MustCompile(`[,/ ]+`)
)

// readInventory reads the tables of routes, each under the heading of its area.
func readInventory(text string) (all []row) {
	area := ""
	for l := range strings.Lines(text) {
		if heading, ok := strings.CutPrefix(l, "## "); ok {
			area = strings.TrimSpace(heading)
		}
		m := line.FindStringSubmatch(l)
		if m == nil {
			continue
		}
		r := row{priority: m[1], area: area, said: strings.TrimSpace(m[2]), spelled: strings.Trim(m[3], "` ")}
		r.open = strings.Contains(r.said, "*")
		r.methods = separator.Split(r.said, -1)
		if r.open {
			r.methods = []string{"GET", "POST", "PUT", "DELETE"}
		}
		for _, q := range quoted.FindAllStringSubmatch(m[3], -1) {
			r.paths = append(r.paths, spellings(strings.ReplaceAll(q[1], `\|`, "|"))...)
		}
		all = append(all, r)
	}
	return all
}

// elsewhere are routes of an inventory that are described under another path: the
// first is also answered beside the API, and leads to the second.
var elsewhere = map[string]string{
	"/.well-known/openid-configuration": "/api/openid-configuration",
	"{token_endpoint}":                  "/api/token/v1",
}

// spellings gives the plain paths that a path with choices stands for.
func spellings(path string) (all []string) {
	path, _, _ = strings.Cut(query.ReplaceAllString(path, ""), "?")
	if known, ok := elsewhere[path]; ok {
		return []string{known}
	}
	if path == "S" || strings.HasPrefix(path, "S/") {
		path = "/api/{spaceId}" + path[1:]
	}
	if at := choice.FindStringSubmatchIndex(path); at != nil {
		for one := range strings.SplitSeq(path[at[2]:at[3]], "|") {
			all = append(all, spellings(path[:at[0]]+one+path[at[1]:])...)
		}
		return all
	}
	if at := elective.FindStringSubmatchIndex(path); at != nil {
		more := ""
		if at[2] >= 0 {
			more = "/{" + path[at[2]:at[3]] + "}"
		} else {
			more = path[at[4]:at[5]]
		}
		all = append(all, spellings(path[:at[0]]+path[at[1]:])...)
		return append(all, spellings(path[:at[0]]+more+path[at[1]:])...)
	}
	return []string{strings.TrimSuffix(path, "/")}
}

// takes reports whether a described path takes what a path of the inventory
// stands for: names of placeholders do not matter, nor upper and lower case.
func takes(described, wanted string) bool {
	ours, theirs := strings.Split(strings.ToLower(described), "/"), strings.Split(strings.ToLower(wanted), "/")
	// A route of a space is described in its first spelling; an inventory may
	// name the second, or a resource of the system that lives in a space here.
	theirs = slices.DeleteFunc(theirs, func(s string) bool { return s == "" })
	ours = slices.DeleteFunc(ours, func(s string) bool { return s == "" })
	if len(theirs) > 2 && theirs[0] == "api" && theirs[1] == "spaces" && len(ours) > 1 && ours[1] != "spaces" {
		theirs = slices.Delete(theirs, 1, 2)
	}
	if slices.EqualFunc(ours, theirs, same) {
		return true
	}
	return len(ours) == len(theirs)+1 && isPlaceholder(ours[1]) && slices.EqualFunc(slices.Delete(ours, 1, 2), theirs, same)
}

func same(a, b string) bool { return a == b || isPlaceholder(a) && isPlaceholder(b) }

func isPlaceholder(s string) bool { return strings.HasPrefix(s, "{") }
