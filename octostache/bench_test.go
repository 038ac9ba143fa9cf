package octostache_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/takodeploy/tako/octostache"
)

// project is a dictionary the size of a large deployment's.
func project() *octostache.Dictionary {
	d := octostache.New()
	for i := range 2000 {
		d.Set(fmt.Sprintf("Octopus.Action[Step %d].Setting.Value%d", i/10, i), fmt.Sprintf("value %d of #{Project.Name}", i))
	}
	d.Set("Project.Name", "Shop")
	return d
}

func BenchmarkBuild(b *testing.B) {
	for b.Loop() {
		project()
	}
}

func BenchmarkCloneAndEvaluate(b *testing.B) {
	d := project()
	for b.Loop() {
		c := d.Clone()
		c.Set("Octopus.Machine.Name", "web01")
		if _, err := c.Evaluate("#{Octopus.Machine.Name} #{Octopus.Action[Step 7].Setting.Value70}"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEvaluate(b *testing.B) {
	d := project()
	for b.Loop() {
		if _, err := d.Evaluate("#{if Project.Name == \"Shop\"}#{Octopus.Action[Step 7].Setting.Value70 | ToUpper}#{/if}"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPlainText(b *testing.B) {
	d := project()
	text := strings.Repeat("no template here ", 1000)
	for b.Loop() {
		if _, err := d.Evaluate(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLenientFile(b *testing.B) {
	d := project()
	file := strings.Repeat("setting: #{Octopus.Action[Step 7].Setting.Value70} # comment\nscript: \"#{\" + x\n", 1000)
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		if _, err := d.EvaluateLenient(file); err != nil {
			b.Fatal(err)
		}
	}
}
