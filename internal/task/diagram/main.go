// Command diagram writes the page of the documentation that shows the states of
// tasks and steps.
package main

import (
	"log"
	"os"

	"github.com/takodeploy/tako/internal/task"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: diagram FILE")
	}
	if err := os.WriteFile(os.Args[1], []byte(task.Page()), 0o644); err != nil {
		log.Fatal(err)
	}
}
