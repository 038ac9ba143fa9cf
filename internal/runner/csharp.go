package runner

import (
	"context"
	_ "embed"
	"fmt"
	"path/filepath"
	"strings"
)

//go:embed bootstrap/lib.csx
var csharpLibrary string

// runCSharp runs a C# script with dotnet-script. The functions come in two
// forms, as globals or as members of a static class Octopus.
func (e *Env) runCSharp(ctx context.Context, s *staged) (int, error) {
	if _, err := lookPath("dotnet-script"); err != nil {
		return 0, fmt.Errorf("the script is in C#: %w", err)
	}
	var lines strings.Builder
	for _, v := range e.scriptVariables() {
		fmt.Fprintf(&lines, "%s$%s\n", encode64(v.Name), encode64(v.Value))
	}
	data, err := e.memory("tako-variables", []byte(lines.String()))
	if err != nil {
		return 0, err
	}
	asClass := e.Vars.Flag("Octopus.Action.Script.CSharp.UseOctopusClassBootstrapper", false)
	bootstrap := filepath.Join(e.Work, "Bootstrap."+filepath.Base(s.path))
	configure := filepath.Join(e.Work, "Configure."+filepath.Base(s.path))
	if err := e.link(s, configure, csharpConfigure(data, asClass)); err != nil {
		return 0, err
	}
	// Directives must stand before all else in a file, hence two files.
	load := fmt.Sprintf("#load %s\n#load %s\n", csharpQuote(configure), csharpQuote(s.path))
	if err := e.link(s, bootstrap, load); err != nil {
		return 0, err
	}
	args := append([]string{bootstrap, "--"}, strings.Fields(s.parameters)...)
	return e.Exec(ctx, Process{Path: "dotnet-script", Args: args, Dir: s.dir, Env: e.proxies()})
}

func csharpConfigure(data string, asClass bool) string {
	text := strings.ReplaceAll(csharpLibrary, "TAKO_DATA", csharpQuote(data))
	if asClass {
		text = "public static class Octopus {\n" + strings.ReplaceAll(text, "OctopusParameters", "Parameters") + "}\n"
	} else {
		text = strings.ReplaceAll(text, "public static ", "public ")
	}
	return "using System;\nusing System.Collections.Generic;\nusing System.IO;\nusing System.Text;\n" + text
}

func csharpQuote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
