package octostache

// Filter is a filter of the host's: it gets the value before the bar, nil when
// there is none, and the evaluated options, and gives the new value, nil when
// it has nothing to say. A token whose last filter gives nothing stays in the
// text. An error ends the evaluation.
type Filter func(input *string, args []string) (*string, error)

// filter is one of the language's own.
type filter func(e *evaluation, input *string, args []string) (*string, error)

// builtIn finds a filter of the language by its folded name.
func builtIn(name string) filter { return builtIns[name] }

// builtIns are the filters of the language. A table, and never changed.
var builtIns = map[string]filter{
	"tolower":                  onText(noArgs(toLower)),
	"toupper":                  onText(noArgs(toUpper)),
	"trim":                     onText(trim),
	"truncate":                 onText(truncate),
	"substring":                onText(substring),
	"indent":                   onText(indent),
	"startswith":               onText(startsWith),
	"endswith":                 onText(endsWith),
	"contains":                 onText(contains),
	"append":                   appendFilter,
	"prepend":                  prependFilter,
	"null":                     nullFilter,
	"tobase64":                 onText(toBase64),
	"frombase64":               fromBase64,
	"htmlescape":               onText(noArgs(htmlEscape)),
	"xmlescape":                onText(noArgs(xmlEscape)),
	"jsonescape":               onText(noArgs(jsonEscape)),
	"yamlsinglequoteescape":    onText(noArgs(yamlSingleQuoteEscape)),
	"yamldoublequoteescape":    onText(noArgs(yamlDoubleQuoteEscape)),
	"propertieskeyescape":      onText(noArgs(propertiesKeyEscape)),
	"propertiesvalueescape":    onText(noArgs(propertiesValueEscape)),
	"uriescape":                onText(noArgs(uriEscape)),
	"uridataescape":            onText(noArgs(uriDataEscape)),
	"uripart":                  onText(uriPart),
	"markdown":                 markdownToHTML,
	"markdowntohtml":           markdownToHTML,
	"nowdate":                  nowDate,
	"nowdateutc":               nowDateUTC,
	"addhours":                 addHours,
	"adddays":                  addDays,
	"format":                   format,
	"match":                    match,
	"replace":                  replace,
	"md5":                      onText(md5Hash),
	"sha1":                     onText(sha1Hash),
	"sha256":                   onText(sha256Hash),
	"sha384":                   onText(sha384Hash),
	"sha512":                   onText(sha512Hash),
	"versionmajor":             versionFilter(versionMajor),
	"versionminor":             versionFilter(versionMinor),
	"versionpatch":             versionFilter(versionPatch),
	"versionrevision":          versionFilter(versionRevision),
	"versionprerelease":        versionFilter(versionPrerelease),
	"versionprereleaseprefix":  versionFilter(versionPrereleasePrefix),
	"versionprereleasecounter": versionFilter(versionPrereleaseCounter),
	"versionmetadata":          versionFilter(versionMetadata),
}

// onText makes a filter of a function that needs an input and cannot fail.
func onText(f func(input string, args []string) (string, bool)) filter {
	return func(_ *evaluation, input *string, args []string) (*string, error) {
		if input == nil {
			return nil, nil
		}
		result, ok := f(*input, args)
		if !ok {
			return nil, nil
		}
		return &result, nil
	}
}

// noArgs makes a function of the input alone refuse options.
func noArgs(f func(string) string) func(string, []string) (string, bool) {
	return func(input string, args []string) (string, bool) {
		if len(args) > 0 {
			return "", false
		}
		return f(input), true
	}
}

// nullFilter gives nothing on purpose.
func nullFilter(*evaluation, *string, []string) (*string, error) { return nil, nil }
