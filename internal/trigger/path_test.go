package trigger

import "testing"

func TestMatchPath(t *testing.T) {
	for pattern, c := range map[string]struct{ in, out []string }{
		"*.yaml":         {[]string{"a.yaml"}, []string{"b/a.yaml", "a.yml"}},
		"**/*.yaml":      {[]string{"a.yaml", "b/c/a.yaml"}, []string{"a.yaml.txt"}},
		"src/**":         {[]string{"src/a", "src/b/c"}, []string{"source/a"}},
		"/src/app/":      {[]string{"src/app/a", "src/app"}, []string{"src/apple"}},
		`src\*\a?.txt`:   {[]string{"src/x/ab.txt"}, []string{"src/x/y/ab.txt", "src/x/a.txt", "src/x/a/.txt"}},
		"a+(b)[c].{d}$.": {[]string{"a+(b)[c].{d}$."}, []string{"aab"}},
	} {
		for _, file := range c.in {
			if !matchPath(pattern, file) {
				t.Errorf("%s is not for %s", pattern, file)
			}
		}
		for _, file := range c.out {
			if matchPath(pattern, file) {
				t.Errorf("%s is for %s", pattern, file)
			}
		}
	}
}
