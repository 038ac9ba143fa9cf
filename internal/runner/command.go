package runner

import (
	"context"
	"fmt"
	"sort"
	"sync"
)

// Command is one kind of job: its name in Job.Command and what it does. Run
// returns the exit code; an error is a failure of Tako's own work, which is
// reported as a line on stderr and exit code 1.
type Command struct {
	Name string
	Run  func(ctx context.Context, env *Env) (int, error)
}

var registry = struct {
	sync.Mutex
	commands map[string]Command
}{commands: map[string]Command{}}

// Register adds a command to the table; packages do it in a package-level
// var. A name can be taken once.
func Register(c Command) Command {
	registry.Lock()
	defer registry.Unlock()
	if _, taken := registry.commands[c.Name]; taken || c.Name == "" || c.Run == nil {
		panic(fmt.Sprintf("runner: command %q is registered twice or is incomplete", c.Name))
	}
	registry.commands[c.Name] = c
	return c
}

// FindCommand looks a command up by its name.
func FindCommand(name string) (Command, bool) {
	registry.Lock()
	defer registry.Unlock()
	c, ok := registry.commands[name]
	return c, ok
}

// CommandNames lists the registered commands in order of their names.
func CommandNames() []string {
	registry.Lock()
	defer registry.Unlock()
	names := make([]string, 0, len(registry.commands))
	for name := range registry.commands {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
