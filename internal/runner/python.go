package runner

import (
	"context"
	_ "embed"
	"encoding/binary"
	"fmt"
	"sync"
)

//go:embed bootstrap/lib.py
var pythonLibrary []byte

// pythonFile is the library's anonymous file, kept as in shellFile.
var pythonFile = sync.OnceValues(func() (*memory, error) { return newMemory("tako-lib.py", pythonLibrary) })

// runPython runs a script in Python 3. The variables and the arguments come
// in a file in memory, so neither disk nor process list shows them.
func (e *Env) runPython(ctx context.Context, s *staged) (int, error) {
	library, err := pythonFile()
	if err != nil {
		return 0, err
	}
	script := s.path
	if s.hidden {
		if script, err = e.memory("tako-script.py", []byte(s.text)); err != nil {
			return 0, err
		}
	}
	var b []byte
	text := func(s string) {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
	}
	text(script)
	text(s.dir)
	text(s.parameters)
	for _, v := range e.scriptVariables() {
		text(v.Name)
		text(v.Value)
	}
	data, err := e.memory("tako-variables", b)
	if err != nil {
		return 0, err
	}
	start := fmt.Sprintf("_tako_data=%q;exec(compile(open(%q).read(),'tako','exec'));_main()", data, library.path)
	return e.Exec(ctx, Process{Path: "python3", Args: []string{"-u", "-c", start}, Dir: s.dir, Env: e.proxies(), Stderr: s.renaming(e.Stderr, script)})
}
